// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/flood_guard.hpp"
#include "monitor/heartbeat_ledger.hpp"
#include "monitor/targets.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace knell::monitor {

/// Listens for the agents' beats, challenges them, and reports pulses and goodbyes.
///
/// `listen` are "0.0.0.0:7412", "[::]:7412" and the like; an IPv6 socket takes IPv6 only.
///
/// Belongs to the loop's thread, on which the sinks are called, never from within start() or the
/// destructor. Must not be destroyed from within one. Silent once destroyed.
class HeartbeatMonitor {
public:
    HeartbeatMonitor(boost::asio::io_context& loop, std::vector<std::string> listen,
                     std::vector<HeartbeatPeer> peers, Sink sink, FloodSink floods = {});
    HeartbeatMonitor(const HeartbeatMonitor&) = delete;
    HeartbeatMonitor& operator=(const HeartbeatMonitor&) = delete;
    ~HeartbeatMonitor();

    /// Opens every socket and begins to listen. Returns what went wrong and how to mend it, or
    /// nothing. Call once.
    [[nodiscard]] std::optional<std::string> start();
    /// Hears these peers and no others from now on, on the same addresses of ours. What stays as
    /// it is keeps its session; what is gone is forgotten silently; a peer with another key must
    /// prove itself as a new one does. If something is wrong it says so as start() does, and
    /// everything goes on as before.
    [[nodiscard]] std::optional<std::string> retarget(const std::vector<HeartbeatPeer>& peers);

    /// The ports in the order of `listen`; tells a test which one port 0 became.
    [[nodiscard]] std::vector<std::uint16_t> ports() const;
    [[nodiscard]] const HeartbeatCounters& counters() const noexcept;

private:
    struct State;
    std::shared_ptr<State> state_; ///< shared with handlers that the loop has queued already
};

} // namespace knell::monitor
