// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/address.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace knell::monitor {

/// Datagrams that UDP sockets of one family in our network namespace lost, ever.
struct UdpOverflows {
    std::uint64_t queue = 0;  ///< RcvbufErrors: some socket's queue was full
    std::uint64_t memory = 0; ///< MemErrors, since Linux 5.11: no memory for any of them

    friend bool operator==(const UdpOverflows&, const UdpOverflows&) = default;
};

/// From /proc/net/snmp and snmp6. Nothing: the kernel does not say.
///
/// A socket's own count of drops does not tell these from datagrams with a wrong checksum, which
/// anybody can send, nor from those that its filter has dropped.
[[nodiscard]] std::optional<UdpOverflows> udp_overflows(Family family);

/// The same, of the file's text.
[[nodiscard]] std::optional<UdpOverflows> udp_overflows(Family family, std::string_view text);

} // namespace knell::monitor
