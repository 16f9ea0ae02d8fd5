// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suspicion.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace knell {

namespace {

/// A restarted knelld and an agent need a challenge and its answer before the first beat counts.
constexpr Duration introduction = 2s;

std::string seconds(Duration d)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(d).count());
    return text;
}

} // namespace

Suspicion::Suspicion(const HostPolicy& policy) : host_{policy.host}
{
    adopt(policy);
}

void Suspicion::adopt(const HostPolicy& policy)
{
    rule_ = policy.rule;
    userspace_ = policy.userspace;
    const auto before = std::exchange(monitors_, {});
    for (const auto& monitor : policy.monitors) {
        const auto known = std::find_if(before.begin(), before.end(), [&](const auto& one) {
            return one.policy.id == monitor.id;
        });
        auto& added = monitors_.emplace_back(known == before.end() ? Monitor{monitor} : *known);
        if (added.policy != monitor) {
            added.policy = monitor;
            added.silences = 0; // counted at another pace
        }
    }
}

void Suspicion::begin_anew(Instant now, const std::set<MonitorId>& moved)
{
    for (auto& monitor : monitors_) {
        if (moved.count(monitor.policy.id) > 0) {
            monitor = Monitor{monitor.policy};
            monitor.awaited_since = now;
            assumed_at_.reset(); // it was not there that an earlier process saw it
        }
    }
}

void Suspicion::on_agent_gone(Instant at)
{
    agent_gone_at_ = at;
}

bool Suspicion::on_probe(const ProbeResult& result, const Vantage& vantage)
{
    const auto found = std::find_if(monitors_.begin(), monitors_.end(), [&](const auto& monitor) {
        return monitor.policy.id == result.monitor;
    });
    if (found == monitors_.end()) {
        return false;
    }
    auto& monitor = *found;
    switch (result.pulse) {
    case Pulse::inconclusive:
        return false;
    case Pulse::beating:
        monitor.seen = true;
        monitor.silences = 0;
        monitor.last_beat = std::max(monitor.last_beat.value_or(result.asked_at), result.asked_at);
        if (monitor.policy.kind == MonitorKind::heartbeat) {
            agent_gone_at_.reset();
        }
        if (monitor.fallen && monitor.beats == 0) {
            monitor.back_since = result.asked_at;
        }
        if (monitor.fallen && ++monitor.beats >= monitor.policy.rise) {
            monitor.fallen = false;
        }
        return true;
    case Pulse::silent:
        break;
    }
    const auto clear_since = vantage.clear_since(monitor.policy.network);
    if (assumed_at_) {
        assumed_at_ = std::max(*assumed_at_, clear_since); // it may have spoken while we were blind
    }
    if (!monitor.seen || result.asked_at < clear_since) {
        return false;
    }
    monitor.beats = 0;
    if (monitor.silences == 0 || monitor.first_silence < clear_since) {
        monitor.silences = 0; // what was counted while we were blind is void
        monitor.first_silence = monitor.last_silence = result.asked_at;
    }
    ++monitor.silences;
    monitor.last_silence = std::max(monitor.last_silence, result.asked_at);
    monitor.fallen = monitor.fallen || convicted(monitor);
    return false;
}

void Suspicion::forget_silences(Instant now)
{
    for (auto& monitor : monitors_) {
        monitor.silences = 0;
        if (monitor.awaited_since) {
            monitor.awaited_since = now;
        }
    }
    if (assumed_at_) {
        assumed_at_ = now;
    }
}

void Suspicion::assume_seen(Instant now)
{
    assumed_at_ = now;
    for (auto& monitor : monitors_) {
        monitor.seen = monitor.policy.kind != MonitorKind::heartbeat;
    }
}

void Suspicion::expect(Instant now)
{
    if (!seen()) {
        assume_seen(now);
    }
}

bool Suspicion::seen() const
{
    return assumed_at_ || std::any_of(monitors_.begin(), monitors_.end(),
                                      [](const auto& monitor) { return monitor.seen; });
}

bool Suspicion::falling(const Monitor& monitor)
{
    return monitor.silences >= std::max(1U, monitor.policy.fall / 2);
}

