// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/probe_ledger.hpp"

#include "core/assert.hpp"
#include "core/overloaded.hpp"

#include <algorithm>
#include <set>

namespace knell::monitor {
namespace {

std::string late_text(Duration late_by)
{
    return "the loop was late by " +
           std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(late_by).count()) +
           " ms";
}

/// Places for every probe that can be waiting, and some answered ones to know duplicates by.
/// Two probes are never sent closer than half a pace.
std::size_t places(Duration densest, Duration patience)
{
    return static_cast<std::size_t>(2 * (patience / densest + 1)) + 6;
}

/// The first of the moments anchor, anchor + pace, ... that is not before `earliest`.
Instant on_grid(Instant anchor, Duration pace, Instant earliest)
{
    if (earliest <= anchor) {
        return anchor;
    }
    return anchor + pace * ((earliest - anchor + pace - Duration{1}) / pace);
}

} // namespace

std::string ProbeLedger::name_of(const std::variant<HostProbe, SentinelId>& subject)
{
    return std::visit(Overloaded{[](const HostProbe& probe) { return "host " + probe.host.get(); },
                                 [](const SentinelId& id) { return "sentinel " + id.get(); }},
                      subject);
}

std::string ProbeLedger::fault_of(Duration interval, Duration patience, Duration dense_interval)
{
    if (interval < 10ms || patience < 10ms || dense_interval < 10ms) {
        return "interval, patience and dense interval must be at least 10ms";
    }
    if (patience > 100 * interval) {
        return "patience must be at most 100 intervals";
    }
    if (patience > 1000 * dense_interval) {
        return "patience must be at most 1000 dense intervals";
    }
    return {};
}

Duration ProbeLedger::Target::pace() const
{
    return closely ? std::min(what->dense_interval, what->interval) : what->interval;
}

const Endpoint& ProbeLedger::address(std::uint32_t target) const
{
    return targets_[target].what->address;
}

void ProbeLedger::retarget(Instant now, std::vector<ProbeTarget> wanted)
{
    std::unordered_multimap<Address, std::uint32_t> known;
    std::set<std::string> watched;
    for (std::uint32_t index = 0; index < targets_.size(); ++index) {
        const Target& target = targets_[index];
        if (!target.what) {
            continue;
        }
        known.emplace(target.what->address.address, index);
        if (target.closely) {
            watched.insert(std::get<HostProbe>(target.what->subject).host.get());
        }
    }
    std::vector<ProbeTarget> fresh;
    for (auto& target : wanted) {
        const auto [first, last] = known.equal_range(target.address.address);
        const auto same = std::find_if(
            first, last, [&](const auto& entry) { return *targets_[entry.second].what == target; });
        if (same != last) {
            known.erase(same);
        } else {
            fresh.push_back(std::move(target));
        }
    }
    for (const auto& gone : known) {
        forget(gone.second);
    }
    const auto count = static_cast<Duration::rep>(fresh.size());
    for (Duration::rep i = 0; i < count; ++i) {
        auto& target = fresh[static_cast<std::size_t>(i)];
        const auto first = now + target.interval * i / count;
        add(first, std::move(target));
    }
    by_host_.clear();
    shortest_interval_ = Duration::max();
    for (std::uint32_t index = 0; index < targets_.size(); ++index) {
        const auto& what = targets_[index].what;
        shortest_interval_ =
            what ? std::min(shortest_interval_, what->interval) : shortest_interval_;
        if (const auto* probe = what ? std::get_if<HostProbe>(&what->subject) : nullptr) {
            by_host_[probe->host.get()].push_back(index);
        }
    }
    for (const auto& host : watched) {
        watch(now, HostId{host}, true);
    }
}

void ProbeLedger::add(Instant first, ProbeTarget what)
{
    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(targets_.size()));
        targets_.emplace_back();
    }
    const auto index = free_.back();
    free_.pop_back();
    Target& target = targets_[index];
    // Numbers go on where the last one in this place left off: what is on its way to that one,
    // or waits in a queue for it, does not meet this one.
    Target added{.phase = first,
                 .anchor = first,
                 .next_sequence = target.next_sequence,
                 .turn = target.turn};
    added.probes.resize(places(std::min(what.dense_interval, what.interval), what.patience));
    added.what = std::move(what);
    target = std::move(added);
    schedule(index, first);
}

