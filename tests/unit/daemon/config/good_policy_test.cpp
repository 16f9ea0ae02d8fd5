// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk.hpp"

#include <gmock/gmock.h>

namespace knell::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Cell = VerdictRule::Cell;
using Kind = VerdictRule::Kind;

const std::string head = "networks: [mgmt, storage]\n"
                         "heartbeat: {site_key: {file: secrets/site.key}}\n";
const std::string two_hosts =
    "hosts:\n"
    "  - {name: a, addresses: {mgmt: 10.0.0.1, storage: 10.0.2.1}}\n"
    "  - {name: b, addresses: {mgmt: 10.0.0.2, storage: 10.0.2.2}, MORE}\n";

std::string with(std::string more)
{
    std::string text = two_hosts;
    return text.replace(text.find(", MORE"), 6, (more.empty() ? "" : ", ") + more);
}

const MonitorPolicy& monitor(const HostPolicy& host, const std::string& id)
{
    for (const MonitorPolicy& each : host.monitors) {
        if (each.id.get() == id) {
            return each;
        }
    }
    throw std::out_of_range{id};
}

class GoodPolicy : public Desk {};

TEST_F(GoodPolicy, is_that_of_the_header_where_nothing_is_said)
{
    const Config config = good(head + with(""));
    EXPECT_EQ(config.policy.gate, GatePolicy{});
    EXPECT_EQ(config.policy.vantage, VantagePolicy{});
    EXPECT_EQ(config.policy.nova, NovaTiming{});
    EXPECT_EQ(config.policy.unseen_alarm, Policy{}.unseen_alarm);
    HostPolicy host = config.policy.hosts[1];
    host.monitors.clear();
    EXPECT_EQ(host, HostPolicy{HostId{"b"}});
    for (const MonitorPolicy& each : config.policy.hosts[1].monitors) {
        EXPECT_EQ(each, (MonitorPolicy{each.id, each.kind, each.network}));
    }
    const monitor::IcmpTarget usual{SentinelId{"any"}, {}};
    EXPECT_EQ(config.icmp_targets[0].interval, usual.interval);
    EXPECT_EQ(config.icmp_targets[0].patience, usual.patience);
    EXPECT_EQ(config.icmp_targets[0].dense_interval, usual.dense_interval);
    EXPECT_THAT(config.tcp_targets, IsEmpty());
    EXPECT_EQ(config.metrics, (ListenAddress{"127.0.0.1", 9712}));
}

TEST_F(GoodPolicy, holds_the_numbers_of_every_gate)
{
    const Config config = good(head + R"(
unseen_alarm: 90s
fencing:
  budget: {fences: 2, per: 5m, down: 6}
  storm: {hosts: 4, share: 25%, within: 5m}
  inspect: 3m
planned: {nova_disabled: ignore}
nova: {watch: 45s, unreachable: fence}
recovery: {power_on: true, flapping: {readmissions: 2, within: 30m}}
metrics: {listen: "[::1]:9999"}
)" + with("fencing: {inspect: never}, recovery: {power_on: false, flapping: {within: 2h}}"));
    EXPECT_EQ(config.policy.unseen_alarm, 90s);
    EXPECT_EQ(config.policy.gate.down_most, 6U);
    EXPECT_EQ(config.policy.gate.storm_hosts, 4U);
    EXPECT_EQ(config.policy.gate.storm_share, 25U);
    EXPECT_EQ(config.policy.gate.storm_within, 5min);
    EXPECT_EQ(config.policy.gate.nova_lost, GatePolicy::NovaLost::fence);
    EXPECT_FALSE(config.policy.gate.respect_disabled);
    EXPECT_EQ(config.policy.nova.watch, 45s);
    EXPECT_EQ(config.metrics, (ListenAddress{"::1", 9999}));
    const HostPolicy& a = config.policy.hosts[0];
    const HostPolicy& b = config.policy.hosts[1];
    EXPECT_EQ(a.fence.inspect, 3min);
    EXPECT_EQ(b.fence.inspect, 0s);
    EXPECT_TRUE(a.power_on);
    EXPECT_FALSE(b.power_on);
    EXPECT_EQ(a.flap_limit, 2U);
    EXPECT_EQ(b.flap_limit, 2U);
    EXPECT_EQ(a.flap_window, 30min);
    EXPECT_EQ(b.flap_window, 2h);
}

