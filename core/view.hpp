// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/policy.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace knell {

/// What an operator may see of the decisions: plain values, copied out.
struct MonitorView {
    MonitorId id;
    std::string_view state; ///< "unseen", "up", "falling", "down"
    unsigned silences = 0;  ///< in a row
    std::optional<Instant> last_beat;
};

struct HostView {
    HostId host;
    std::string_view state; ///< "Healthy", "Suspected", ...; the names of the architecture
    Instant since{};
    std::string why; ///< one sentence: what knell waits for, or why it is held
    EpisodeId episode{0};
    std::optional<BootId> boot;
    std::optional<SystemUuid> identity;
    bool forced_down_by_us = false;
    bool nova_compute = false; ///< as the agent last reported
    std::vector<MonitorView> monitors;
};

struct SentinelView {
    SentinelId id;
    bool beating = false;
};

struct FleetView {
    Mode mode = Mode::observe;
    std::string mode_by; ///< "configuration", or the operator whose order it was
    bool clear = false;  ///< vantage
    std::string vantage; ///< why not
    unsigned budget = 0, budget_used = 0;
    std::vector<SentinelView> sentinels;
    std::vector<HostView> hosts;
};

} // namespace knell