bool Suspicion::doubtful() const
{
    return agent_gone_at_ || sinking() ||
           std::any_of(monitors_.begin(), monitors_.end(),
                       [](const auto& monitor) { return monitor.seen && monitor.fallen; });
}

bool Suspicion::sinking() const
{
    bool any = false;
    for (const auto& monitor : monitors_) {
        any = any || monitor.seen;
        if (monitor.seen && !falling(monitor)) {
            return false;
        }
    }
    return any;
}

bool Suspicion::calm() const
{
    const bool nothing_silent =
        std::all_of(monitors_.begin(), monitors_.end(), [](const auto& monitor) {
            return !monitor.seen || (!monitor.fallen && monitor.silences == 0);
        });
    // A host of which nothing was heard is not calm, however little speaks against it.
    return nothing_silent && !agent_gone_at_ && beating();
}

bool Suspicion::well() const
{
    return std::all_of(monitors_.begin(), monitors_.end(), [](const auto& monitor) {
        return monitor.seen && monitor.last_beat && !monitor.fallen && !falling(monitor);
    });
}

bool Suspicion::beating() const
{
    return std::any_of(monitors_.begin(), monitors_.end(), [](const auto& monitor) {
        return monitor.last_beat && monitor.silences == 0 && (!monitor.fallen || monitor.beats > 0);
    });
}

bool Suspicion::agent_beating() const
{
    return std::any_of(monitors_.begin(), monitors_.end(), [](const auto& monitor) {
        return monitor.policy.kind == MonitorKind::heartbeat && monitor.last_beat &&
               monitor.silences == 0;
    });
}

bool Suspicion::convicted(const Monitor& monitor)
{
    // Probes bunched together by a late loop must not convict sooner than the schedule would.
    const auto span = monitor.policy.interval * (monitor.policy.fall - 1);
    return monitor.silences >= monitor.policy.fall &&
           monitor.last_silence - monitor.first_silence >= span - monitor.policy.interval / 2;
}

bool Suspicion::absent(const Monitor& monitor, Instant now) const
{
    if (monitor.seen) {
        return monitor.fallen && convicted(monitor);
    }
    // Never heard of: as good as silent, but only once it has had the time to introduce itself.
    const auto since = std::max(assumed_at_, monitor.awaited_since);
    return !since || now - *since >= monitor.policy.interval * monitor.policy.fall + introduction;
}

NetworkSights Suspicion::sights(Instant now, Counts counts) const
{
    struct Tally {
        bool heard = false, up = false, all_absent = true;
    };
    std::map<NetworkId, Tally> tallies;
    for (const auto& monitor : monitors_) {
        auto& tally = tallies[monitor.policy.network];
        tally.heard = tally.heard || monitor.seen || assumed_at_ || !absent(monitor, now);
        tally.up = tally.up || (monitor.last_beat && monitor.silences == 0 && !monitor.fallen);
        const bool early = counts == Counts::falling && monitor.seen && falling(monitor);
        tally.all_absent = tally.all_absent && (early || absent(monitor, now));
    }
    NetworkSights sights;
    for (const auto& [network, tally] : tallies) {
        sights[network] = !tally.heard       ? NetworkSight::unheard
                          : tally.all_absent ? NetworkSight::silent
                          : tally.up         ? NetworkSight::up
                                             : NetworkSight::unclear;
    }
    return sights;
}

std::string Suspicion::veto(Instant now) const
{
    for (const auto& monitor : monitors_) {
        const bool may = std::find(rule_.vetoes.begin(), rule_.vetoes.end(), monitor.policy.id) !=
                         rule_.vetoes.end();
        if (may && !absent(monitor, now)) {
            return monitor.policy.id.get();
        }
    }
    return {};
}

std::optional<std::vector<NetworkId>> Suspicion::dead_by_rule(Instant now) const
{
    return seen() && veto(now).empty() ? convicting(rule_, sights(now)) : std::nullopt;
}

bool Suspicion::dying(Instant now) const
{
    const bool any = std::any_of(monitors_.begin(), monitors_.end(), [](const auto& monitor) {
        return monitor.seen && falling(monitor);
    });
    return any && veto(now).empty() && convicting(rule_, sights(now, Counts::falling)).has_value();
}