TEST_F(GoodPolicy, knows_the_words_for_none)
{
    const Config config =
        good(head +
             "metrics: none\nfencing: {budget: {down: none}, storm: {hosts: none, share: 10%}}\n" +
             with(""));
    EXPECT_EQ(config.metrics, std::nullopt);
    EXPECT_EQ(config.policy.gate.down_most, 0U);
    EXPECT_EQ(config.policy.gate.storm_hosts, 0U);
    EXPECT_EQ(config.policy.gate.storm_share, 10U);
    const Config calm = good(head + "fencing: {storm: none}\n" + with(""));
    EXPECT_EQ(calm.policy.gate.storm_hosts, 0U);
    EXPECT_EQ(calm.policy.gate.storm_share, 0U);
}

TEST_F(GoodPolicy, of_a_domain_is_the_default_unless_it_is_written)
{
    const Config config = good(head + R"(
failure_domains:
  rack1: {together: 3, then: fence, budget: 2}
groups:
  g: {failure_domains: [rack1, "pdu-{n}"]}
  old: {failure_domain: rack2}
hosts:
  - {name: "c[1-4]", group: g, addresses: {mgmt: "10.0.0.{n}"}}
  - {name: d, group: old, addresses: {mgmt: 10.0.0.11}}
  - {name: e, group: old, addresses: {mgmt: 10.0.0.12}, failure_domain: rack3}
  - {name: f, group: old, addresses: {mgmt: 10.0.0.13}, failure_domains: []}
)");
    const auto& hosts = config.policy.hosts;
    EXPECT_THAT(hosts[1].domains, ElementsAre(DomainId{"rack1"}, DomainId{"pdu-2"}));
    EXPECT_THAT(hosts[4].domains, ElementsAre(DomainId{"rack2"}));
    EXPECT_THAT(hosts[5].domains, ElementsAre(DomainId{"rack3"}));
    EXPECT_THAT(hosts[6].domains, IsEmpty());
    EXPECT_THAT(config.policy.gate.domains,
                ElementsAre(DomainPolicy{DomainId{"pdu-1"}}, DomainPolicy{DomainId{"pdu-2"}},
                            DomainPolicy{DomainId{"pdu-3"}}, DomainPolicy{DomainId{"pdu-4"}},
                            DomainPolicy{DomainId{"rack1"}, DomainPolicy::Action::fence, 3, 2},
                            DomainPolicy{DomainId{"rack2"}}, DomainPolicy{DomainId{"rack3"}}));
}

TEST_F(GoodPolicy, spares_a_host_for_a_reason_and_a_host_may_take_its_groups_word_back)
{
    const Loaded loaded = load_text(head + R"(
sentinels: {targets: [{name: gateway, network: mgmt, address: 10.0.0.250}]}
groups: {g: {never_fence: "runs etcd on {host}"}}
hosts:
  - {name: a, group: g, addresses: {mgmt: 10.0.0.1}}
  - {name: b, group: g, addresses: {mgmt: 10.0.0.2}, never_fence: none}
)");
    ASSERT_TRUE(loaded.config.has_value()) << words(loaded);
    EXPECT_EQ(loaded.config->policy.hosts[0].precious, "runs etcd on a");
    EXPECT_EQ(loaded.config->policy.hosts[1].precious, "");
    ASSERT_THAT(loaded.diagnostics, SizeIs(1)) << "that it has no device is told of b alone";
    EXPECT_THAT(loaded.diagnostics[0].message, HasSubstr("host b has no fence device"));
}

