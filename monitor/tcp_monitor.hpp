// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/probe_ledger.hpp"
#include "monitor/targets.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace knell::monitor {

/// Begins a connection to every target and reports each attempt's pulse. Accepted is life, and so
/// is refused: a reset comes from a living kernel. `detail` says which. An ICMP error is no life,
/// as anybody on the way can send one. For open and closed ports alike the host notices nothing
/// but packets, see TcpConnector.
///
/// What it cannot see: a firewall that answers with resets in the name of a dead host makes it
/// look alive; and the kernel does not tell when our own firewall drops what we send, so that
/// looks like silence.
///
/// Belongs to the loop's thread, on which the sink is called, never from within start() or the
/// destructor. Must not be destroyed from within the sink. Silent once destroyed. Needs an open
/// file per probe in flight: at the usual pace at most one per target.
class TcpMonitor {
public:
    TcpMonitor(boost::asio::io_context& loop, std::vector<TcpTarget> targets, Sink sink);
    TcpMonitor(const TcpMonitor&) = delete;
    TcpMonitor& operator=(const TcpMonitor&) = delete;
    ~TcpMonitor();

    /// Begins to ask. Returns what went wrong and how to mend it, or nothing. Call once.
    [[nodiscard]] std::optional<std::string> start();
    /// Asks these targets and no others from now on. What stays as it is keeps its probes in
    /// flight, its phase and its counts; what is gone is forgotten silently. If something is
    /// wrong it says so as start() does, and everything goes on as before.
    [[nodiscard]] std::optional<std::string> retarget(const std::vector<TcpTarget>& targets);

    /// Asks this host's targets every `dense_interval` from now on, or at their usual pace again.
    void watch(const HostId& host, bool closely);

    /// What an operator should know although we run, e.g. that we may open too few files.
    /// Meaningful after start().
    [[nodiscard]] std::vector<std::string> warnings() const;
    [[nodiscard]] const ProbeCounters& counters() const noexcept;
    [[nodiscard]] std::vector<PathReport> paths() const;

private:
    struct State;
    std::shared_ptr<State> state_; ///< shared with handlers that the loop has queued already
};

} // namespace knell::monitor
