// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fleet.hpp"

#include "core/assert.hpp"
#include "core/host_machine.hpp"
#include "core/overloaded.hpp"

#include <algorithm>
#include <cstdio>

namespace knell {

namespace {

/// How often each network shows that we can see it, at worst.
std::map<NetworkId, Duration> pace_of(const Policy& policy)
{
    std::map<NetworkId, Duration> pace;
    const auto slow_down = [&](const NetworkId& network, Duration interval) {
        auto& slowest = pace[network];
        slowest = std::max(slowest, interval);
    };
    for (const auto& sentinel : policy.vantage.sentinels) {
        slow_down(sentinel.network, sentinel.interval);
    }
    for (const auto& host : policy.hosts) {
        for (const auto& monitor : host.monitors) {
            slow_down(monitor.network, monitor.interval);
        }
    }
    return pace;
}

FenceGate gate_of(const Policy& policy, const Recollection& past)
{
    auto gate = policy.gate;
    gate.mode = past.mode.value_or(gate.mode);
    return {gate, past.mode ? past.mode_by : "the configuration"};
}

} // namespace

struct Fleet::House {
    House(const Policy& policy, Recollection recollection)
        : past{std::move(recollection)}, vantage{policy.vantage, pace_of(policy)},
          gate{gate_of(policy, past)}, ids{past.last_episode}, commons{policy.nova, vantage, gate,
                                                                       ids}
    {
        for (const auto& host : policy.hosts) {
            hosts.emplace(host.host, HostMachine{host, commons});
            for (const auto& monitor : host.monitors) {
                networks.emplace(std::pair{host.host, monitor.id}, monitor.network);
            }
        }
    }

