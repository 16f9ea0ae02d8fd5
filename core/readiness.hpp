// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "core/ids.hpp"
#include "core/policy.hpp"
#include "core/view.hpp"

#include <optional>
#include <string>
#include <vector>

namespace knell {

/// Could this host be fenced now? Looks at its devices gently, one at a time, while nobody needs
/// them, so that a wrong password or another host's BMC is found before the night it matters.
/// A device that refused our password is not asked again until an operator says so: BMCs lock
/// accounts.
class Readiness {
public:
    Readiness(const HostPolicy& policy, Ids& ids);

    /// Other devices or timing; what is known of those that stay is kept.
    void adopt(const HostPolicy& policy);
    /// The first looks of many hosts are spread: this host's comes `after` so long.
    void begin(Instant now, Duration after);
    /// An operator wants to know now, refused password or not.
    void look_now(Instant now);

    /// The next question whose time has come.
    [[nodiscard]] std::optional<PowerCommand> due(Instant now,
                                                  const std::optional<SystemUuid>& identity);
    /// False: the answer to somebody else's question. `effects` gets what changed.
    bool on_reply(Instant now, const PowerReply& reply, const HostId& host, Effects& effects);
    /// A fence was refused, or went well: known without asking.
    void learn(Instant now, const DeviceId& device, PowerFault fault, const std::string& detail);

    [[nodiscard]] bool refused(const DeviceId& device) const;
    /// An operator's look_now() is not answered yet by every device.
    [[nodiscard]] bool wanted() const;
    /// That answer was of a device that could power the host off.
    [[nodiscard]] bool found_ready(AttemptId answer) const { return ready_at_ == answer; }
    /// Why this host could not be fenced now; empty: it could, or nobody has looked yet.
    [[nodiscard]] std::string complaint(const std::optional<SystemUuid>& identity) const;
    [[nodiscard]] std::vector<DeviceView> view() const;

private:
    enum class State { unknown, ready, not_ready };
    struct Device {
        DeviceView shown;
        State state = State::unknown;
        bool refused = false; ///< our password
        Instant next{};
        bool wanted = false; ///< an operator asked for a look
    };
    struct Asked {
        AttemptId attempt;
        DeviceId device;
        Instant at;
        Instant reply_by;
        bool known = false; ///< whose it must be
    };
    Device* find(const DeviceId& id);
    void settle(Device& device, State state, std::string why);

    FenceTiming timing_;
    IdentityCheck identity_check_ = IdentityCheck::required;
    Ids* ids_;
    std::vector<Device> devices_;
    std::optional<Asked> asked_;
    std::optional<AttemptId> ready_at_;
};

} // namespace knell