void ProbeLedger::forget(std::uint32_t index)
{
    Target& target = targets_[index];
    for (const auto& probe : target.probes) {
        if (probe.state == Probe::State::waiting) {
            ended_.push_back({index, probe.sequence});
        }
    }
    dense_ -= target.closely ? 1 : 0;
    target.what.reset();
    target.probes.clear();
    ++target.turn;
    free_.push_back(index);
}

void ProbeLedger::watch(Instant now, const HostId& host, bool closely)
{
    const auto found = by_host_.find(host.get());
    if (found == by_host_.end()) {
        return;
    }
    for (const auto index : found->second) {
        set_pace(now, index, closely);
    }
}

void ProbeLedger::set_pace(Instant now, std::uint32_t index, bool closely)
{
    Target& target = targets_[index];
    if (target.closely == closely || (closely && dense_ >= limits_.dense_most)) {
        return;
    }
    target.closely = closely;
    dense_ = closely ? dense_ + 1 : dense_ - 1;
    const auto pace = target.pace();
    const auto earliest = target.last_sent ? std::max(now, *target.last_sent + pace / 2) : now;
    target.anchor = closely ? earliest : target.phase;
    schedule(index, on_grid(target.anchor, pace, earliest));
}

void ProbeLedger::schedule(std::uint32_t index, Instant at)
{
    sends_.push({at, index, ++targets_[index].turn});
}

void ProbeLedger::wake(Instant now)
{
    const auto next = next_due();
    late_by_ = next && now > *next ? now - *next : Duration::zero();
    ended_.clear();
}

const ProbeLedger::Probe* ProbeLedger::find(const ProbeId& probe) const
{
    if (probe.target >= targets_.size() || !targets_[probe.target].what) {
        return nullptr;
    }
    const auto& probes = targets_[probe.target].probes;
    const Probe& place = probes[probe.sequence % probes.size()];
    const bool same = place.state != Probe::State::empty && place.sequence == probe.sequence;
    return same ? &place : nullptr;
}

ProbeLedger::Probe* ProbeLedger::find(const ProbeId& probe)
{
    return const_cast<Probe*>(std::as_const(*this).find(probe));
}

bool ProbeLedger::waiting(const Target& target)
{
    return std::any_of(target.probes.begin(), target.probes.end(),
                       [](const Probe& probe) { return probe.state == Probe::State::waiting; });
}

std::optional<Instant> ProbeLedger::sent_at(const ProbeId& probe) const
{
    const Probe* const asked = find(probe);
    return asked != nullptr ? std::optional{asked->sent_at} : std::nullopt;
}

