// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fleet_house.hpp"

#include <algorithm>

namespace knell {

namespace {

const HostPolicy* find(const Policy& policy, const HostId& host)
{
    const auto found = std::find_if(policy.hosts.begin(), policy.hosts.end(),
                                    [&](const auto& one) { return one.host == host; });
    return found == policy.hosts.end() ? nullptr : &*found;
}

} // namespace

/// The file's mode counts while no operator has ordered one.
void Fleet::adopt(const GatePolicy& policy, Effects& effects)
{
    const auto before = house_->gate.mode();
    house_->gate.adopt(policy);
    if (house_->gate.mode() != before) {
        effects.push_back(Notice{Notice::Weight::warning, "MODE_CHANGED", std::nullopt,
                                 EpisodeId{0},
                                 meaning_of(house_->gate.mode()) + ", by the configuration"});
        stop_power_commands(effects);
    }
}

std::variant<Effects, std::vector<std::string>> Fleet::reload(Instant now, const Policy& policy)
{
    Effects effects;
    enter(now, effects);
    std::vector<std::string> refusals;
    for (const auto& [name, host] : house_->hosts) {
        const auto* wanted = find(policy, name);
        const auto engaged = host.engaged();
        if (!engaged.empty() && (wanted == nullptr || *wanted != host.policy())) {
            refusals.push_back(name.get() + " is " + engaged + " and would be " +
                               (wanted == nullptr ? "removed" : "changed") +
                               "; wait until it is over, or `knellctl host release " + name.get() +
                               "`");
        }
    }
    if (!refusals.empty()) {
        return refusals;
    }
    house_->vantage.adopt(policy.vantage, pace_of(policy));
    adopt(policy.gate, effects);
    house_->commons.nova = policy.nova;
    house_->commons.logins = policy.logins;
    house_->commons.unseen_alarm = policy.unseen_alarm;
    for (const auto& [name, host] : house_->hosts) {
        if (const auto work = host.ordered_work(now); work && find(policy, name) == nullptr) {
            house_->set_aside.insert_or_assign(name, std::pair{now, *work});
        }
    }
    std::erase_if(house_->hosts,
                  [&](const auto& one) { return find(policy, one.first) == nullptr; });
    house_->learn_networks(policy);
    auto after = Duration::zero();
    for (const auto& wanted : policy.hosts) {
        if (auto* host = house_->find(wanted.host)) {
            if (wanted != host->policy()) {
                host->adopt(wanted);
            }
            continue;
        }
        const auto added =
            house_->hosts.emplace(wanted.host, HostMachine{wanted, house_->commons}).first;
        added->second.begin(now, after);
        after += device_stagger;
        if (auto planned = house_->set_aside.extract(wanted.host)) {
            auto& [since, work] = planned.mapped();
            work.left -= now - since;
            added->second.recall_planned(now, work, effects);
        }
    }
    for (auto& [name, host] : house_->hosts) {
        host.compare_logins(now, {}, effects);
    }
    return effects;
}

} // namespace knell
