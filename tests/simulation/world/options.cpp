// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/options.hpp"

#include "tests/simulation/world/dice.hpp"

#include <cstdio>
#include <sstream>

namespace knell::sim {

namespace {

double seconds(Duration duration)
{
    return std::chrono::duration<double>(duration).count();
}

MonitorPolicy monitor(MonitorKind kind, const NetworkId& network, Dice& dice)
{
    const bool icmp = kind == MonitorKind::icmp;
    return {MonitorId{(icmp ? "icmp@" : "heartbeat@") + network.get()},
            kind,
            network,
            icmp ? 500ms : 1s,
            icmp ? 5U + static_cast<unsigned>(dice.below(2)) : 3U,
            2};
}

HostPolicy draw_host(unsigned number, const Options& options, const HostPolicy& common, Dice& dice)
{
    HostPolicy host = common;
    host.host = HostId{"compute" + std::to_string(number)};
    host.devices = {DeviceId{"bmc" + std::to_string(number)}};
    char guid[40];
    std::snprintf(guid, sizeof guid, "00000000-0000-4000-8000-%012u", number);
    if (!dice.chance(0.2)) {
        host.identity = SystemUuid{guid};
    } // else it is learned from the agent
    host.domains = {DomainId{"rack" + std::to_string(number % options.racks)}};
    host.precious = number > 2 && dice.chance(0.05) ? "the billing database lives here" : "";
    return host;
}

HostPolicy draw_common(const Options& options, Dice& dice)
{
    HostPolicy host{HostId{""}};
    for (unsigned n = 0; n < options.networks; ++n) {
        const NetworkId network{"net" + std::to_string(n)};
        host.monitors.push_back(monitor(MonitorKind::icmp, network, dice));
        host.monitors.push_back(monitor(MonitorKind::heartbeat, network, dice));
    }
    if (options.networks > 1 && dice.chance(0.3)) {
        host.rule.kind = VerdictRule::Kind::at_least;
        host.rule.count = 1;
        if (dice.chance(0.5)) {
            host.rule.vetoes = {MonitorId{"heartbeat@net0"}};
        }
    }
    host.fence.poll = 500ms;
    host.fence.settle = dice.chance(0.5) ? 2s : 4s;
    host.fence.readings = 2 + static_cast<unsigned>(dice.below(2));
    host.fence.reply = 5s;
    host.fence.per_device = 20s;
    host.fence.fresh = 2s;
    host.fence.retry = 10s;
    host.fence.watch = 10s;
    host.fence.inspect = dice.chance(0.5) ? 3min : Duration{10min};
    host.auto_readmit = !dice.chance(0.1);
    host.hold_down = dice.between(5s, 20s);
    host.userspace.warning = 3s;
    host.userspace.patience = 10s;
    host.userspace.action =
        dice.chance(0.3) ? UserspacePolicy::Action::fence : UserspacePolicy::Action::warn;
    host.goodbye_grace = 90s;
    host.power_on = dice.chance(0.3);
    host.flap_limit = dice.chance(0.3) ? 2 : 0;
    host.flap_window = 10min;
    return host;
}

Policy draw_policy(const Options& options, Dice& dice)
{
    Policy policy;
    const auto common = draw_common(options, dice);
    for (unsigned i = 1; i <= options.wanted.hosts; ++i) {
        policy.hosts.push_back(draw_host(i, options, common, dice));
    }
    policy.gate.mode = Mode::armed;
    policy.gate.budget = 1 + static_cast<unsigned>(dice.below(4));
    policy.gate.budget_window = dice.between(1min, 4min);
    policy.gate.down_most = dice.chance(0.2) ? 2 : 0;
    policy.gate.storm_hosts = dice.chance(0.5) ? 3 : 0;
    policy.gate.storm_share = dice.chance(0.3) ? 50 : 0;
    for (unsigned i = 0; i < options.racks; ++i) {
        const bool hold = dice.chance(0.5);
        policy.gate.domains.push_back(
            {DomainId{"rack" + std::to_string(i)},
             hold ? DomainPolicy::Action::hold : DomainPolicy::Action::fence, 2,
             1 + static_cast<unsigned>(dice.below(3))});
    }
    if (!dice.chance(0.15)) {
        for (unsigned n = 0; n < options.networks; ++n) {
            const auto name = "sentinel" + std::to_string(n);
            policy.vantage.sentinels.push_back(
                {SentinelId{name}, NetworkId{"net" + std::to_string(n)}, 500ms});
        }
    }
    policy.vantage.need = 1;
    policy.vantage.stall = dice.chance(0.5) ? 1s : 500ms;
    policy.nova = {3s, 1s, 8s, dice.between(20s, 60s), dice.between(10s, 30s)};
    policy.unseen_alarm = 30s;
    return policy;
}

} // namespace

std::string Wanted::command() const
{
    std::ostringstream text;
    text << "knell_sim --seed " << seed << " --hosts " << hosts << " --hours " << hours;
    if (!without.empty()) {
        text << " --without ";
        for (const auto fault : without) {
            text << (fault == *without.begin() ? "" : ",") << name_of(fault);
        }
    }
    return text.str();
}

Options draw(const Wanted& wanted)
{
    Dice dice{wanted.seed, "options"};
    Options options;
    options.wanted = wanted;
    // Some worlds have few faults, so that each can show itself undisturbed, and some have many.
    const double share = std::array{0.1, 0.25, 0.5, 0.8}[dice.below(4)];
    for (const auto& [fault, name] : fault_names) {
        // Newer ones are drawn apart, so that the worlds of older seeds stay what they were.
        const bool has =
            fault >= Fault::sleep ? Dice{wanted.seed, name}.chance(share) : dice.chance(share);
        if ((has || fault == Fault::power_cut) && !wanted.without.contains(fault)) {
            options.faults.insert(fault);
        }
    }
    options.racks = 1 + static_cast<unsigned>(dice.below(3));
    options.networks = 1 + static_cast<unsigned>(dice.below(2));
    const double loss = std::array{0.001, 0.01, 0.02}[dice.below(3)];
    options.loss = options.has(Fault::loss) ? loss : 0;
    const auto jitter = dice.between(1ms, 80ms);
    options.jitter = options.has(Fault::jitter) ? jitter : 1ms;
    options.boot_time = dice.between(8s, 30s);
    options.nova_version = std::array{"2.93", "2.93", "2.69", "2.53", "2.11"}[dice.below(5)];
    options.token_lifetime = dice.chance(0.5) ? Duration{1h} : 3min;
    options.staleness = dice.between(1s, 10s);
    options.pace = std::array{0.5, 1.0, 2.0}[dice.below(3)];
    options.policy = draw_policy(options, dice);
    options.nova_lateness = options.policy.nova.request_lifetime - 5s;
    return options;
}

std::string write(const Options& options)
{
    std::ostringstream text;
    const auto& policy = options.policy;
    const auto& host = policy.hosts.front();
    text << "seed " << options.wanted.seed << ": " << options.wanted.hosts << " hosts in "
         << options.racks << " racks on " << options.networks << " networks, "
         << options.wanted.hours << " h of chaos\n  faults:";
    for (const auto fault : options.faults) {
        text << ' ' << name_of(fault);
    }
    text << "\n  loss " << options.loss << ", jitter " << seconds(options.jitter)
         << " s, boot time " << seconds(options.boot_time) << " s, pace of faults " << options.pace
         << "\n  Nova " << options.nova_version << ", request lifetime "
         << seconds(policy.nova.request_lifetime) << " s, staleness " << seconds(options.staleness)
         << " s, tokens live " << seconds(options.token_lifetime) << " s\n  budget "
         << policy.gate.budget << " in " << seconds(policy.gate.budget_window)
         << " s, down at most " << policy.gate.down_most << ", storm " << policy.gate.storm_hosts
         << " hosts or " << policy.gate.storm_share << " %, sentinels "
         << policy.vantage.sentinels.size() << ", stall " << seconds(policy.vantage.stall)
         << " s\n  rule "
         << (host.rule.kind == VerdictRule::Kind::at_least ? "at least 1" : "all silent")
         << (host.rule.vetoes.empty() ? "" : " with a veto") << ", hold_down "
         << seconds(host.hold_down) << " s, "
         << (host.auto_readmit ? "readmits" : "readmission by hand") << ", "
         << (host.power_on ? "switches on" : "does not switch on") << ", dead user space "
         << (host.userspace.action == UserspacePolicy::Action::fence ? "is fenced" : "is told")
         << ", flap limit " << host.flap_limit << ", settle " << seconds(host.fence.settle)
         << " s of " << host.fence.readings << " readings\n";
    for (const auto& one : policy.hosts) {
        if (!one.precious.empty() || !one.identity) {
            text << "  " << one.host.get() << (one.precious.empty() ? "" : " is precious")
                 << (one.identity ? "" : " has no guid in the inventory") << '\n';
        }
    }
    return text.str();
}

} // namespace knell::sim
