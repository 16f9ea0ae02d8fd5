// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/view.hpp"
#include "monitor/heartbeat_ledger.hpp"
#include "monitor/probe_ledger.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace knell::metrics {

/// What a scrape shows of the daemon as it is now; plain values, copied out of the rooms.
struct Facts {
    Instant now{};
    std::string version;
    std::string revision; ///< of the source; empty: nobody said at its build
    FleetView fleet;

    bool watching = false; ///< every monitor has its sockets
    monitor::ProbeCounters icmp;
    monitor::ProbeCounters tcp;
    std::vector<monitor::PathReport> paths; ///< of both
    monitor::HeartbeatCounters heartbeats;

    bool nova_answers = false; ///< the last thing asked of Nova was answered as it should be
    std::optional<Instant> nova_answered;

    std::string journal_trouble; ///< why nothing can be written now; empty: it can
    std::uint64_t journal_transactions = 0;

    std::optional<Instant> watchdog_fed; ///< absent: systemd keeps no watchdog over us
};

} // namespace knell::metrics
