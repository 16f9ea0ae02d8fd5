// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/secret.hpp"
#include "core/strong.hpp"
#include "core/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace knell::fencing {

enum class Privilege { user, operator_level, administrator };

/// One BMC as the inventory describes it (IPMI v2.0, RMCP+).
struct IpmiDevice {
    DeviceId id;
    std::string address; ///< numeric IPv4 or IPv6; libfreeipmi would block in DNS otherwise
    std::uint16_t port = 623;
    std::string username;                       ///< at most 16 bytes
    Secret password;                            ///< at most 20 bytes
    std::optional<Secret> k_g;                  ///< at most 20 bytes
    std::vector<unsigned> cipher_suites{17, 3}; ///< tried in this order; 0 is never accepted
    Privilege privilege = Privilege::operator_level;
    std::vector<std::string> workarounds; ///< by ipmipower's names, e.g. "opensesspriv"
    Duration session_timeout = 5900ms;    ///< libfreeipmi's, of one exchange
    Duration retransmission_timeout = 1s; ///< longer than the BMC's slowest answer
};

} // namespace knell::fencing
