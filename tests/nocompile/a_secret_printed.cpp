// SPDX-License-Identifier: GPL-3.0-or-later
// refused: no match for .operator<<
#include "core/secret.hpp"

#include <ostream>

void tell(std::ostream& out, const knell::Secret& secret)
{
#ifdef FORBIDDEN
    out << secret;
#endif
    out << (secret.empty() ? "none" : "one");
}