bool Suspicion::userspace_dead(Instant now) const
{
    const auto since = userspace_silent_since();
    return userspace_.action == UserspacePolicy::Action::fence && since &&
           now - *since >= userspace_.patience && veto(now).empty();
}

bool Suspicion::dead(Instant now) const
{
    return dead_by_rule(now) || userspace_dead(now);
}

std::optional<Instant> Suspicion::userspace_silent_since() const
{
    std::optional<Instant> since;
    std::optional<Instant> kernel_since;
    for (const auto& monitor : monitors_) {
        if (monitor.policy.kind != MonitorKind::heartbeat) {
            if (monitor.seen && !monitor.fallen) {
                kernel_since =
                    std::min(kernel_since.value_or(monitor.back_since), monitor.back_since);
            }
        } else if (monitor.seen) {
            if (!monitor.fallen) {
                return std::nullopt;
            }
            since = std::max(since.value_or(monitor.first_silence), monitor.first_silence);
        }
    }
    // While the kernel was silent too, user space could not be told from it.
    return kernel_since && since ? std::optional{std::max(*since, *kernel_since)} : std::nullopt;
}

Duration Suspicion::longest_row() const
{
    Duration longest{};
    for (const auto& monitor : monitors_) {
        longest = std::max(longest, monitor.policy.interval * monitor.policy.fall);
    }
    return longest;
}

std::vector<Vantage::Silence> Suspicion::silences(Instant now) const
{
    std::vector<Vantage::Silence> all;
    const auto counted = dead_by_rule(now);
    const auto counts = [&](const MonitorPolicy& policy) {
        const auto in = [](const auto& list, const auto& one) {
            return std::find(list.begin(), list.end(), one) != list.end();
        };
        return in(rule_.vetoes, policy.id) ||
               (counted ? in(*counted, policy.network) : policy.kind == MonitorKind::heartbeat);
    };
    for (const auto& monitor : monitors_) {
        if ((monitor.seen || assumed_at_) && counts(monitor.policy)) {
            const auto waiting = assumed_at_.value_or(Instant{}) + introduction;
            all.push_back({monitor.policy.network,
                           monitor.silences > 0 ? monitor.first_silence : waiting,
                           monitor.silences > 0 ? monitor.last_silence : waiting});
        }
    }
    return all;
}

FailureVerdict Suspicion::conclude(Instant now, const Sight& sight) const
{
    KNELL_ASSERT(sight.about() == host_);
    KNELL_ASSERT(dead(now));
    return {host_, FailureVerdict::Source::monitors, now,
            (dead_by_rule(now) ? "" : "user space is dead: ") + evidence(now)};
}

FailureVerdict Suspicion::ordered_by(Instant now, const std::string& operator_name) const
{
    return {host_, FailureVerdict::Source::operator_order, now, "ordered by " + operator_name};
}

std::string Suspicion::evidence(Instant now) const
{
    std::string text;
    for (const auto& monitor : monitors_) {
        text += (text.empty() ? "" : ", ") + monitor.policy.id.get();
        if (!monitor.seen) {
            text += " never heard";
        } else if (monitor.silences == 0) {
            text += monitor.fallen ? " rising" : " up";
        } else {
            text += " silent for " + seconds(now - monitor.first_silence) + " (" +
                    std::to_string(monitor.silences) + " in a row)";
        }
    }
    if (agent_gone_at_) {
        text += ", the agent has been gone for " + seconds(now - *agent_gone_at_);
    }
    return text;
}

RuleView Suspicion::rule_view(Instant now) const
{
    return table_of(rule_, sights(now), veto(now));
}

std::vector<MonitorView> Suspicion::view() const
{
    std::vector<MonitorView> views;
    for (const auto& monitor : monitors_) {
        views.push_back({monitor.policy.id,
                         !monitor.seen || !(monitor.last_beat || monitor.silences > 0) ? "unseen"
                         : monitor.fallen                                              ? "down"
                         : monitor.silences > 0                                        ? "falling"
                                                                                       : "up",
                         monitor.silences, monitor.last_beat});
    }
    return views;
}

} // namespace knell
