// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/assert.hpp"
#include "core/fleet_house.hpp"

#include <algorithm>
#include <utility>

namespace knell {

namespace {

/// In a message; the rest are counted.
constexpr std::size_t named_most = 5;

const HostPolicy* find(const Policy& policy, const HostId& host)
{
    const auto found = std::find_if(policy.hosts.begin(), policy.hosts.end(),
                                    [&](const auto& one) { return one.host == host; });
    return found == policy.hosts.end() ? nullptr : &*found;
}

/// What would become of a host; empty: it stays as it is.
std::string fate_of(const HostPolicy& host, const HostPolicy* wanted, const Moves& moves)
{
    if (wanted == nullptr) {
        return "removed";
    }
    if (*wanted != host) {
        return "changed";
    }
    if (moves.monitors.count(host.host) > 0) {
        return "watched at another address, or with another key";
    }
    return moves.devices.count(host.host) > 0 ? "fenced at another address" : "";
}

/// Of this host, those that look elsewhere from now on.
std::set<MonitorId> moved(const Moves& moves, const HostId& host)
{
    const auto found = moves.monitors.find(host);
    return found == moves.monitors.end() ? std::set<MonitorId>{} : found->second;
}

} // namespace

void Fleet::House::await(Instant now, const Moves& moves)
{
    for (const auto& [name, monitors] : moves.monitors) {
        awaited[name].insert(monitors.begin(), monitors.end());
        awaited_since = now;
    }
}

/// Once, and of a host that is heard otherwise: one that is not is HOST_UNSEEN.
void Fleet::House::tell_of_the_unheard(Instant now, Effects& effects)
{
    if (awaited.empty() || now - awaited_since < commons.unseen_alarm) {
        return;
    }
    std::string names;
    std::size_t unheard = 0;
    for (const auto& [name, monitors] : std::exchange(awaited, {})) {
        const auto* host = find(name);
        if (host == nullptr || host->state() == HostState::unseen) {
            continue;
        }
        for (const auto& monitor : host->view().monitors) {
            if (monitors.count(monitor.id) == 0 || monitor.state != "unseen") {
                continue;
            }
            if (++unheard <= named_most) {
                names += (names.empty() ? "" : ", ") + name.get() + " " + monitor.id.get();
            }
        }
    }
    if (unheard == 0) {
        return;
    }
    const auto more = unheard > named_most
                          ? " and " + std::to_string(unheard - named_most) + " more"
                          : std::string{};
    effects.push_back(
        Notice{Notice::Weight::warning, "KNELL_RELOADED", std::nullopt, EpisodeId{0},
               "nothing was heard of " + names + more +
                   " since a reload gave them another address, key or interval; until they are "
                   "heard they speak neither for their hosts nor against them"});
}

/// The file's mode counts while no operator has ordered one.
void Fleet::adopt(const GatePolicy& policy, Effects& effects)
{
    const auto before = house_->gate.mode();
    house_->gate.adopt(policy);
    if (house_->gate.mode() != before) {
        effects.push_back(Notice{Notice::Weight::warning, "MODE_CHANGED", std::nullopt,
                                 EpisodeId{0},
                                 meaning_of(house_->gate.mode()) + ", by the configuration"});
        stop_commands(effects);
    }
}

std::vector<std::string> Fleet::objections(const Policy& policy, const Moves& moves) const
{
    std::vector<std::string> all;
    for (const auto& [name, host] : house_->hosts) {
        const auto engaged = host.engaged();
        const auto fate = engaged.empty() ? "" : fate_of(host.policy(), find(policy, name), moves);
        if (!fate.empty()) {
            all.push_back(name.get() + " is " + engaged + " and would be " + fate +
                          "; wait until it is over, or `knellctl host release " + name.get() + "`");
        }
    }
    return all;
}

Effects Fleet::reload(Instant now, const Policy& policy, const Moves& moves)
{
    KNELL_ASSERT(objections(policy, moves).empty());
    Effects effects;
    enter(now, effects);
    house_->vantage.adopt(policy.vantage, pace_of(policy));
    adopt(policy.gate, effects);
    house_->commons.nova = policy.nova;
    house_->commons.logins = policy.logins;
    house_->commons.unseen_alarm = policy.unseen_alarm;
    for (const auto& [name, host] : house_->hosts) {
        if (auto work = host.ordered_work(now); work && find(policy, name) == nullptr) {
            work->left += now - house_->begun_at; // as long as it was then
            house_->past.planned.insert_or_assign(name, *work);
        }
    }
    std::erase_if(house_->hosts,
                  [&](const auto& one) { return find(policy, one.first) == nullptr; });
    house_->learn_networks(policy);
    auto after = Duration::zero();
    for (const auto& wanted : policy.hosts) {
        if (auto* host = house_->find(wanted.host)) {
            const auto monitors = moved(moves, wanted.host);
            if (wanted != host->policy() || !monitors.empty()) {
                host->adopt(now, wanted, monitors);
            }
            continue;
        }
        const auto added =
            house_->hosts.emplace(wanted.host, HostMachine{wanted, house_->commons}).first;
        added->second.begin(now, after);
        after += device_stagger;
    }
    house_->await(now, moves);
    house_->recall(now, effects);
    return effects;
}

} // namespace knell
