// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "monitor/address.hpp"
#include "monitor/targets.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

namespace knell::monitor {

/// Something to ask, whatever the question is.
struct ProbeTarget {
    std::variant<HostProbe, SentinelId> subject;
    Endpoint address; ///< port 0 where the question knows no ports
    Duration interval{};
    Duration patience{}; ///< an answer later than this is a silence
    Duration dense_interval{};

    friend bool operator==(const ProbeTarget&, const ProbeTarget&) = default;
};

/// What became of the probes, counted since start.
struct ProbeCounters {
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    std::uint64_t lost = 0;      ///< judged silent
    std::uint64_t late = 0;      ///< genuine, but judged before it came
    std::uint64_t duplicate = 0; ///< answered before
    std::uint64_t foreign = 0;   ///< genuine cookie, wrong source address or no such probe
    std::uint64_t skipped = 0;   ///< not sent, because the time for it had passed

    friend bool operator==(const ProbeCounters&, const ProbeCounters&) = default;
};

/// One way to one host, for those who measure.
struct PathReport {
    HostId host;
    MonitorId monitor;
    std::optional<Duration> round_trip; ///< of the last answer
    std::uint64_t sent = 0;
    std::uint64_t lost = 0;
};

/// The same probe never comes twice, whatever becomes of its target.
struct ProbeId {
    std::uint32_t target = 0;
    std::uint32_t sequence = 0;

    friend bool operator==(const ProbeId&, const ProbeId&) = default;
};

/// Decides when which target is asked, and what each question showed; what all kinds of probes
/// have in common. Pure: no socket, no clock. Call it in this order, all with the same `now`,
/// which must have been read before the sockets were drained:
///
///     wake, what the sockets hold, judge, then send what due() names
///
/// Every probe that was due and not skipped gets exactly one pulse: `beating` when its answer
/// was there before it was judged, `silent` only if it really left, was given all its patience
/// and was judged after the sockets were drained, and `inconclusive` otherwise. If we were
/// called later than a target's interval, its waiting probes are inconclusive and the probes
/// that should have left meanwhile are skipped, never sent in a burst. Probes of a target that
/// is no longer wanted end without a pulse.
class ProbeLedger {
public:
    using Events = std::vector<Event>;

    void wake(Instant now);
    /// Of the probes of this family sent until now, an unanswered one proves nothing.
    void doubt(Instant now, Family family, const std::string& why);
    void judge(Instant now, Events& events);

    /// Takes the next probe whose time has come; answer with sent() or not_sent() at once.
    [[nodiscard]] std::optional<ProbeId> due(Instant now);
    void sent(const ProbeId& probe, Instant at);
    void not_sent(const ProbeId& probe, Instant at, std::string why, Events& events);

    /// Asks this host's targets every dense_interval from now on, or at their usual pace again.
    /// When too many are watched closely already, the new ones keep their usual pace.
    void watch(Instant now, const HostId& host, bool closely);

    /// When this must be woken next; empty without targets.
    [[nodiscard]] std::optional<Instant> next_due() const;
    /// Probes that ended unanswered since wake(): nobody waits for them any more.
    [[nodiscard]] const std::vector<ProbeId>& ended() const noexcept { return ended_; }
    [[nodiscard]] std::size_t size() const noexcept { return targets_.size() - free_.size(); }
    [[nodiscard]] const Endpoint& address(std::uint32_t target) const;
    [[nodiscard]] const ProbeCounters& counters() const noexcept { return counters_; }
    /// The hosts' targets, sentinels left out.
    [[nodiscard]] std::vector<PathReport> paths() const;

protected:
    struct Limits {
        std::size_t dense_most; ///< targets that are asked densely at once
        /// At the usual pace the next probe of a target does not leave before the last one ended.
        bool one_by_one;
    };

    explicit ProbeLedger(Limits limits) : limits_{limits} {}

    [[nodiscard]] static std::string name_of(const std::variant<HostProbe, SentinelId>& subject);
    /// What is wrong with these numbers, for the operator; empty if nothing is.
    [[nodiscard]] static std::string fault_of(Duration interval, Duration patience,
                                              Duration dense_interval);

    /// These and no others are asked from now on. What stays as it is keeps its probes and its
    /// phase; the first probes of what is new are spread over an interval.
    void retarget(Instant now, std::vector<ProbeTarget> wanted);

    /// Empty for a probe that is in no book any more, or never was.
    [[nodiscard]] std::optional<Instant> sent_at(const ProbeId& probe) const;
    void answered(const ProbeId& probe, Duration round_trip, std::string detail, Events& events);
    /// Remembered as the detail of its silence.
    void remark(const ProbeId& probe, std::string why);
    /// It turned out that our own side is at fault.
    void void_probe(const ProbeId& probe, std::string why, Events& events);

    ProbeCounters counters_;

private:
    struct Probe {
        enum class State { empty, waiting, answered, judged };
        std::uint32_t sequence = 0;
        State state = State::empty;
        Instant sent_at{};
        std::string remark{};
    };
    struct Target {
        [[nodiscard]] Duration pace() const;

        std::optional<ProbeTarget> what{}; ///< empty: free for another
        bool closely = false;
        Instant phase{};  ///< the usual probes leave at whole intervals from here
        Instant anchor{}; ///< the present ones leave at whole paces from here
        std::optional<Instant> last_sent{};
        std::uint32_t next_sequence = 0;
        std::uint32_t turn = 0;      ///< of the one timer in sends_ that counts
        std::vector<Probe> probes{}; ///< the probe n has its place at n modulo the size
        std::optional<Duration> round_trip{};
        std::uint64_t sent = 0;
        std::uint64_t lost = 0;
    };
    struct Timer {
        Instant at;
        std::uint32_t target;
        std::uint32_t number; ///< the turn of a send, the sequence of a verdict
        friend bool operator>(const Timer& a, const Timer& b) { return a.at > b.at; }
    };
    using Timers = std::priority_queue<Timer, std::vector<Timer>, std::greater<>>;
    struct Doubt {
        std::optional<Instant> until;
        std::string why;
    };

    [[nodiscard]] const Probe* find(const ProbeId& probe) const;
    [[nodiscard]] Probe* find(const ProbeId& probe);
    [[nodiscard]] static bool waiting(const Target& target);
    void add(Instant first, ProbeTarget what);
    void forget(std::uint32_t index);
    void set_pace(Instant now, std::uint32_t index, bool closely);
    void schedule(std::uint32_t index, Instant at);
    void end(const ProbeId& id, Probe& probe, Pulse pulse, std::string detail, Events& events);
    static void say(const Target& target, Pulse pulse, Instant asked_at, std::string detail,
                    Events& events);

    Limits limits_;
    std::vector<Target> targets_;
    std::vector<std::uint32_t> free_; ///< places in targets_
    std::unordered_map<std::string, std::vector<std::uint32_t>> by_host_;
    std::size_t dense_ = 0;
    Duration shortest_interval_{};
    Timers sends_;
    Timers verdicts_;
    Duration late_by_{};
    Doubt doubts_[2];
    std::vector<ProbeId> ended_;
};

} // namespace knell::monitor
