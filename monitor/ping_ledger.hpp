// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "monitor/address.hpp"
#include "monitor/icmp_packet.hpp"
#include "monitor/targets.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <vector>

namespace knell::monitor {

/// What became of the replies, counted since start.
struct PingCounters {
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    std::uint64_t late = 0;      ///< genuine, but judged before it came
    std::uint64_t duplicate = 0; ///< answered before
    std::uint64_t foreign = 0;   ///< genuine cookie, wrong source address or no such probe
    std::uint64_t skipped = 0;   ///< not sent, because the time for it had passed

    friend bool operator==(const PingCounters&, const PingCounters&) = default;
};

/// Decides when which target is asked, and what each question showed. Pure: no socket, no
/// clock. Call it in this order, all with the same `now`, which must have been read before
/// the sockets were drained:
///
///     wake, replied/refused for every packet in the sockets, judge, then send what due() names
///
/// Every probe that was due and not skipped gets exactly one pulse: `beating` when its reply
/// was there before it was judged, `silent` only if it really left, was given all its patience
/// and was judged after the sockets were drained, and `inconclusive` otherwise. If we were
/// called later than a target's interval, its waiting probes are inconclusive and the probes
/// that should have left meanwhile are skipped, never sent in a burst.
class PingLedger {
public:
    using Events = std::vector<Event>;

    struct Due {
        std::uint32_t target = 0;
        std::uint32_t sequence = 0;
    };

    /// What is wrong with these targets, for the operator; empty if nothing is.
    [[nodiscard]] static std::string fault_of(const std::vector<IcmpTarget>& targets);

    /// `targets` must be without fault. First probes are spread over the first interval.
    PingLedger(std::vector<IcmpTarget> targets, Instant start);

    void wake(Instant now);
    /// A reply with our cookie came from `from`.
    void replied(const Address& from, const EchoProbe& probe, Events& events);
    /// An ICMP error quoted this probe: remembered as the detail of its silence.
    void refused(const EchoProbe& probe, std::string why);
    /// Of the probes of this family sent until now, an unanswered one proves nothing.
    void doubt(Instant now, Family family, std::string why);
    void judge(Instant now, Events& events);

    /// Takes the next probe whose time has come; answer with sent() or not_sent() at once.
    [[nodiscard]] std::optional<Due> due(Instant now);
    void sent(const Due& probe, Instant at);
    void not_sent(const Due& probe, Instant at, std::string why, Events& events);

    /// When this must be woken next; empty without targets.
    [[nodiscard]] std::optional<Instant> next_due() const;
    [[nodiscard]] std::size_t size() const noexcept { return targets_.size(); }
    [[nodiscard]] const Address& address(std::uint32_t target) const;
    [[nodiscard]] const PingCounters& counters() const noexcept { return counters_; }

private:
    struct Probe {
        enum class State { empty, waiting, answered, judged };
        std::uint32_t sequence = 0;
        State state = State::empty;
        Instant sent_at{};
        std::string refused;
    };
    struct Target {
        std::variant<HostProbe, SentinelId> subject;
        Address address;
        Duration interval{};
        Duration patience{};
        std::uint32_t next_sequence = 0;
        std::vector<Probe> probes; ///< the probe n has its place at n modulo the size
    };
    struct Timer {
        Instant at;
        std::uint32_t target;
        std::uint32_t sequence;
        friend bool operator>(const Timer& a, const Timer& b) { return a.at > b.at; }
    };
    using Timers = std::priority_queue<Timer, std::vector<Timer>, std::greater<>>;
    struct Doubt {
        std::optional<Instant> until;
        std::string why;
    };

    Probe* find(const EchoProbe& probe);
    void say(const Target& target, Pulse pulse, Instant asked_at, std::string detail,
             Events& events) const;

    std::vector<Target> targets_;
    Timers sends_;
    Timers verdicts_;
    Duration late_by_{};
    Doubt doubts_[2];
    PingCounters counters_;
};

} // namespace knell::monitor
