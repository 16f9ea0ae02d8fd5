// SPDX-License-Identifier: GPL-3.0-or-later
// refused: no match for .operator==
#include "core/strong.hpp"

using namespace knell;

bool same(const HostId& host, [[maybe_unused]] const DeviceId& device)
{
#ifdef FORBIDDEN
    return host == device;
#endif
    return host == HostId{"compute1"};
}
