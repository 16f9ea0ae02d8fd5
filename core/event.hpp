// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/policy.hpp"
#include "core/power.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace knell {

/// What one probe, or one interval of waiting for a beat, showed. `inconclusive`
/// is our own fault (no route, no buffer, no permission): it counts neither for
/// the host nor against it.
enum class Pulse { beating, silent, inconclusive };

/// What a heartbeat says of its host beyond "I live".
struct AgentReport {
    BootId boot;
    Duration uptime{};         ///< since that boot, by the host's CLOCK_BOOTTIME
    bool nova_compute = false; ///< nova-compute runs
    bool libvirt = false;      ///< libvirt answers
    std::optional<SystemUuid> system_uuid;

    friend bool operator==(const AgentReport&, const AgentReport&) = default;
};

struct ProbeResult {
    HostId host;
    MonitorId monitor;
    Pulse pulse = Pulse::inconclusive;
    Instant asked_at{};                ///< when the probe left, or the waiting began
    std::optional<AgentReport> report; ///< heartbeats only
    std::string detail;                ///< e.g. the errno behind `inconclusive`
};

struct SentinelResult {
    SentinelId sentinel;
    Pulse pulse = Pulse::inconclusive;
    Instant asked_at{};
};

/// Our own eyes on one network, apart from what its sentinels show: the carrier of our
/// interface, the neighbour table. Told when it changes.
struct EyesReport {
    NetworkId network;
    std::string organ; ///< what it is about: one report stands per network and organ
    bool clear = false;
    std::string detail; ///< why not, e.g. "eth1 has no carrier"
};

/// A connection that the agent kept open was reset or closed by its host's kernel, which
/// therefore lives: the agent is gone.
struct AgentGone {
    HostId host;
    Instant at{};
    std::string detail;
};

/// The agent's signed farewell: the host is being shut down in order.
struct Goodbye {
    HostId host;
    BootId boot;
};

/// A Record is durable now: what was waiting for it may happen.
struct Recorded {
    std::optional<HostId> host;
    AttemptId attempt;
};

struct PowerAnswer {
    HostId host;
    PowerReply reply;
};

enum class NovaOutcome {
    done,    ///< read back, and as wanted
    refused, ///< Nova understood and declined; `refusal` says how
    unknown  ///< timeout, reset, 5xx, no token: nothing is known but what was read
};

enum class NovaRefusal {
    none,
    evacuations_unfinished, ///< 400 while evacuation records in status `done` remain
    not_found,              ///< 404: no such compute service
    forbidden,              ///< 403: our credentials may not do this
    bad_request,            ///< 400 and 409 for other reasons
    too_many                ///< 429
};

/// The answer to ForceDown, ClearForcedDown and ReadForcedDown alike.
struct NovaAnswer {
    HostId host;
    AttemptId attempt;
    NovaOutcome outcome = NovaOutcome::unknown;
    NovaRefusal refusal = NovaRefusal::none;
    std::optional<bool> forced_down; ///< as read after the write; absent if it could not be read
    std::optional<Duration> retry_after; ///< where Nova named one
    std::string detail;                  ///< message and request id, for the operator
    bool may_land = false; ///< a write that was not answered, or does not show: it may yet
};

/// What the owners of the host's servers see: `host_status`, Nova API 2.16.
struct ServersSeen {
    HostId host;
    AttemptId attempt;
    bool known = false; ///< false: Nova did not answer
    unsigned sampled = 0;
    unsigned down = 0; ///< of those, with host_status DOWN
    std::string detail;
};

/// One nova-compute service in the list of all of them.
struct ServiceSeen {
    HostId host;
    bool forced_down = false;
    bool disabled = false;
    std::string disabled_reason;
    bool up = false; ///< Nova's own `state`
};

/// The whole list, as Nova gave it: a witness, never a proof.
struct ServicesSeen {
    Instant asked_at{};
    std::vector<ServiceSeen> services;
};

/// Nova answers now, or does not any more: told when it turns.
struct NovaTurned {
    bool answers = false;
    std::string detail; ///< where it answers, or what stands in the way
};

struct OperatorOrder {
    enum class What {
        arm,
        disarm,
        fence,       ///< power this host off and force it down, whatever it looks like
        confirm_off, ///< "I have seen it: it is off"
        release,     ///< clear our flag now; a parked or disputed host is let go
        readmit,     ///< SIGUSR1: clear our flag on every host that is eligible now
        approve,     ///< fence these held `hosts` although brake or budget stood in the way
        hold,        ///< stop: nothing is powered, nothing is told to Nova, until `unhold`
        unhold,
        begin_maintenance, ///< leave it alone for `lasting`
        end_maintenance,
        inspect ///< look at its fence devices now, also at one that refused our password
    };
    OrderId id;
    What what = What::disarm;
    std::optional<HostId> host;
    std::string by;              ///< identity of the socket's peer
    std::string reason;          ///< the operator's own words
    bool force = false;          ///< the operator insists
    bool dry_run = false;        ///< with fence: what would each gate say? Nothing is done
    std::vector<HostId> hosts{}; ///< of approve
    Duration lasting{};          ///< of begin_maintenance
};

using Event =
    std::variant<ProbeResult, SentinelResult, EyesReport, Goodbye, AgentGone, Recorded, PowerAnswer,
                 NovaAnswer, ServicesSeen, ServersSeen, NovaTurned, OperatorOrder>;

} // namespace knell
