// SPDX-License-Identifier: GPL-3.0-or-later
// refused: FencePermit::FencePermit.* is private
#include "core/verdict.hpp"

using namespace knell;

FencePermit permitted(FencePermit permit, [[maybe_unused]] FailureVerdict verdict)
{
#ifdef FORBIDDEN
    permit = FencePermit{verdict, EpisodeId{1}};
#endif
    return permit;
}
