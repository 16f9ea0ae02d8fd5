// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <optional>
#include <string>

namespace knell::monitor {

/// How patient a channel is.
struct ChannelPace {
    Duration first_pause = 1s;    ///< between a loss and the next attempt; doubled by each failure
    Duration longest_pause = 15s; ///< but no longer
    Duration answer_within = 3s;  ///< to an attempt to connect
    Duration silence = 30s;       ///< of the other kernel, after which a connection is let go
};

/// One host's connection to its agent: decides what its ends mean, and when to try again. Pure.
///
/// * Reset or closed by the other side: its kernel lives, its agent is gone. That is said at once.
/// * Lost in any other way: nothing is known of the agent. When the very next attempt is refused,
///   the kernel lives without the agent, and that is said.
/// * A connection that ends within `settled` was never the agent's: it does not admit us, or
///   something else listens there. That is a failed attempt, and nothing is said.
class ChannelLine {
public:
    static constexpr Duration settled = 1s;

    enum class End {
        closed,  ///< FIN
        reset,   ///< RST
        refused, ///< ECONNREFUSED
        other    ///< no answer, no way, our own fault
    };

    explicit ChannelLine(const ChannelPace& pace) : pace_{pace}, pause_{pace.first_pause} {}

    void connected(Instant now);
    /// The connection, or the attempt, has ended. What there is to say (AgentGone), if anything.
    std::optional<std::string> ended(Instant now, End how);

    [[nodiscard]] bool open() const noexcept { return since_.has_value(); }
    /// From the end of one attempt to the next.
    [[nodiscard]] Duration pause() const noexcept { return pause_; }

private:
    ChannelPace pace_;
    Duration pause_;
    std::optional<Instant> since_; ///< connected
    bool lost_unseen_ = false;     ///< and no attempt has ended since
};

} // namespace knell::monitor
