// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/agent_channel_line.hpp"

#include <algorithm>
#include <utility>

namespace knell::monitor {
namespace {

const std::string meaning = ": the kernel lives, the agent is gone";

} // namespace

void ChannelLine::connected(Instant now)
{
    since_ = now;
}

std::optional<std::string> ChannelLine::ended(Instant now, End how)
{
    const bool lost_unseen = std::exchange(lost_unseen_, false);
    const auto since = std::exchange(since_, std::nullopt);
    if (!since || now - *since < settled) {
        pause_ = std::min(2 * pause_, pace_.longest_pause);
        const bool refused = !since && how == End::refused;
        return lost_unseen && refused ? std::optional{"connection lost, then refused" + meaning}
                                      : std::nullopt;
    }
    pause_ = pace_.first_pause;
    if (how == End::closed) {
        return "connection closed" + meaning;
    }
    if (how == End::reset) {
        return "connection reset" + meaning;
    }
    // ECONNREFUSED here would be somebody's ICMP error, kept until the kernel gave up.
    lost_unseen_ = true;
    return std::nullopt;
}

} // namespace knell::monitor
