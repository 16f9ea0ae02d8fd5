// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/strong.hpp"
#include "core/time.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace knell {

/// The numbers and names that decisions rest on: what is left of knell.yaml
/// when addresses, keys and passwords are taken away. Validated before it gets here.

enum class MonitorKind {
    icmp,
    heartbeat, ///< knell-agent's signed beats: user space lives
    tcp        ///< a connection accepted or refused: the kernel lives
};

struct MonitorPolicy {
    MonitorId id;
    MonitorKind kind = MonitorKind::icmp;
    NetworkId network;
    Duration interval = 200ms; ///< between probes, or between the beats that the agent owes us
    unsigned fall = 5;         ///< silences in a row until the monitor has fallen
    unsigned rise = 3;         ///< beats in a row until it has risen again

    friend bool operator==(const MonitorPolicy&, const MonitorPolicy&) = default;
};

/// Which silences make a host dead, over its networks. A network is silent once every monitor on
/// it has fallen, and up while one of them beats; in between it is neither.
struct VerdictRule {
    enum class Kind {
        all_silent, ///< every network
        at_least,   ///< `count` networks
        matrix      ///< the first row that fits decides; none fits: alive
    };
    enum class Cell { any, silent, up };
    struct Row {
        std::map<NetworkId, Cell> cells; ///< a network that is not named: any
        bool dead = true;

        friend bool operator==(const Row&, const Row&) = default;
    };
    Kind kind = Kind::all_silent;
    unsigned count = 0;
    std::vector<Row> rows;
    /// Each of these must have fallen as well, whatever the rest says, e.g. "heartbeat@storage".
    std::vector<MonitorId> vetoes;

    friend bool operator==(const VerdictRule&, const VerdictRule&) = default;
};

/// Every heartbeat has fallen while the kernel still answers: a verdict of its own, and slower.
struct UserspacePolicy {
    enum class Action { warn, fence };
    Duration warning = 3s;
    Action action = Action::warn;
    Duration patience = 60s; ///< until it counts as dead, where `action` is fence

    friend bool operator==(const UserspacePolicy&, const UserspacePolicy&) = default;
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
    Duration inspect = 10min;  ///< between looks at a device that nobody needs just now; 0: never

    friend bool operator==(const FenceTiming&, const FenceTiming&) = default;
};

/// What a device's identity is compared with before any power command.
enum class IdentityCheck {
    required, ///< no known identity, no fencing
    unchecked ///< the operator has said that this device cannot tell
};

struct HostPolicy {
    HostId host;
    std::vector<MonitorPolicy> monitors{};
    std::vector<DeviceId> devices{}; ///< tried in this order
    FenceTiming fence{};
    IdentityCheck identity_check = IdentityCheck::required;
    std::optional<SystemUuid> identity{}; ///< from the inventory; else learned from the agent
    bool auto_readmit = true;
    Duration hold_down = 60s; ///< a new boot must be well this long before readmission
    UserspacePolicy userspace{};
    Duration goodbye_grace = 15min; ///< an orderly shutdown is left alone this long
    VerdictRule rule{};
    std::vector<DomainId> domains{}; ///< what it shares with others: rack, PDU, switch
    std::string precious{};          ///< why it is never fenced automatically; empty: it may be
    bool power_on = false;           ///< switch it on again once Nova knows that it was off
    /// More readmissions than this within `flap_window`: the next one is left to an operator.
    unsigned flap_limit = 3;
    Duration flap_window = 1h;

    friend bool operator==(const HostPolicy&, const HostPolicy&) = default;
};

enum class Mode { observe, armed };

/// Hosts that depend on one thing fail together.
struct DomainPolicy {
    enum class Action {
        hold, ///< a loss of several is one event, and an operator decides
        fence ///< each is fenced within the budgets
    };
    DomainId id;
    Action action = Action::hold;
    unsigned together = 2; ///< hosts of it in doubt at once: the domain has failed, not the hosts
    unsigned budget = 1;   ///< automatic fences of its hosts in any `budget_window`

    friend bool operator==(const DomainPolicy&, const DomainPolicy&) = default;
};

struct GatePolicy {
    Mode mode = Mode::observe;
    unsigned budget = 3; ///< automatic fences in any `budget_window`
    Duration budget_window = 10min;
    unsigned down_most = 0;    ///< hosts down by our hand at once; 0: no such bound
    unsigned storm_hosts = 3;  ///< so many hosts in doubt at once freeze fencing; 0: never
    unsigned storm_share = 50; ///< or so many percent of them, if that is two or more; 0: never
    std::vector<DomainPolicy> domains{};
    bool respect_disabled = true; ///< a nova-compute disabled by hand is planned work
    /// Losses further apart than this have not come together, neither in a storm nor in a domain.
    Duration storm_within = 10min;
    /// What a host that fails meets while Nova does not answer: fenced, its servers would stop,
    /// and nobody could be told to start them elsewhere.
    enum class NovaLost { hold, fence } nova_lost = NovaLost::hold;

    friend bool operator==(const GatePolicy&, const GatePolicy&) = default;
};

struct SentinelPolicy {
    SentinelId id;
    NetworkId network;
    Duration interval = 200ms; ///< between questions to it

    friend bool operator==(const SentinelPolicy&, const SentinelPolicy&) = default;
};

struct VantagePolicy {
    std::vector<SentinelPolicy> sentinels; ///< none: the other hosts of the fleet serve as such
    unsigned need = 1;                     ///< sentinels that must answer after the last silence
    Duration stall = 250ms;                ///< a wake-up later than this voids what we missed

    friend bool operator==(const VantagePolicy&, const VantagePolicy&) = default;
};

struct NovaTiming {
    Duration reply = 10s; ///< patience for one answer
    Duration retry = 1s;  ///< first rest after a failure; doubles
    Duration retry_most = 15s;
    /// How long a request that we gave up may still take effect: the timeouts of everything
    /// between us and Nova's database. Our flag is not cleared while one may still set it.
    Duration request_lifetime = 2min;
    Duration watch = 30s; ///< between looks at all compute services, for what others changed

    friend bool operator==(const NovaTiming&, const NovaTiming&) = default;
};

struct Policy {
    std::vector<HostPolicy> hosts;
    GatePolicy gate;
    VantagePolicy vantage;
    NovaTiming nova;
    std::map<DeviceId, LoginMark> logins{}; ///< a change of these changes no host
    Duration unseen_alarm = 2min;           ///< a host not heard for so long since start is told of

    friend bool operator==(const Policy&, const Policy&) = default;
};

/// What changes from one configuration to the next and no policy shows.
struct Moves {
    /// That look elsewhere, or for beats with another key or interval: they begin anew.
    std::map<HostId, std::set<MonitorId>> monitors{};
    std::set<HostId> devices{}; ///< hosts with a fence device that is spoken to elsewhere
};

} // namespace knell