void ProbeLedger::answered(const ProbeId& probe, Duration round_trip, std::string detail,
                           Events& events)
{
    Probe* const asked = find(probe);
    if (asked == nullptr) {
        ++counters_.foreign;
        return;
    }
    Target& target = targets_[probe.target];
    switch (asked->state) {
    case Probe::State::waiting:
        asked->state = Probe::State::answered;
        target.round_trip = round_trip;
        ++counters_.answered;
        say(target, Pulse::beating, asked->sent_at, std::move(detail), events);
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

void ProbeLedger::remark(const ProbeId& probe, std::string why)
{
    Probe* const asked = find(probe);
    if (asked != nullptr && asked->state == Probe::State::waiting) {
        asked->remark = std::move(why);
    }
}

void ProbeLedger::void_probe(const ProbeId& probe, std::string why, Events& events)
{
    Probe* const asked = find(probe);
    if (asked != nullptr && asked->state == Probe::State::waiting) {
        end(probe, *asked, Pulse::inconclusive, std::move(why), events);
    }
}

void ProbeLedger::doubt(Instant now, Family family, const std::string& why)
{
    doubts_[family == Family::v6] = {now, why};
}

void ProbeLedger::judge(Instant now, Events& events)
{
    if (late_by_ > shortest_interval_) {
        for (std::uint32_t index = 0; index < targets_.size(); ++index) {
            Target& target = targets_[index];
            if (!target.what || late_by_ <= target.what->interval) {
                continue;
            }
            for (auto& probe : target.probes) {
                if (probe.state == Probe::State::waiting) {
                    end({index, probe.sequence}, probe, Pulse::inconclusive, late_text(late_by_),
                        events);
                }
            }
        }
    }
    late_by_ = Duration::zero();
    while (!verdicts_.empty() && verdicts_.top().at <= now) {
        const ProbeId id{verdicts_.top().target, verdicts_.top().number};
        verdicts_.pop();
        Probe* const probe = find(id);
        if (probe == nullptr || probe->state != Probe::State::waiting) {
            continue;
        }
        const Doubt& doubt = doubts_[address(id.target).address.family == Family::v6];
        if (doubt.until && probe->sent_at <= *doubt.until) {
            end(id, *probe, Pulse::inconclusive, doubt.why, events);
        } else {
            end(id, *probe, Pulse::silent, std::move(probe->remark), events);
        }
    }
}

void ProbeLedger::end(const ProbeId& id, Probe& probe, Pulse pulse, std::string detail,
                      Events& events)
{
    Target& target = targets_[id.target];
    probe.state = Probe::State::judged;
    if (pulse == Pulse::silent) {
        ++target.lost;
        ++counters_.lost;
    }
    ended_.push_back(id);
    say(target, pulse, probe.sent_at, std::move(detail), events);
}

std::optional<ProbeId> ProbeLedger::due(Instant now)
{
    while (!sends_.empty() && sends_.top().at <= now) {
        const Timer timer = sends_.top();
        sends_.pop();
        Target& target = targets_[timer.target];
        if (timer.number != target.turn) {
            continue; // another timer has taken its place
        }
        if (limits_.one_by_one && !target.closely && waiting(target)) {
            const auto over = *target.last_sent + target.what->patience;
            if (over > now) {
                schedule(timer.target, over);
                continue;
            }
        }
        const auto pace = target.pace();
        const bool missed = now - timer.at >= pace;
        // Targets keep their own phase, whatever happens, so they stay spread over the interval;
        // and two probes within half a pace would be one event counted twice.
        const auto next =
            on_grid(target.anchor, pace, missed ? now + Duration{1} : now + (pace + 1us) / 2);
        const auto steps = static_cast<std::uint64_t>((next - timer.at + pace / 2) / pace);
        counters_.skipped += missed ? steps : steps - 1;
        schedule(timer.target, next);
        if (missed) {
            continue;
        }
        const Probe& place = target.probes[target.next_sequence % target.probes.size()];
        if (place.state == Probe::State::waiting) {
            ++counters_.skipped; // a flood keeps us from judging: ask no more until we have
            continue;
        }
        return ProbeId{timer.target, target.next_sequence++};
    }
    return std::nullopt;
}

void ProbeLedger::sent(const ProbeId& probe, Instant at)
{
    Target& target = targets_[probe.target];
    Probe& place = target.probes[probe.sequence % target.probes.size()];
    KNELL_ASSERT(place.state != Probe::State::waiting);
    place = {.sequence = probe.sequence, .state = Probe::State::waiting, .sent_at = at};
    verdicts_.push({at + target.what->patience, probe.target, probe.sequence});
    target.last_sent = at;
    ++target.sent;
    ++counters_.sent;
}

void ProbeLedger::not_sent(const ProbeId& probe, Instant at, std::string why, Events& events)
{
    say(targets_[probe.target], Pulse::inconclusive, at, std::move(why), events);
}

std::optional<Instant> ProbeLedger::next_due() const
{
    if (sends_.empty()) {
        return std::nullopt;
    }
    return verdicts_.empty() ? sends_.top().at : std::min(sends_.top().at, verdicts_.top().at);
}

std::vector<PathReport> ProbeLedger::paths() const
{
    std::vector<PathReport> all;
    for (const auto& target : targets_) {
        const auto* probe = target.what ? std::get_if<HostProbe>(&target.what->subject) : nullptr;
        if (probe != nullptr) {
            all.push_back(
                {probe->host, probe->monitor, target.round_trip, target.sent, target.lost});
        }
    }
    return all;
}

void ProbeLedger::say(const Target& target, Pulse pulse, Instant asked_at, std::string detail,
                      Events& events)
{
    if (const auto* sentinel = std::get_if<SentinelId>(&target.what->subject)) {
        events.push_back(SentinelResult{*sentinel, pulse, asked_at});
        return;
    }
    const auto& host = std::get<HostProbe>(target.what->subject);
    events.push_back(ProbeResult{.host = host.host,
                                 .monitor = host.monitor,
                                 .pulse = pulse,
                                 .asked_at = asked_at,
                                 .report = std::nullopt,
                                 .detail = std::move(detail)});
}

} // namespace knell::monitor
