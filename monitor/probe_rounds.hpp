// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/clock.hpp"
#include "monitor/inbox.hpp"
#include "monitor/probe_ledger.hpp"
#include "monitor/targets.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>

namespace knell::monitor {

/// The rounds that every probing monitor goes around its ledger, in the order that the ledger
/// demands. Belongs to the loop's thread; handlers that the loop has queued share it.
class ProbeRounds : public std::enable_shared_from_this<ProbeRounds> {
public:
    ProbeRounds(boost::asio::io_context& loop, Sink sink);
    ProbeRounds(const ProbeRounds&) = delete;
    ProbeRounds& operator=(const ProbeRounds&) = delete;
    virtual ~ProbeRounds() = default;

    /// A socket has something for us.
    void readable();
    /// The ledger was changed from outside.
    void wake_soon();
    void watch(const HostId& host, bool closely);

protected:
    using Events = ProbeLedger::Events;

    [[nodiscard]] boost::asio::io_context& loop() noexcept { return loop_; }

private:
    [[nodiscard]] virtual ProbeLedger& ledger() = 0;
    /// Tells the ledger all that the sockets hold. Returns whether they were seen empty.
    [[nodiscard]] virtual bool drain(Instant now, Events& events) = 0;
    /// Sends this probe and tells the ledger whether it left.
    virtual void ask(const ProbeId& probe, Events& events) = 0;
    /// Nobody waits for these any more.
    virtual void give_up(const std::vector<ProbeId>& /*probes*/) {}
    /// Has readable() called once when a socket can be read.
    virtual void listen() = 0;

    void round();
    void hand_over();
    void schedule(Instant at);

    boost::asio::io_context& loop_;
    boost::asio::steady_timer timer_;
    Sink sink_;
    SleepWatch sleep_;
    Events events_;
};

} // namespace knell::monitor
