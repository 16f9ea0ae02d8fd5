// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "core/ids.hpp"
#include "core/journal_entry.hpp"
#include "core/policy.hpp"
#include "core/turnstile.hpp"
#include "core/view.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace knell {

/// Could this host be fenced now? Looks at its devices gently, one at a time, while nobody needs
/// them, so that a wrong password or another host's BMC is found before the night it matters.
/// A device that refused our password is not asked again until an operator says so, or has changed
/// the login, or it let us in all the same: BMCs lock accounts. That is kept in the journal.
class Readiness {
public:
    /// No more devices of the whole fleet are looked at at once than `gate` lets in.
    Readiness(const HostPolicy& policy, Ids& ids, Turnstile& gate);

    /// Other devices or timing; what is known of those that stay is kept.
    void adopt(const HostPolicy& policy);
    /// The first looks of many hosts are spread: this host's comes `after` so long.
    void begin(Instant now, Duration after);
    /// What the journal says of refused passwords.
    void recall(Instant now, const Recollection::Refusals& past);
    /// A login that was changed was never refused.
    void compare(Instant now, const std::map<DeviceId, LoginMark>& logins, Effects& effects);
    /// An operator wants to know now, refused password or not.
    void look_now(Instant now, const std::string& by, Effects& effects);

    /// The next question whose time has come.
    [[nodiscard]] std::optional<PowerCommand> due(Instant now,
                                                  const std::optional<SystemUuid>& identity);
    /// Nobody waits any more for an answer that does not come.
    void give_up(Instant now);
    /// False: the answer to somebody else's question. `effects` gets what changed.
    bool on_reply(Instant now, const PowerReply& reply, Effects& effects);
    /// Somebody else's question was refused, or went well: known without asking.
    void learn(Instant now, const DeviceId& device, PowerFault fault, const std::string& detail,
               Effects& effects);

    [[nodiscard]] bool refused(const DeviceId& device) const;
    /// And this knelld has seen that itself.
    [[nodiscard]] bool seen_refused(const DeviceId& device) const;
    /// The last time our password was refused, where every device refuses it.
    [[nodiscard]] std::optional<Instant> refused_at() const;
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
        std::optional<Instant> refused_at; ///< our password; absent: it was not
        LoginMark login{""};
        Instant next{};
        bool wanted = false;   ///< an operator asked for a look
        unsigned busy = 0;     ///< looks in a row that found it so
        unsigned failed = 0;   ///< looks in a row
        bool recalled = false; ///< its refusal, and not seen since
    };
    struct Asked {
        AttemptId attempt;
        DeviceId device;
        Instant at;
        Instant reply_by;
        bool known = false; ///< whose it must be
        Turnstile::Pass pass;
    };
    Device* find(const DeviceId& id);
    void settle(Device& device, State state, std::string why);
    [[nodiscard]] bool still_unknown(Instant now, Device& device, PowerFault fault) const;
    void refuse(Instant now, Device& device, Effects& effects);
    void forgive(Device& device, std::string why, Effects& effects);
    void keep(JournalEntry::What what, const Device& device, std::string detail, Effects& effects);

    HostId host_;
    FenceTiming timing_;
    IdentityCheck identity_check_ = IdentityCheck::required;
    Ids* ids_;
    Turnstile* gate_;
    std::vector<Device> devices_;
    std::optional<Asked> asked_;
    std::optional<AttemptId> ready_at_;
};

} // namespace knell
