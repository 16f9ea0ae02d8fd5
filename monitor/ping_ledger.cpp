// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/ping_ledger.hpp"

#include "core/assert.hpp"
#include "core/overloaded.hpp"

#include <algorithm>

namespace knell::monitor {
namespace {

std::string name_of(const IcmpTarget& target)
{
    return std::visit(Overloaded{[](const HostProbe& probe) { return "host " + probe.host.get(); },
                                 [](const SentinelId& id) { return "sentinel " + id.get(); }},
                      target.subject);
}

std::string late_text(Duration late_by)
{
    return "the loop was late by " +
           std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(late_by).count()) +
           " ms";
}

/// Places for every probe that can be waiting, and some answered ones to know duplicates by.
/// Two probes are never sent closer than half an interval.
std::size_t places(Duration interval, Duration patience)
{
    return static_cast<std::size_t>(2 * (patience / interval + 1)) + 6;
}

} // namespace

std::string PingLedger::fault_of(const std::vector<IcmpTarget>& targets)
{
    for (const auto& target : targets) {
        if (!parse_address(target.address)) {
            return name_of(target) + ": \"" + target.address + "\" is not a numeric IP address";
        }
        if (target.interval < 10ms || target.patience < 10ms) {
            return name_of(target) + ": interval and patience must be at least 10ms";
        }
        if (target.patience > 100 * target.interval) {
            return name_of(target) + ": patience must be at most 100 intervals";
        }
    }
    return {};
}

PingLedger::PingLedger(std::vector<IcmpTarget> targets, Instant start)
{
    KNELL_ASSERT(fault_of(targets).empty());
    targets_.reserve(targets.size());
    const auto count = static_cast<Duration::rep>(targets.size());
    for (auto& target : targets) {
        const auto index = static_cast<std::uint32_t>(targets_.size());
        sends_.push({start + target.interval * index / count, index, 0});
        targets_.push_back(
            {.subject = std::move(target.subject),
             .address = *parse_address(target.address),
             .interval = target.interval,
             .patience = target.patience,
             .probes = std::vector<Probe>(places(target.interval, target.patience))});
    }
}

const Address& PingLedger::address(std::uint32_t target) const
{
    return targets_[target].address;
}

void PingLedger::wake(Instant now)
{
    const auto next = next_due();
    late_by_ = next && now > *next ? now - *next : Duration::zero();
}

PingLedger::Probe* PingLedger::find(const EchoProbe& probe)
{
    if (probe.target >= targets_.size()) {
        return nullptr;
    }
    auto& probes = targets_[probe.target].probes;
    Probe& place = probes[probe.sequence % probes.size()];
    const bool same = place.state != Probe::State::empty && place.sequence == probe.sequence &&
                      place.sent_at == probe.sent_at;
    return same ? &place : nullptr;
}

void PingLedger::replied(const Address& from, const EchoProbe& probe, Events& events)
{
    Probe* const asked = find(probe);
    if (asked == nullptr || targets_[probe.target].address != from) {
        ++counters_.foreign;
        return;
    }
    switch (asked->state) {
    case Probe::State::waiting:
        asked->state = Probe::State::answered;
        ++counters_.answered;
        say(targets_[probe.target], Pulse::beating, asked->sent_at, {}, events);
        return;
    case Probe::State::answered:
        ++counters_.duplicate;
        return;
    case Probe::State::judged:
    case Probe::State::empty:
        ++counters_.late;
        return;
    }
}

void PingLedger::refused(const EchoProbe& probe, std::string why)
{
    Probe* const asked = find(probe);
    if (asked != nullptr && asked->state == Probe::State::waiting) {
        asked->refused = std::move(why);
    }
}

void PingLedger::doubt(Instant now, Family family, std::string why)
{
    doubts_[family == Family::v6] = {now, std::move(why)};
}

void PingLedger::judge(Instant now, Events& events)
{
    if (late_by_ > Duration::zero()) {
        for (auto& target : targets_) {
            if (late_by_ <= target.interval) {
                continue;
            }
            for (auto& probe : target.probes) {
                if (probe.state == Probe::State::waiting) {
                    probe.state = Probe::State::judged;
                    say(target, Pulse::inconclusive, probe.sent_at, late_text(late_by_), events);
                }
            }
        }
        late_by_ = Duration::zero();
    }
    while (!verdicts_.empty() && verdicts_.top().at <= now) {
        const Timer timer = verdicts_.top();
        verdicts_.pop();
        Target& target = targets_[timer.target];
        Probe& probe = target.probes[timer.sequence % target.probes.size()];
        if (probe.sequence != timer.sequence || probe.state != Probe::State::waiting) {
            continue;
        }
        probe.state = Probe::State::judged;
        const Doubt& doubt = doubts_[target.address.family == Family::v6];
        if (doubt.until && probe.sent_at <= *doubt.until) {
            say(target, Pulse::inconclusive, probe.sent_at, doubt.why, events);
        } else {
            say(target, Pulse::silent, probe.sent_at, std::move(probe.refused), events);
        }
    }
}

std::optional<PingLedger::Due> PingLedger::due(Instant now)
{
    while (!sends_.empty() && sends_.top().at <= now) {
        const Timer timer = sends_.top();
        sends_.pop();
        Target& target = targets_[timer.target];
        // Targets keep their own phase, whatever happens, so they stay spread over the interval.
        auto steps = (now - timer.at) / target.interval + 1;
        const bool missed = steps > 1;
        if (!missed && timer.at + target.interval < now + target.interval / 2) {
            ++steps; // two probes within half an interval would be one event counted twice
        }
        counters_.skipped += static_cast<std::uint64_t>(missed ? steps : steps - 1);
        sends_.push({timer.at + steps * target.interval, timer.target, 0});
        if (missed) {
            continue;
        }
        const Probe& place = target.probes[target.next_sequence % target.probes.size()];
        if (place.state == Probe::State::waiting) {
            ++counters_.skipped; // a flood keeps us from judging: ask no more until we have
            continue;
        }
        return Due{timer.target, target.next_sequence++};
    }
    return std::nullopt;
}

void PingLedger::sent(const Due& probe, Instant at)
{
    Target& target = targets_[probe.target];
    Probe& place = target.probes[probe.sequence % target.probes.size()];
    KNELL_ASSERT(place.state != Probe::State::waiting);
    place = {probe.sequence, Probe::State::waiting, at, {}};
    verdicts_.push({at + target.patience, probe.target, probe.sequence});
    ++counters_.sent;
}

void PingLedger::not_sent(const Due& probe, Instant at, std::string why, Events& events)
{
    say(targets_[probe.target], Pulse::inconclusive, at, std::move(why), events);
}

std::optional<Instant> PingLedger::next_due() const
{
    if (sends_.empty()) {
        return std::nullopt;
    }
    return verdicts_.empty() ? sends_.top().at : std::min(sends_.top().at, verdicts_.top().at);
}

void PingLedger::say(const Target& target, Pulse pulse, Instant asked_at, std::string detail,
                     Events& events) const
{
    if (const auto* sentinel = std::get_if<SentinelId>(&target.subject)) {
        events.push_back(SentinelResult{*sentinel, pulse, asked_at});
        return;
    }
    const auto& host = std::get<HostProbe>(target.subject);
    events.push_back(ProbeResult{.host = host.host,
                                 .monitor = host.monitor,
                                 .pulse = pulse,
                                 .asked_at = asked_at,
                                 .report = std::nullopt,
                                 .detail = std::move(detail)});
}

} // namespace knell::monitor
