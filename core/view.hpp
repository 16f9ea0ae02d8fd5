// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"

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

/// A verdict rule as a table: what each combination of networks means, and where we are.
struct RuleView {
    std::string
        text; ///< e.g. "dead when 2 of 3 networks are silent, unless heartbeat@storage beats"
    std::vector<NetworkId> networks;
    struct Line {
        std::vector<std::string_view> cells; ///< per network: "silent", "up", "any", "unclear"
        std::string outcome;                 ///< "dead", "alive"
        bool fits = false;                   ///< the line that decides at present
    };
    Line now;
    std::vector<Line> lines;
};

/// Could this device be used for fencing now?
struct DeviceView {
    DeviceId id;
    std::string_view state; ///< "unknown", "ready", "not ready"
    std::string why;        ///< what stands in the way, or what its owner should mend
    std::optional<Instant> looked_at;
    std::optional<Duration> latency; ///< of the last look, from question to answer
    DeviceFacts facts;
};

/// Planned work: until its end the host is left alone.
struct PlannedView {
    std::string by; ///< "agent's goodbye", "Nova: disabled", or the operator
    std::string reason;
    std::optional<Instant> until; ///< absent: until somebody ends it
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
    RuleView rule{};
    std::vector<DeviceView> devices{};
    std::string not_ready{}; ///< why it could not be fenced now; empty: it could, as far as known
    std::optional<PlannedView> planned{};
    std::vector<DomainId> domains{};
    std::string precious{};               ///< why it is never fenced automatically
    std::optional<ServiceSeen> service{}; ///< as Nova last listed it
    unsigned readmissions = 0;            ///< within the flap window
    bool in_plan = false;                 ///< held, and `plan approve` would let it be fenced
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
    std::string hold{};  ///< who stopped everything, and why; empty: nobody
    std::string storm{}; ///< why fencing is frozen; empty: it is not
    struct Domain {
        DomainId id;
        unsigned hosts = 0, in_doubt = 0, budget = 0, budget_used = 0; ///< those lost together
        std::string lost; ///< why it counts as failed as a whole; empty: it does not
    };
    std::vector<Domain> domains{};
};

} // namespace knell
