// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/eyes_ledger.hpp"
#include "monitor/heartbeat_ledger.hpp"
#include "monitor/icmp_packet.hpp"
#include "monitor/ping_ledger.hpp"
#include "tests/simulation/world/agents.hpp"
#include "tests/simulation/world/life.hpp"

#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace knell::sim {

/// What IcmpMonitor, HeartbeatMonitor and EyesWatch are to real sockets: the same ledgers, called
/// in the same order, over the simulated cables.
class Eyes {
public:
    Eyes(std::shared_ptr<Life> life, Truth& truth, Cables& cables, Agents& agents, Dice& dice,
         monitor::Sink sink);

    void start();
    /// Other hosts, other paces.
    void retarget();
    void watch(const HostId& host, bool closely);
    /// The carrier of our own interface changed.
    void look_at_carrier();
    /// Packets wait in the kernel's buffer, whether we run or not.
    void receive(const HostId& host, std::size_t network, const Agents::Packet& packet);
    /// We were stopped and go on: what waited in the buffers is there at once.
    void wake();

private:
    struct Echo {
        monitor::Address from;
        monitor::EchoBytes bytes;
        Instant arrived;
    };
    struct Beat {
        HostId host;
        std::size_t network;
        Agents::Packet packet;
    };
    /// One timer, of which only the earliest call counts.
    struct Timer {
        Instant at = Instant::max();
        unsigned turn = 0;
    };
    using Round = void (Eyes::*)();

    void ping_round();
    void drain_echoes(std::vector<Event>& events);
    void ask(const monitor::ProbeId& probe);
    void beat_round();
    void drain_beats(Instant now, std::vector<Event>& events);
    void schedule(Timer& timer, Round round, Instant at);
    void hand_over(const std::vector<Event>& events);
    void tell_of_carriers();

    std::shared_ptr<Life> life_;
    Truth& truth_;
    Cables& cables_;
    Agents& agents_;
    monitor::Sink sink_;
    monitor::EchoSeal seal_;
    monitor::PingLedger pings_;
    monitor::HeartbeatLedger beats_;
    monitor::EyesLedger carriers_;
    std::deque<Echo> echoes_;
    std::deque<Beat> heard_;
    bool overflowed_ = false;
    Timer ping_timer_;
    Timer beat_timer_;
};

} // namespace knell::sim
