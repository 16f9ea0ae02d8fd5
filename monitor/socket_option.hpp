// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <sys/socket.h>

namespace knell::monitor {

inline constexpr int dscp_cs6 = 48 << 2; ///< network control, RFC 4594, as BFD uses

/// For options that improve matters where they work, and of which none is needed for being right.
template <class T>
void set(int socket, int level, int option, const T& value) noexcept
{
    setsockopt(socket, level, option, &value, sizeof value);
}

} // namespace knell::monitor