TEST_F(GoodPolicy, never_fences_the_machine_that_knelld_runs_on_and_warns_of_it)
{
    surroundings_.own_addresses = {"127.0.0.1", "10.0.0.1", "fd00::5"};
    surroundings_.own_identity = "30313233-3435-3637-3839-616263646566";
    const Loaded loaded = load_text(head + R"(
sentinels: {targets: [{name: gateway, network: mgmt, address: 10.0.0.250}]}
groups: {g: {fence: [{type: ipmi, username: u, password: {file: secrets/bmc}, identity: unchecked}]}}
hosts:
  - {name: a1, group: g, addresses: {mgmt: 10.0.0.1}, fence: [{address: 10.0.1.1}]}
  - {name: a2, group: g, addresses: {mgmt: 10.0.0.2, storage: "fd00:0::5"}, fence: [{address: 10.0.1.2}]}
  - name: a3
    group: g
    addresses: {mgmt: 10.0.0.3}
    fence: [{address: 10.0.1.3, guid: 30313233-3435-3637-3839-616263646566, identity: required}]
  - {name: a4, group: g, addresses: {mgmt: 10.0.0.4}, fence: [{address: 10.0.1.4}]}
  - name: a5
    group: g
    addresses: {mgmt: 127.0.0.1}
    fence: [{address: 10.0.1.5}]
    never_fence: "runs knelld"
)");
    ASSERT_TRUE(loaded.config.has_value()) << words(loaded);
    const auto& hosts = loaded.config->policy.hosts;
    EXPECT_THAT(hosts[0].precious, HasSubstr("itself runs on it: 10.0.0.1 is an address of this"));
    EXPECT_THAT(hosts[1].precious, HasSubstr("fd00::5 is an address of this machine"));
    EXPECT_THAT(hosts[2].precious, HasSubstr("its `guid` is that of this machine"));
    EXPECT_EQ(hosts[3].precious, "");
    EXPECT_EQ(hosts[4].precious, "runs knelld") << "and no warning";
    ASSERT_THAT(loaded.diagnostics, SizeIs(3)) << words(loaded);
    EXPECT_THAT(loaded.diagnostics[0].message, HasSubstr("host a1 runs knelld itself"));
}

TEST(ThisMachine, knows_its_own_addresses)
{
    EXPECT_TRUE(of_this_process().own_addresses.contains("127.0.0.1"));
}

TEST_F(GoodPolicy, lets_user_space_die_where_it_is_told_to)
{
    const Config config = good(head + "monitors: {userspace: {warning: 5s, dead: 2m}}\n" +
                               with("monitors: {userspace: {dead: never}, icmp: {rise: 4}}"));
    EXPECT_EQ(config.policy.hosts[0].userspace,
              (UserspacePolicy{5s, UserspacePolicy::Action::fence, 2min}));
    EXPECT_EQ(config.policy.hosts[1].userspace.action, UserspacePolicy::Action::warn);
    EXPECT_EQ(config.policy.hosts[1].userspace.warning, 5s);
}

TEST_F(GoodPolicy, takes_the_old_name_of_a_setting_for_the_new_one)
{
    const Config over_old = good(head + "monitors: {userspace_warning: 9s}\n" +
                                 with("monitors: {userspace: {warning: 7s}}"));
    EXPECT_EQ(over_old.policy.hosts[0].userspace.warning, 9s);
    EXPECT_EQ(over_old.policy.hosts[1].userspace.warning, 7s);
    const Config over_new = good(head + "monitors: {userspace: {warning: 9s, dead: 1m}}\n" +
                                 with("monitors: {userspace_warning: 7s}"));
    EXPECT_EQ(over_new.policy.hosts[1].userspace.warning, 7s);
    EXPECT_EQ(over_new.policy.hosts[1].userspace.patience, 1min);
}

TEST_F(GoodPolicy, gives_a_host_the_connections_that_it_is_asked_for)
{
    const Config config =
        good(head + "monitors: {tcp: {port: 9, interval: 400ms, timeout: 100ms, rise: 2}}\n" +
             with("monitors: {tcp: none}"));
    ASSERT_THAT(config.tcp_targets, SizeIs(2));
    const monitor::TcpTarget& target = config.tcp_targets[1];
    EXPECT_EQ(target.subject, (monitor::HostProbe{HostId{"a"}, MonitorId{"tcp@storage"}}));
    EXPECT_EQ(target.address, "10.0.2.1");
    EXPECT_EQ(target.port, 9);
    EXPECT_EQ(target.interval, 400ms);
    EXPECT_EQ(target.patience, 100ms);
    EXPECT_EQ(target.dense_interval, 100ms);
    EXPECT_EQ(
        monitor(config.policy.hosts[0], "tcp@mgmt"),
        (MonitorPolicy{MonitorId{"tcp@mgmt"}, MonitorKind::tcp, NetworkId{"mgmt"}, 400ms, 5, 2}));
    EXPECT_THAT(config.policy.hosts[0].monitors, SizeIs(6));
    EXPECT_THAT(config.policy.hosts[1].monitors, SizeIs(4));
}

