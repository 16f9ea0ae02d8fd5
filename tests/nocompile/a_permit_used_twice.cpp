// SPDX-License-Identifier: GPL-3.0-or-later
// refused: use of deleted function .*FencePermit
#include "core/verdict.hpp"

using namespace knell;

FencePermit spend(FencePermit permit)
{
#ifdef FORBIDDEN
    FencePermit again = permit;
#endif
    return permit;
}
