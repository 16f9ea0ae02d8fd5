// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fencing/fence_agent.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <optional>

namespace knell::fencing {

inline PowerCommand command(PowerAction action, std::uint64_t attempt, Duration patience,
                            std::optional<SystemUuid> identity = {})
{
    return {DeviceId{"bmc"}, action, AttemptId{attempt},
            instant(std::chrono::steady_clock::now()) + patience, std::move(identity)};
}

/// Runs the loop until `done`, or for as long as nothing healthy takes.
template <class Done>
[[nodiscard]] bool run_until(boost::asio::io_context& loop, Done done, Duration most = 20s)
{
    const auto end = std::chrono::steady_clock::now() + most;
    loop.restart();
    while (!done()) {
        if (std::chrono::steady_clock::now() > end) {
            return false;
        }
        loop.run_one_for(std::chrono::milliseconds{20});
        if (loop.stopped()) {
            loop.restart();
        }
    }
    return true;
}

/// One command and its answer; nothing if the agent breaks its promise to answer.
inline std::optional<PowerReply> ask(boost::asio::io_context& loop, FenceAgent& agent,
                                     const PowerCommand& command)
{
    std::optional<PowerReply> answer;
    agent.execute(command, [&answer](PowerReply reply) { answer = std::move(reply); });
    static_cast<void>(run_until(loop, [&] { return answer.has_value(); }));
    return answer;
}

} // namespace knell::fencing
