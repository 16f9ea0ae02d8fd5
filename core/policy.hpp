// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/strong.hpp"
#include "core/time.hpp"

#include <optional>
#include <vector>

namespace knell {

/// The numbers and names that decisions rest on: what is left of knell.yaml
/// when addresses, keys and passwords are taken away. Validated before it gets here.

enum class MonitorKind { icmp, heartbeat };

struct MonitorPolicy {
    MonitorId id;
    MonitorKind kind = MonitorKind::icmp;
    NetworkId network;
    Duration interval = 200ms; ///< between probes, or between the beats that the agent owes us
    unsigned fall = 5;         ///< silences in a row until the monitor has fallen
    unsigned rise = 3;         ///< beats in a row until it has risen again
};

struct FenceTiming {
    Duration poll = 500ms;     ///< between power readings
    Duration settle = 2s;      ///< OFF must be seen over at least this long
    unsigned readings = 3;     ///< good OFF readings in a row, at least 2
    Duration reply = 15s;      ///< patience for one answer of the device
    Duration per_device = 60s; ///< patience for one device before the next one is tried
    Duration fresh = 2s;       ///< a certificate older than this is read again before it is used
    Duration retry = 30s;      ///< rest after every device failed
    Duration watch = 10s;      ///< between readings while our flag is set
};

/// What a device's identity is compared with before any power command.
enum class IdentityCheck {
    required, ///< no known identity, no fencing
    unchecked ///< the operator has said that this device cannot tell
};

struct HostPolicy {
    HostId host;
    std::vector<MonitorPolicy> monitors;
    std::vector<DeviceId> devices; ///< tried in this order
    FenceTiming fence;
    IdentityCheck identity_check = IdentityCheck::required;
    std::optional<SystemUuid> identity; ///< from the inventory; else learned from the agent
    bool auto_readmit = true;
    Duration hold_down = 60s;        ///< a new boot must be well this long before readmission
    Duration userspace_warning = 3s; ///< heartbeats silent while ICMP answers
    Duration goodbye_grace = 15min;  ///< an orderly shutdown is left alone this long
};

enum class Mode { observe, armed };

struct GatePolicy {
    Mode mode = Mode::observe;
    unsigned budget = 3; ///< automatic fences in any `budget_window`
    Duration budget_window = 10min;
};

struct SentinelPolicy {
    SentinelId id;
    NetworkId network;
    Duration interval = 200ms; ///< between questions to it
};

struct VantagePolicy {
    std::vector<SentinelPolicy> sentinels; ///< none: the other hosts of the fleet serve as such
    unsigned need = 1;                     ///< sentinels that must answer after the last silence
    Duration stall = 250ms;                ///< a wake-up later than this voids what we missed
};

struct NovaTiming {
    Duration reply = 10s; ///< patience for one answer
    Duration retry = 1s;  ///< first rest after a failure; doubles
    Duration retry_most = 15s;
    /// How long a request that we gave up may still take effect: the timeouts of everything
    /// between us and Nova's database. Our flag is not cleared while one may still set it.
    Duration request_lifetime = 2min;
};

struct Policy {
    std::vector<HostPolicy> hosts;
    GatePolicy gate;
    VantagePolicy vantage;
    NovaTiming nova;
};

} // namespace knell
