// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fleet.hpp"

#include "core/assert.hpp"
#include "core/fleet_house.hpp"
#include "core/overloaded.hpp"

#include <algorithm>
#include <cstdio>

namespace knell {

namespace {

std::optional<FenceGate::ModeOrder> ordered_mode(const Recollection& past)
{
    return past.mode ? std::optional{FenceGate::ModeOrder{*past.mode, past.mode_by}} : std::nullopt;
}

/// However many events come, what time alone brings is looked at so often: hosts of which nothing
/// is heard, and a census, which finds out that a storm is over and gathers who joined it.
constexpr Duration round_every = 1s;

/// So many fence devices are looked at at once: each takes a process, and some take their time.
constexpr unsigned looks_most = 8;

} // namespace

std::map<NetworkId, Duration> pace_of(const Policy& policy)
{
    using Pace = std::map<NetworkId, Duration>;
    const auto slow_down = [](Pace& pace, const NetworkId& network, Duration interval) {
        auto& slowest = pace[network];
        slowest = std::max(slowest, interval);
    };
    Pace pace;
    for (const auto& host : policy.hosts) {
        Pace quickest;
        for (const auto& monitor : host.monitors) {
            auto& own = quickest.try_emplace(monitor.network, monitor.interval).first->second;
            own = std::min(own, monitor.interval);
        }
        for (const auto& [network, interval] : quickest) {
            slow_down(pace, network, interval);
        }
    }
    Pace sentinels;
    for (const auto& sentinel : policy.vantage.sentinels) {
        slow_down(sentinels, sentinel.network, sentinel.interval);
    }
    sentinels.merge(pace);
    return sentinels;
}

Fleet::House::House(const Policy& policy, Recollection recollection)
    : past{std::move(recollection)}, vantage{policy.vantage, pace_of(policy)},
      gate{policy.gate, ordered_mode(past)}, ids{past.last_episode}, looks{looks_most},
      commons{policy.nova,
              vantage,
              gate,
              ids,
              looks,
              policy.logins,
              policy.unseen_alarm,
              [this](Effects& effects) { take_census(effects); },
              Instant{}}
{
    gate.set_hold(past.hold);
    for (const auto& host : policy.hosts) {
        hosts.emplace(host.host, HostMachine{host, commons});
    }
    learn_networks(policy);
}

void Fleet::House::learn_networks(const Policy& policy)
{
    networks.clear();
    for (const auto& host : policy.hosts) {
        for (const auto& monitor : host.monitors) {
            networks.emplace(std::pair{host.host, monitor.id}, monitor.network);
        }
    }
}

HostMachine* Fleet::House::find(const HostId& host)
{
    const auto found = hosts.find(host);
    return found == hosts.end() ? nullptr : &found->second;
}

void Fleet::House::take_census(Effects& effects)
{
    census_at = commons.now;
    Census census;
    for (const auto& [name, host] : hosts) {
        census.members.push_back(host.member());
    }
    gate.brake().look(census, effects);
}

/// What an earlier process left open, spent, counted or promised.
void Fleet::House::begin(Instant now, Effects& effects)
{
    begun_at = now;
    for (const auto& spent : past.fenced) {
        const auto* host = find(spent.host);
        gate.count(now - spent.ago, host == nullptr ? nullptr : &host->policy(), spent.episode);
    }
    recall(now, effects);
    for (const auto& [name, episode] : past.open) {
        effects.push_back(
            Notice{Notice::Weight::alarm, "HOST_RESUMED", name, episode.episode,
                   "an earlier knelld left an episode of this host open, and it is not in the "
                   "inventory any more: look at its forced_down in Nova"});
    }
}

/// Of all hosts that are in the inventory. What concerns others waits for a reload that brings
/// them.
void Fleet::House::recall(Instant now, Effects& effects)
{
    const auto since = now - begun_at;
    for (auto& [name, host] : hosts) {
        if (auto readmitted = past.readmitted.extract(name)) {
            for (auto& ago : readmitted.mapped()) {
                ago += since;
            }
            host.recall_readmissions(now, readmitted.mapped());
        }
    }
    for (auto& [name, host] : hosts) {
        Recollection::Refusals refused;
        if (auto known = past.refused.extract(name)) {
            refused = std::move(known.mapped());
        }
        for (auto& [device, refusal] : refused) {
            refusal.ago += since;
        }
        host.compare_logins(now, refused, effects);
    }
    for (auto& [name, host] : hosts) {
        if (auto planned = past.planned.extract(name)) {
            planned.mapped().left -= since;
            host.recall_planned(now, planned.mapped(), effects);
        }
    }
    for (auto& [name, host] : hosts) {
        if (const auto open = past.open.extract(name)) {
            host.recall(now, open.mapped(), effects);
        }
    }
}

Fleet::Fleet(const Policy& policy, Recollection past)
    : house_{std::make_unique<House>(policy, std::move(past))}
{
}

Fleet::~Fleet() = default;

Effects Fleet::begin(Instant now)
{
    Effects effects;
    enter(now, effects);
    house_->round_at = now;
    auto after = device_stagger;
    for (auto& [name, host] : house_->hosts) {
        host.begin(now, after);
        after += device_stagger;
    }
    house_->begin(now, effects);
    return effects;
}

Effects Fleet::on_event(Instant now, const Event& event)
{
    Effects effects;
    const auto due = house_->hosts_due;
    enter(now, effects);
    const bool stalled = !effects.empty();
    const auto with = [&](const HostId& host, auto&& act) {
        if (auto* found = house_->find(host)) {
            act(*found);
        }
    };
    std::visit(
        Overloaded{
            [&](const ProbeResult& result) {
                if (result.pulse == Pulse::beating) {
                    const auto network = house_->networks.find({result.host, result.monitor});
                    if (network != house_->networks.end()) {
                        house_->vantage.on_beat(result.host, network->second, result.asked_at,
                                                effects);
                    }
                }
                with(result.host, [&](auto& host) {
                    host.on_probe(now, result, effects);
                    if (due && !stalled) {
                        house_->hosts_due = std::min(*due, host.deadline().value_or(*due));
                    }
                });
            },
            [&](const SentinelResult& result) { house_->vantage.on_sentinel(result, effects); },
            [&](const Goodbye& goodbye) {
                with(goodbye.host, [&](auto& host) { host.on_goodbye(now, goodbye, effects); });
            },
            [&](const EyesReport& report) { house_->vantage.on_eyes(now, report, effects); },
            [&](const AgentGone& gone) {
                with(gone.host, [&](auto& host) { host.on_agent_gone(now, gone, effects); });
            },
            [&](const ServicesSeen& seen) { on_services(now, seen, effects); },
            [&](const Recorded& recorded) { on_recorded(now, recorded, effects); },
            [&](const PowerAnswer& answer) {
                with(answer.host, [&](auto& host) { host.on_power(now, answer.reply, effects); });
            },
            [&](const NovaAnswer& answer) {
                with(answer.host, [&](auto& host) { host.on_nova(now, answer, effects); });
            },
            [&](const NovaTurned& turned) { house_->gate.on_nova_turn(now, turned, effects); },
            [&](const ServersSeen& seen) {
                with(seen.host, [&](auto& host) { host.on_servers(seen, effects); });
            },
            [&](const OperatorOrder& order) { on_order(now, order, effects); },
        },
        event);
    return effects;
}

Effects Fleet::on_time(Instant now)
{
    Effects effects;
    enter(now, effects);
    house_->round_at = now;
    house_->gate.watch_nova(now, effects);
    if (now - house_->census_at >= round_every) {
        house_->take_census(effects);
    }
    for (auto& [name, host] : house_->hosts) {
        host.on_time(now, effects);
    }
    house_->tell_of_the_unheard(now, effects);
    return effects;
}

Instant Fleet::deadline() const
{
    auto& due = house_->hosts_due;
    if (!due) {
        due = Instant::max();
        for (const auto& [name, host] : house_->hosts) {
            due = std::min(*due, host.deadline().value_or(*due));
        }
    }
    // The vantage's moves on with every event, and would never come while they do.
    return std::min({house_->vantage.deadline(), house_->round_at + round_every, *due});
}

/// Every entry: were we stopped ourselves?
void Fleet::enter(Instant now, Effects& effects)
{
    house_->commons.now = now;
    house_->hosts_due.reset();
    const auto stalled = house_->vantage.observe(now);
    if (!stalled) {
        return;
    }
    char text[96];
    std::snprintf(text, sizeof text,
                  "knelld itself was stopped for %.1f s; what it missed meanwhile is void",
                  std::chrono::duration<double>(*stalled).count());
    effects.push_back(
        Notice{Notice::Weight::warning, "KNELL_STALLED", std::nullopt, EpisodeId{0}, text});
    for (auto& [name, host] : house_->hosts) {
        host.on_stall(now, effects);
    }
}

void Fleet::on_recorded(Instant now, const Recorded& recorded, Effects& effects)
{
    if (recorded.host) {
        const auto found = house_->hosts.find(*recorded.host);
        if (found != house_->hosts.end()) {
            found->second.on_recorded(now, recorded.attempt, effects);
        }
        return;
    }
    auto& answers = house_->answers;
    const auto found = std::find_if(answers.begin(), answers.end(), [&](const auto& entry) {
        return entry.first == recorded.attempt;
    });
    if (found != answers.end()) {
        effects.push_back(found->second);
        answers.erase(found);
    }
}

void Fleet::on_services(Instant now, const ServicesSeen& seen, Effects& effects)
{
    std::map<HostId, const ServiceSeen*> by_host;
    for (const auto& service : seen.services) {
        by_host.emplace(service.host, &service);
    }
    for (auto& [name, host] : house_->hosts) {
        const auto found = by_host.find(name);
        host.on_service(now, found == by_host.end() ? nullptr : found->second, seen.asked_at,
                        effects);
    }
}

FleetView Fleet::view() const
{
    FleetView view;
    view.mode = house_->gate.mode();
    view.mode_by = house_->gate.mode_by();
    view.vantage = house_->vantage.doubt();
    view.clear = view.vantage.empty();
    view.budget = house_->gate.budget();
    const auto now = house_->commons.now;
    view.budget_used = house_->gate.budget_used(now);
    view.hold = house_->gate.hold();
    view.storm = house_->gate.brake().storming();
    view.domains = house_->gate.brake().domains();
    for (auto& domain : view.domains) {
        domain.budget_used = house_->gate.budget_used(now, domain.id);
    }
    view.sentinels = house_->vantage.sentinels();
    for (const auto& [name, host] : house_->hosts) {
        view.hosts.push_back(host.view());
    }
    return view;
}

std::optional<HostView> Fleet::view(const HostId& host) const
{
    const auto found = house_->hosts.find(host);
    return found == house_->hosts.end() ? std::nullopt : std::optional{found->second.view()};
}

} // namespace knell
