// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/strong.hpp"
#include "core/time.hpp"

#include <optional>
#include <string>

namespace knell {

/// What a fence device says of its host. `unknown` covers silence, refusal and
/// nonsense alike; it is never evidence of anything.
enum class PowerState { unknown, on, off };

enum class PowerAction {
    prepare, ///< open the session and compare the identity; changes nothing
    off,     ///< immediate power off; its success means nothing until it is read
    read,    ///< chassis power state
    inspect, ///< log in, compare the identity, look at what else fencing will need; changes nothing
    on       ///< switch it on; only ever after its host was proven off and Nova was told
};

[[nodiscard]] constexpr bool changes_power(PowerAction action)
{
    return action == PowerAction::off || action == PowerAction::on;
}

/// Why a device did not do what it was asked.
enum class PowerFault {
    none,
    silent,            ///< no answer in time, or the helper died
    refused,           ///< heard, and not carried out because the chassis says it is off already
    busy,              ///< would not for any other reason: no session slot, node busy, an error
    displaced,         ///< not asked, or not to the end: we wanted the device for something else
    wrong_credentials, ///< user, password, K_g or privilege; asking again can lock the account
    wrong_identity     ///< the device belongs to another host
};

struct PowerCommand {
    DeviceId device;
    PowerAction action = PowerAction::read;
    AttemptId attempt;
    Instant reply_by;
    /// What the device's System GUID must be; empty only where the operator waived the check.
    std::optional<SystemUuid> identity;
};

/// What `inspect` found. Absent: the device did not say.
struct DeviceFacts {
    std::optional<bool> may_power_off; ///< the session's privilege suffices
    std::optional<bool> cipher_zero;   ///< it accepts cipher suite 0: a login without a password
    std::optional<std::string>
        on_restore; ///< power restore policy: always-on, previous, always-off
    /// Whose it says that it is, in the order of its bytes.
    std::optional<SystemUuid> system_guid{};

    friend bool operator==(const DeviceFacts&, const DeviceFacts&) = default;
};

struct PowerReply {
    AttemptId attempt;
    PowerState state = PowerState::unknown; ///< only a `read` can make this anything else
    PowerFault fault = PowerFault::none;
    std::string detail;                 ///< for the operator's eyes only
    std::optional<DeviceFacts> facts{}; ///< of `inspect` alone
};

} // namespace knell
