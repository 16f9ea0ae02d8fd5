// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "core/ids.hpp"
#include "core/policy.hpp"
#include "core/power.hpp"
#include "core/readiness.hpp"

#include <optional>
#include <string>
#include <vector>

namespace knell {

/// An operator's word that a host is off, until it counts: each of its fence devices is asked once
/// what it reads. ON stands against the word. OFF does not, and no answer proves nothing: in a rack
/// without power the device is dead too, and that is what the word is for.
/// Only what was asked for after the order counts. Performs no I/O.
class Confirmation {
public:
    /// `episode`: the one that is open when the order is given, or 0.
    Confirmation(OperatorOrder order, EpisodeId episode);

    /// One question for each device, from the beginning: what was asked before is forgotten. A
    /// device that refused our password is not asked, because BMCs lock accounts.
    [[nodiscard]] std::vector<PowerCommand> ask(Instant now, const HostPolicy& policy,
                                                const Readiness& readiness,
                                                const std::optional<SystemUuid>& identity,
                                                Ids& ids);
    /// The device whose answer this is; nothing: it answers no question of ours.
    [[nodiscard]] std::optional<DeviceId> on_reply(const PowerReply& reply);

    [[nodiscard]] const OperatorOrder& order() const noexcept { return order_; }
    [[nodiscard]] EpisodeId episode() const noexcept { return episode_; }
    /// The device that reads ON; nothing: none that has answered.
    [[nodiscard]] std::optional<DeviceId> denied_by() const;
    /// A device may still answer.
    [[nodiscard]] bool open(Instant now) const;
    /// So long the devices have; after it nobody listens for an answer any more.
    [[nodiscard]] Instant reply_by() const noexcept { return reply_by_; }
    [[nodiscard]] Instant deadline() const noexcept;
    /// What each device said, or that it said nothing; empty: there is none.
    [[nodiscard]] std::string findings() const;

private:
    struct Question {
        DeviceId device;
        std::optional<AttemptId> attempt; ///< absent: it cannot be asked, or has answered
        PowerState state = PowerState::unknown;
        std::string finding;
    };
    OperatorOrder order_;
    EpisodeId episode_;
    std::vector<Question> questions_;
    Instant reply_by_{};
};

} // namespace knell
