// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/power.hpp"

#include <functional>

namespace knell::fencing {

/// Speaks to the fence device of one host. All calls and all handlers run on
/// the loop's thread; nothing blocks.
class FenceAgent {
public:
    using Handler = std::function<void(PowerReply)>;

    virtual ~FenceAgent() = default;

    /// `on_reply` is called exactly once, later, at the latest when `command.reply_by` has
    /// passed: whatever goes wrong, the answer is `unknown` with a fault. One command at a time.
    virtual void execute(const PowerCommand& command, Handler on_reply) = 0;

    /// Closes the session, ends the helper. A command in flight is answered `unknown`; if it
    /// would change the power and has not left, it does not leave any more.
    virtual void stand_down() = 0;
};

} // namespace knell::fencing
