// SPDX-License-Identifier: GPL-3.0-or-later
// refused: no match for .operator=|cannot convert
#include "core/strong.hpp"

using namespace knell;

HostId name(HostId host, [[maybe_unused]] const std::string& text)
{
#ifdef FORBIDDEN
    host = text;
#endif
    return host;
}
