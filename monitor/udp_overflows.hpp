// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/address.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace knell::monitor {

/// Datagrams for which a UDP socket of this family in our network namespace had no room, ever:
/// RcvbufErrors and MemErrors of /proc/net/snmp and snmp6. Nothing: the kernel does not say.
///
/// A socket's own count of drops does not tell these from datagrams with a wrong checksum, which
/// anybody can send.
[[nodiscard]] std::optional<std::uint64_t> udp_overflows(Family family);

/// The same, of the file's text.
[[nodiscard]] std::optional<std::uint64_t> udp_overflows(Family family, std::string_view text);

} // namespace knell::monitor
