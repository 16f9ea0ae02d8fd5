// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/difference.hpp"
#include "desk.hpp"

#include <functional>

namespace knell::config {
namespace {

using Change = std::function<void(Config&)>;

/// A reload shows and takes what settings_of() lists. A member that it forgot would change in
/// silence, so here each one changes alone. Where a count below no longer compiles, a member has
/// come that settings_of() and this table should have too.
class DifferenceOfMembers : public Desk {
protected:
    void expect_each_to_show(const std::vector<Change>& changes) const
    {
        const std::string text = R"(networks: [mgmt]
sentinels: {targets: [{name: gateway, network: mgmt, address: 10.0.0.250}]}
heartbeat: {site_key: {file: secrets/site.key}}
monitors: {tcp: {port: 9}, channel: {port: 7413}}
failure_domains: {rack1: {together: 2}}
verdict: {rule: [{mgmt: silent, then: dead}]}
hosts:
  - name: a
    addresses: {mgmt: 10.0.0.1}
    failure_domains: [rack1]
    fence: [{address: 10.0.1.1, username: u, password: {file: secrets/bmc}, k_g: {file: secrets/bmc}}]
  - {name: b, failure_domains: [rack1], addresses: {mgmt: 10.0.0.2}}
)";
        const Config before = good(text);
        for (std::size_t i = 0; i < changes.size(); ++i) {
            Config after = before;
            changes[i](after);
            EXPECT_FALSE(difference(before, after).none()) << "change " << i;
        }
    }
};

TEST_F(DifferenceOfMembers, shows_every_member_of_a_hosts_policy)
{
    const HostPolicy counted{HostId{"a"}};
    const auto& [host, monitors, devices, fence, identity_check, identity, readmit, hold_down,
                 userspace, goodbye, rule, domains, precious, power_on, flap_limit, flap_window] =
        counted;
    (void)host, (void)monitors, (void)devices, (void)fence, (void)identity_check, (void)identity;
    (void)readmit, (void)hold_down, (void)userspace, (void)goodbye, (void)rule, (void)domains;
    (void)precious, (void)power_on, (void)flap_limit, (void)flap_window;
    const auto of = [](auto change) {
        return [change](Config& config) { change(config.policy.hosts[0]); };
    };
    expect_each_to_show({
        of([](HostPolicy& x) { x.monitors.pop_back(); }),
        of([](HostPolicy& x) { x.fence.settle += 1s; }),
        of([](HostPolicy& x) { x.identity_check = IdentityCheck::unchecked; }),
        of([](HostPolicy& x) { x.identity = SystemUuid{"u"}; }),
        of([](HostPolicy& x) { x.auto_readmit = false; }),
        of([](HostPolicy& x) { x.hold_down += 1s; }),
        of([](HostPolicy& x) { x.userspace.warning += 1s; }),
        of([](HostPolicy& x) { x.userspace.action = UserspacePolicy::Action::fence; }),
        of([](HostPolicy& x) { x.goodbye_grace += 1s; }),
        of([](HostPolicy& x) { x.rule = {}; }),
        of([](HostPolicy& x) { x.rule.rows[0].dead = false; }),
        of([](HostPolicy& x) { x.rule.rows[0].cells.clear(); }),
        of([](HostPolicy& x) { x.rule.vetoes.emplace_back("icmp@mgmt"); }),
        of([](HostPolicy& x) { x.domains.clear(); }),
        of([](HostPolicy& x) { x.precious = "why"; }),
        of([](HostPolicy& x) { x.power_on = true; }),
        of([](HostPolicy& x) { ++x.flap_limit; }),
        of([](HostPolicy& x) { x.flap_window += 1s; }),
    });
}

TEST_F(DifferenceOfMembers, shows_every_member_of_fence_timing)
{
    const FenceTiming counted;
    const auto& [poll, settle, readings, reply, per_device, fresh, retry, watch, inspect] = counted;
    (void)poll, (void)settle, (void)readings, (void)reply, (void)per_device, (void)fresh;
    (void)retry, (void)watch, (void)inspect;
    const auto of = [](auto change) {
        return [change](Config& config) { change(config.policy.hosts[0].fence); };
    };
    expect_each_to_show({
        of([](FenceTiming& x) { x.poll += 1s; }),
        of([](FenceTiming& x) { x.settle += 1s; }),
        of([](FenceTiming& x) { ++x.readings; }),
        of([](FenceTiming& x) { x.reply += 1s; }),
        of([](FenceTiming& x) { x.per_device += 1s; }),
        of([](FenceTiming& x) { x.fresh += 1s; }),
        of([](FenceTiming& x) { x.retry += 1s; }),
        of([](FenceTiming& x) { x.watch += 1s; }),
        of([](FenceTiming& x) { x.inspect = 0s; }),
    });
}

TEST_F(DifferenceOfMembers, shows_every_member_of_a_monitor_and_its_target)
{
    const MonitorPolicy counted{MonitorId{"m"}, MonitorKind::icmp, NetworkId{"n"}};
    const auto& [id, kind, network, interval, fall, rise] = counted;
    (void)id, (void)kind, (void)network, (void)interval, (void)fall, (void)rise;
    const auto of = [](auto change) {
        return [change](Config& config) { change(config.policy.hosts[0].monitors[0]); };
    };
    expect_each_to_show({
        of([](MonitorPolicy& x) { x.id = MonitorId{"other"}; }),
        of([](MonitorPolicy& x) { x.interval += 1ms; }),
        of([](MonitorPolicy& x) { ++x.fall; }),
        of([](MonitorPolicy& x) { ++x.rise; }),
        [](Config& x) { x.icmp_targets[1].patience += 1ms; },
        [](Config& x) { x.icmp_targets[1].dense_interval += 1ms; },
        [](Config& x) { ++x.tcp_targets[0].port; },
        [](Config& x) { ++x.channel_targets[0].port; },
        [](Config& x) { x.channel_targets[0].address = "10.0.0.9"; },
        [](Config& x) { x.channel_targets.clear(); },
        [](Config& x) { x.tcp_targets[0].patience += 1ms; },
        [](Config& x) { x.tcp_targets[0].dense_interval += 1ms; },
    });
}

TEST_F(DifferenceOfMembers, shows_every_member_of_the_gate)
{
    const GatePolicy counted;
    const auto& [mode, budget, window, down, storm_hosts, storm_share, domains, disabled,
                 storm_within, nova_lost] = counted;
    const DomainPolicy domain{DomainId{"d"}};
    const auto& [id, action, together, domain_budget] = domain;
    (void)mode, (void)budget, (void)window, (void)down, (void)storm_hosts, (void)storm_share;
    (void)storm_within, (void)nova_lost;
    (void)domains, (void)disabled, (void)id, (void)action, (void)together, (void)domain_budget;
    const auto of = [](auto change) {
        return [change](Config& config) { change(config.policy.gate); };
    };
    expect_each_to_show({
        of([](GatePolicy& x) { x.mode = Mode::armed; }),
        of([](GatePolicy& x) { ++x.budget; }),
        of([](GatePolicy& x) { x.budget_window += 1s; }),
        of([](GatePolicy& x) { ++x.down_most; }),
        of([](GatePolicy& x) { ++x.storm_hosts; }),
        of([](GatePolicy& x) { ++x.storm_share; }),
        of([](GatePolicy& x) { x.storm_within += 1s; }),
        of([](GatePolicy& x) { x.nova_lost = GatePolicy::NovaLost::fence; }),
        of([](GatePolicy& x) { x.domains.clear(); }),
        of([](GatePolicy& x) { x.domains[0].action = DomainPolicy::Action::fence; }),
        of([](GatePolicy& x) { ++x.domains[0].together; }),
        of([](GatePolicy& x) { ++x.domains[0].budget; }),
        of([](GatePolicy& x) { x.respect_disabled = false; }),
    });
}

TEST_F(DifferenceOfMembers, shows_every_other_member_of_the_site)
{
    const Policy counted;
    const auto& [hosts, gate, vantage, nova, logins, unseen] = counted;
    const auto& [sentinels, need, stall] = vantage;
    const auto& [reply, retry, retry_most, lifetime, watch] = nova;
    (void)hosts, (void)gate, (void)unseen, (void)sentinels, (void)need, (void)stall, (void)reply;
    (void)retry, (void)retry_most, (void)lifetime, (void)watch;
    (void)logins; // marks of what `devices` has
    expect_each_to_show({
        [](Config& x) { x.policy.unseen_alarm += 1s; },
        [](Config& x) { x.policy.vantage.sentinels.clear(); },
        [](Config& x) { x.policy.vantage.sentinels[0].network = NetworkId{"other"}; },
        [](Config& x) { x.policy.vantage.sentinels[0].interval += 1ms; },
        [](Config& x) { x.icmp_targets[0].address = "10.0.0.251"; },
        [](Config& x) { x.icmp_targets[0].patience += 1ms; },
        [](Config& x) { ++x.policy.vantage.need; },
        [](Config& x) { x.policy.vantage.stall += 1ms; },
        [](Config& x) { x.policy.nova.reply += 1s; },
        [](Config& x) { x.policy.nova.retry += 1s; },
        [](Config& x) { x.policy.nova.retry_most += 1s; },
        [](Config& x) { x.policy.nova.request_lifetime += 1s; },
        [](Config& x) { x.policy.nova.watch += 1s; },
        [](Config& x) { x.state = "/other"; },
        [](Config& x) { x.fence_helper = "/other"; },
        [](Config& x) { x.metrics->port = 1; },
        [](Config& x) { x.heartbeat_listen[0].port = 1; },
        [](Config& x) { x.control.socket = "/other"; },
        [](Config& x) { x.control.readers = {"staff"}; },
        [](Config& x) { x.control.operators = {"wheel"}; },
        [](Config& x) { x.nova.cloud = "other"; },
        [](Config& x) { x.nova.clouds_file = "/other"; },
        [](Config& x) { x.nova.region = "other"; },
        [](Config& x) { x.nova.interface = "admin"; },
        [](Config& x) { x.nova.endpoint_override = "http://other"; },
    });
}

TEST_F(DifferenceOfMembers, shows_every_member_of_a_host_and_its_devices)
{
    using Device = fencing::IpmiDevice;
    const auto of = [](auto change) {
        return [change](Config& config) { change(config.hosts[0].devices[0]); };
    };
    expect_each_to_show({
        [](Config& x) { x.hosts[0].group = "other"; },
        [](Config& x) { x.hosts[0].addresses.begin()->second = "10.0.0.9"; },
        [](Config& x) { x.hosts[0].heartbeat_key = Secret{"other"}; },
        [](Config& x) { x.hosts[0].heartbeat_key.reset(); },
        of([](Device& x) { x.id = DeviceId{"other"}; }),
        of([](Device& x) { x.address = "10.0.1.9"; }),
        of([](Device& x) { ++x.port; }),
        of([](Device& x) { x.username = "v"; }),
        of([](Device& x) { x.password = Secret{"other"}; }),
        of([](Device& x) { x.k_g = Secret{"other"}; }),
        of([](Device& x) { x.k_g.reset(); }),
        of([](Device& x) { x.cipher_suites = {3}; }),
        of([](Device& x) { x.privilege = fencing::Privilege::administrator; }),
        of([](Device& x) { x.workarounds = {"opensesspriv"}; }),
        of([](Device& x) { x.session_timeout += 1ms; }),
        of([](Device& x) { x.retransmission_timeout += 1ms; }),
    });
}

} // namespace
} // namespace knell::config
