// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/agent_channel_line.hpp"
#include "monitor/targets.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace knell::monitor {

/// Where a host's agent lets controllers connect (`channel` in knell-agent(8)).
struct ChannelTarget {
    HostId host;
    std::string address; ///< numeric IPv4 or IPv6
    std::uint16_t port = 7413;
};

/// Keeps one idle TCP connection to each host's agent, and reports AgentGone when the host's
/// kernel ends it; ChannelLine says when exactly. A host that merely does not answer is nobody's
/// business here. An agent that has said goodbye ends its connection, too, a moment later.
///
/// Each connection is a file descriptor. Where the limit of open files leaves too few for
/// everybody else, the rest of the hosts go without.
///
/// Belongs to the loop's thread, on which the sink is called, never from within start(),
/// retarget() or the destructor. Must not be destroyed from within the sink. Silent once destroyed.
class AgentChannel {
public:
    AgentChannel(boost::asio::io_context& loop, std::vector<ChannelTarget> targets, Sink sink,
                 const ChannelPace& pace = {});
    AgentChannel(const AgentChannel&) = delete;
    AgentChannel& operator=(const AgentChannel&) = delete;
    ~AgentChannel();

    /// Begins to connect, to one host after the other. Returns what is wrong with the targets, or
    /// nothing. Call once.
    [[nodiscard]] std::optional<std::string> start();

    /// From now on these. Returns what is wrong with them, and then nothing has changed.
    /// Connections to hosts that stay where they are stay, too.
    [[nodiscard]] std::optional<std::string> retarget(const std::vector<ChannelTarget>& targets);

    [[nodiscard]] bool connected(const HostId& host) const;
    /// Why hosts are not connected, one sentence each, where an attempt has failed.
    [[nodiscard]] std::vector<std::string> troubles() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace knell::monitor