TEST_F(GoodPolicy, keeps_one_connection_to_each_agent_over_the_first_network_that_leads_there)
{
    const Config config = good(R"(
networks: [storage, mgmt]
heartbeat: {site_key: {file: secrets/site.key}}
monitors: {channel: {port: 7000}}
hosts:
  - {name: a, addresses: {mgmt: 10.0.0.1, storage: 10.0.2.1}}
  - {name: b, addresses: {mgmt: 10.0.0.2}, monitors: {channel: {}}}
  - {name: c, addresses: {mgmt: 10.0.0.3}, monitors: {channel: none}}
  - {name: d, addresses: {mgmt: 10.0.0.4}, monitors: {heartbeat: none}}
)");
    ASSERT_THAT(config.channel_targets, SizeIs(2)) << "no agent, no connection";
    EXPECT_EQ(config.channel_targets[0].host, HostId{"a"});
    EXPECT_EQ(config.channel_targets[0].address, "10.0.2.1");
    EXPECT_EQ(config.channel_targets[0].port, 7000);
    EXPECT_EQ(config.channel_targets[1].address, "10.0.0.2");
}

TEST_F(GoodPolicy, asks_a_host_in_doubt_at_the_pace_that_is_written)
{
    const Config config = good(head + "monitors: {icmp: {dense: 20ms}}\n" +
                               with("monitors: {icmp: {interval: 100ms, dense: 100ms}}"));
    EXPECT_EQ(config.icmp_targets[0].dense_interval, 20ms);
    EXPECT_EQ(config.icmp_targets[2].dense_interval, 100ms);
}

TEST_F(GoodPolicy, of_a_profile_is_a_set_of_defaults)
{
    const Config fast = good("profile: fast\n" + head + with(""));
    EXPECT_EQ(fast.policy.vantage.stall, 100ms);
    for (const MonitorPolicy& each : fast.policy.hosts[0].monitors) {
        EXPECT_LT(each.interval * each.fall, 400ms) << each.id.get();
        EXPECT_GT(each.interval * each.fall, fast.policy.vantage.stall) << each.id.get();
    }
    EXPECT_EQ(fast.icmp_targets[0].patience, 50ms);
    EXPECT_EQ(fast.icmp_targets[0].dense_interval, 25ms);

    const Config cautious = good("profile: cautious\n" + head + with(""));
    EXPECT_EQ(cautious.policy.vantage.stall, 250ms);
    for (const MonitorPolicy& each : cautious.policy.hosts[0].monitors) {
        EXPECT_EQ(each.interval * each.fall, 5s) << each.id.get();
    }
    EXPECT_EQ(monitor(cautious.policy.hosts[0], "heartbeat@mgmt").interval, 200ms);
    EXPECT_EQ(good("profile: default\n" + head + with("")).policy, good(head + with("")).policy);
}

TEST_F(GoodPolicy, of_a_profile_yields_to_what_is_written_beside_it_or_nearer)
{
    const Config config =
        good("profile: cautious\nstall: 1s\n" + head + "monitors: {icmp: {fall: 20}}\n" +
             with("monitors: {heartbeat: {fall: 30}}"));
    EXPECT_EQ(config.policy.vantage.stall, 1s);
    const HostPolicy& b = config.policy.hosts[1];
    EXPECT_EQ(monitor(b, "icmp@mgmt").fall, 20U);
    EXPECT_EQ(monitor(b, "icmp@mgmt").interval, 500ms);
    EXPECT_EQ(monitor(b, "heartbeat@mgmt").fall, 30U);
}

