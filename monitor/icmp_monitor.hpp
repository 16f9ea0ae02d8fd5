// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/flood_guard.hpp"
#include "monitor/ping_ledger.hpp"
#include "monitor/targets.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace knell::monitor {

/// Pings every target over one socket per address family and reports each probe's pulse.
///
/// Sockets: an unprivileged ping socket where net.ipv4.ping_group_range admits our group, else
/// a raw one, which needs CAP_NET_RAW. Packets carry DF and DSCP CS6.
///
/// Belongs to the loop's thread, on which the sinks are called, never from within start() or the
/// destructor. Must not be destroyed from within one. Silent once destroyed.
class IcmpMonitor {
public:
    IcmpMonitor(boost::asio::io_context& loop, std::vector<IcmpTarget> targets, Sink sink,
                FloodSink floods = {});
    IcmpMonitor(const IcmpMonitor&) = delete;
    IcmpMonitor& operator=(const IcmpMonitor&) = delete;
    ~IcmpMonitor();

    /// Opens the sockets and begins to ask. Returns what went wrong and how to mend it, or
    /// nothing. Call once.
    [[nodiscard]] std::optional<std::string> start();
    /// Asks these targets and no others from now on. What stays as it is keeps its probes in
    /// flight, its phase and its counts; what is gone is forgotten silently. If something is
    /// wrong it says so as start() does, and everything goes on as before.
    [[nodiscard]] std::optional<std::string> retarget(const std::vector<IcmpTarget>& targets);

    /// Asks this host's targets every `dense_interval` from now on, or at their usual pace again.
    void watch(const HostId& host, bool closely);

    /// What an operator should know although we run, e.g. that the neighbour table is too small.
    /// Meaningful after start().
    [[nodiscard]] std::vector<std::string> warnings() const;
    [[nodiscard]] const ProbeCounters& counters() const noexcept;
    /// The hosts' targets, sentinels left out.
    [[nodiscard]] std::vector<PathReport> paths() const;

private:
    struct State;
    std::shared_ptr<State> state_; ///< shared with handlers that the loop has queued already
};

} // namespace knell::monitor
