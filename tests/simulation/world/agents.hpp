// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/beat_session.hpp"
#include "tests/simulation/world/cables.hpp"

#include <functional>
#include <map>
#include <memory>

namespace knell::sim {

/// The agents of all hosts: the agent's own session and packets, over the simulated cables.
class Agents {
public:
    using Packet = monitor::HeartbeatBytes;

    Agents(Truth& truth, Cables& cables);

    /// A machine's agent starts, with a new session, or goes on with its old one.
    void start(const HostId& host);
    /// It tells its controllers that the host is being shut down.
    void say_goodbye(const HostId& host);
    /// A packet of ours comes to the agent.
    void receive(const HostId& host, std::size_t network, const Packet& packet);

    /// What arrives at our socket.
    std::function<void(const HostId& host, std::size_t network, const Packet&)> deliver;

private:
    struct Running {
        agent::BeatSession session;
        unsigned boot;
        unsigned turn; ///< of its loop
    };
    void beat(const HostId& host, unsigned turn);
    void send(const Machine& machine, std::size_t network, const Packet& packet);
    [[nodiscard]] agent::Health health(const Machine& machine) const;
    [[nodiscard]] Duration uptime(const Machine& machine) const;

    Truth& truth_;
    Cables& cables_;
    Dice dice_;
    std::map<HostId, Running> running_;
    unsigned turns_ = 0;
};

} // namespace knell::sim