TEST_F(GoodPolicy, of_a_nearer_profile_speaks_over_numbers_written_farther_off)
{
    const Config config =
        good(head +
             "monitors: {icmp: {interval: 300ms, fall: 20}, tcp: {port: 9, fall: 20}}\n"
             "groups: {g: {monitors: {profile: cautious, heartbeat: none, icmp: {rise: 8}}}}\n" +
             with("group: g, monitors: {profile: fast, icmp: {rise: 9}}"));
    const HostPolicy& b = config.policy.hosts[1];
    EXPECT_EQ(monitor(b, "icmp@mgmt"), (MonitorPolicy{MonitorId{"icmp@mgmt"}, MonitorKind::icmp,
                                                      NetworkId{"mgmt"}, 50ms, 6, 9}));
    EXPECT_EQ(monitor(b, "tcp@mgmt").fall, 6U);
    EXPECT_EQ(config.tcp_targets[2].port, 9);
    EXPECT_THAT(b.monitors, SizeIs(4)) << "none stays none";
    EXPECT_EQ(monitor(config.policy.hosts[0], "icmp@mgmt").fall, 20U);
}

TEST_F(GoodPolicy, tells_a_rule_from_its_three_shapes)
{
    const Config config = good(head + R"(
verdict: {rule: {at_least: 2}}
groups:
  word: {verdict: {rule: all_silent}}
  table:
    verdict:
      rule:
        - {mgmt: silent, storage: silent, then: dead}
        - {mgmt: silent, storage: any, then: alive}
hosts:
  - {name: a, addresses: {mgmt: 10.0.0.1, storage: 10.0.2.1}}
  - {name: b, group: word, addresses: {mgmt: 10.0.0.2}}
  - {name: c, group: table, addresses: {mgmt: 10.0.0.3, storage: 10.0.2.3}}
)");
    const auto& hosts = config.policy.hosts;
    EXPECT_EQ(hosts[0].rule.kind, Kind::at_least);
    EXPECT_EQ(hosts[0].rule.count, 2U);
    EXPECT_EQ(hosts[1].rule, VerdictRule{});
    const NetworkId mgmt{"mgmt"};
    const NetworkId storage{"storage"};
    EXPECT_EQ(hosts[2].rule.kind, Kind::matrix);
    EXPECT_EQ(hosts[2].rule.count, 0U);
    EXPECT_THAT(hosts[2].rule.rows,
                ElementsAre(VerdictRule::Row{{{mgmt, Cell::silent}, {storage, Cell::silent}}, true},
                            VerdictRule::Row{{{mgmt, Cell::silent}, {storage, Cell::any}}, false}));
}

TEST_F(GoodPolicy, takes_a_veto_of_a_network_for_one_of_each_of_its_monitors)
{
    const Config config = good(head + R"(
monitors: {tcp: {port: 9}}
verdict: {veto: [storage]}
groups: {quiet: {monitors: {heartbeat: none, tcp: none}}}
hosts:
  - {name: a, addresses: {mgmt: 10.0.0.1, storage: 10.0.2.1}}
  - {name: b, group: quiet, addresses: {mgmt: 10.0.0.2, storage: 10.0.2.2}}
  - {name: c, addresses: {mgmt: 10.0.0.3, storage: 10.0.2.3}, verdict: {veto: [heartbeat@mgmt, mgmt]}}
  - {name: d, addresses: {mgmt: 10.0.0.4}, verdict: {veto: []}}
)");
    const auto& hosts = config.policy.hosts;
    EXPECT_THAT(hosts[0].rule.vetoes,
                ElementsAre(MonitorId{"icmp@storage"}, MonitorId{"heartbeat@storage"},
                            MonitorId{"tcp@storage"}));
    EXPECT_THAT(hosts[1].rule.vetoes, ElementsAre(MonitorId{"icmp@storage"}));
    EXPECT_THAT(hosts[2].rule.vetoes, ElementsAre(MonitorId{"heartbeat@mgmt"},
                                                  MonitorId{"icmp@mgmt"}, MonitorId{"tcp@mgmt"}));
    EXPECT_THAT(hosts[3].rule.vetoes, IsEmpty());
}

} // namespace
} // namespace knell::config