    Recollection past;
    Vantage vantage;
    FenceGate gate;
    Ids ids;
    Commons commons;
    std::map<HostId, HostMachine> hosts; ///< ordered: iteration is part of determinism
    std::map<std::pair<HostId, MonitorId>, NetworkId> networks;
    std::vector<std::pair<AttemptId, Answer>> answers; ///< given once the order is durable
};

Fleet::Fleet(const Policy& policy, Recollection past)
    : house_{std::make_unique<House>(policy, std::move(past))}
{
}

Fleet::~Fleet() = default;

Effects Fleet::begin(Instant now)
{
    Effects effects;
    notice_stall(now, effects);
    for (const auto& [host, episode] : house_->past.open) {
        const auto found = house_->hosts.find(host);
        if (found == house_->hosts.end()) {
            effects.push_back(
                Notice{Notice::Weight::alarm, "HOST_RESUMED", host, episode.episode,
                       "an earlier knelld left an episode of this host open, and it is not in the "
                       "inventory any more: look at its forced_down in Nova"});
            continue;
        }
        house_->gate.count(now, episode.episode);
        found->second.recall(now, episode, effects);
    }
    return effects;
}

Effects Fleet::on_event(Instant now, const Event& event)
{
    Effects effects;
    notice_stall(now, effects);
    const auto with = [&](const HostId& host, auto&& act) {
        if (const auto found = house_->hosts.find(host); found != house_->hosts.end()) {
            act(found->second);
        }
    };
    std::visit(
        Overloaded{
            [&](const ProbeResult& result) {
                if (result.pulse == Pulse::beating) {
                    const auto network = house_->networks.find({result.host, result.monitor});
                    if (network != house_->networks.end()) {
                        house_->vantage.on_beat(result.host, network->second, result.asked_at);
                    }
                }
                with(result.host, [&](auto& host) { host.on_probe(now, result, effects); });
            },
            [&](const SentinelResult& result) { house_->vantage.on_sentinel(result, effects); },
            [&](const Goodbye& goodbye) {
                with(goodbye.host, [&](auto& host) { host.on_goodbye(now, goodbye, effects); });
            },
            [&](const Recorded& recorded) { on_recorded(now, recorded, effects); },
            [&](const PowerAnswer& answer) {
                with(answer.host, [&](auto& host) { host.on_power(now, answer.reply, effects); });
            },
            [&](const NovaAnswer& answer) {
                with(answer.host, [&](auto& host) { host.on_nova(now, answer, effects); });
            },
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
    notice_stall(now, effects);
    for (auto& [name, host] : house_->hosts) {
        host.on_time(now, effects);
    }
    return effects;
}

Instant Fleet::deadline() const
{
    auto first = house_->vantage.deadline();
    for (const auto& [name, host] : house_->hosts) {
        if (const auto at = host.deadline()) {
            first = std::min(first, *at);
        }
    }
    return first;
}

void Fleet::notice_stall(Instant now, Effects& effects)
{
    if (const auto stalled = house_->vantage.observe(now)) {
        char text[96];
        std::snprintf(text, sizeof text,
                      "knelld itself was stopped for %.1f s; what it missed meanwhile is void",
                      std::chrono::duration<double>(*stalled).count());
        effects.push_back(
            Notice{Notice::Weight::warning, "KNELL_STALLED", std::nullopt, EpisodeId{0}, text});
        for (auto& [name, host] : house_->hosts) {
            host.on_stall(now);
        }
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

void Fleet::on_order(Instant now, const OperatorOrder& order, Effects& effects)
{
    using What = OperatorOrder::What;
    if (order.what == What::arm || order.what == What::disarm) {
        return set_mode(order, effects);
    }
    if (order.what == What::readmit) {
        return readmit_all(now, order, effects);
    }
    const auto found = order.host ? house_->hosts.find(*order.host) : house_->hosts.end();
    if (found == house_->hosts.end()) {
        effects.push_back(Answer{
            order.id, false, "no such host in the inventory; names are exact, as Nova has them"});
        return;
    }
    found->second.on_order(now, order, effects);
}

void Fleet::set_mode(const OperatorOrder& order, Effects& effects)
{
    const bool arm = order.what == OperatorOrder::What::arm;
    house_->gate.set_mode(arm ? Mode::armed : Mode::observe, order.by);
    const std::string text = arm ? "armed: failed hosts will be fenced"
                                 : "observing: nothing will be fenced until `knellctl arm`";
    const auto attempt = house_->ids.next_attempt();
    effects.push_back(Notice{Notice::Weight::warning, "MODE_CHANGED", std::nullopt, EpisodeId{0},
                             text + ", by " + order.by});
    effects.push_back(
        Record{{arm ? JournalEntry::What::armed : JournalEntry::What::disarmed, std::nullopt,
                EpisodeId{0}, std::nullopt, std::nullopt, order.by, order.reason},
               attempt});
    house_->answers.emplace_back(attempt, Answer{order.id, true, text});
}

void Fleet::readmit_all(Instant now, const OperatorOrder& order, Effects& effects)
{
    std::string released;
    std::string waiting;
    for (auto& [name, host] : house_->hosts) {
        if (host.state() != HostState::returning) {
            continue;
        }
        host.on_order(now, order, effects);
        auto& list = host.state() == HostState::readmitting ? released : waiting;
        list += (list.empty() ? "" : ", ") + name.get();
    }
    std::string text = released.empty() ? "no host is eligible for readmission"
                                        : "clearing our flag on " + released;
    if (!waiting.empty()) {
        text += "; not yet well: " + waiting;
    }
    effects.push_back(Notice{Notice::Weight::info,
                             released.empty() ? "ORDER_REFUSED" : "ORDER_ACCEPTED", std::nullopt,
                             EpisodeId{0}, order.by + ": " + text});
    effects.push_back(Answer{order.id, !released.empty(), text});
}

FleetView Fleet::view() const
{
    FleetView view;
    view.mode = house_->gate.mode();
    view.mode_by = house_->gate.mode_by();
    view.vantage = house_->vantage.doubt();
    view.clear = view.vantage.empty();
    view.budget = house_->gate.budget();
    view.budget_used = house_->gate.budget_used();
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
