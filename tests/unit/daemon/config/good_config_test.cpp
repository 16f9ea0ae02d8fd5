// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk.hpp"
#include "monitor/heartbeat_key.hpp"

#include <gmock/gmock.h>

namespace knell::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view whole = R"(
mode: armed
state: /srv/knell
control: {socket: /run/k, readers: [staff], operators: [wheel]}
networks: [mgmt, storage]
sentinels:
  targets:
    - {name: gateway, network: mgmt, address: 10.0.0.1}
  need: 1
stall: 200ms
monitors:
  icmp:      {interval: 100ms, timeout: 80ms, fall: 6, rise: 2}
  heartbeat: {interval: 250ms, fall: 4, rise: 2}
  userspace_warning: 5s
heartbeat:
  listen: ["0.0.0.0:7412", "[::]:7412"]
  site_key: {file: secrets/site.key}
fencing:
  helper: /opt/fence
  budget: {fences: 2, per: 5m}
  settle: 3s
  readings: 4
  poll: 1s
  reply: 10s
  per_device: 45s
  fresh: 1s
  retry: 20s
  watch: 7s
recovery: {automatic: false, hold_down: 90s, goodbye_grace: 5m}
nova: {cloud: lab, region: RegionOne, interface: internal, endpoint_override: "http://127.0.0.1:8774/v2.1", reply: 4s, retry: 2s, retry_most: 8s}
groups:
  rack1:
    failure_domain: pdu7
    monitors: {heartbeat: {fall: 8}}
    fencing: {reply: 12s}
    fence:
      - {type: ipmi, username: knell, password: {file: secrets/bmc}, cipher_suites: [3], privilege: administrator, workarounds: [opensesspriv]}
hosts:
  - name: compute1.example.org
    group: rack1
    addresses: {mgmt: 10.0.0.11, storage: "FD00:0::11"}
    monitors: {icmp: {fall: 9}}
    recovery: {automatic: true}
    fence: [{name: compute1-bmc, address: 10.0.1.11, port: 9623, guid: AAAAAAAA-2222-3333-4444-555555555555, k_g: {env: BMC_PASSWORD}}]
  - name: compute2
    addresses: {mgmt: 10.0.0.12}
    monitors: {heartbeat: none}
    fence: [{address: 10.0.1.12, username: root, password: {credential: bmc}, identity: unchecked}]
)";

class GoodConfig : public Desk {};

TEST_F(GoodConfig, every_number_of_the_site_arrives)
{
    const Config config = good(whole);
    EXPECT_EQ(config.policy.gate.mode, Mode::armed);
    EXPECT_EQ(config.policy.gate.budget, 2U);
    EXPECT_EQ(config.policy.gate.budget_window, 5min);
    EXPECT_EQ(config.policy.vantage.stall, 200ms);
    EXPECT_EQ(config.policy.vantage.need, 1U);
    ASSERT_THAT(config.policy.vantage.sentinels, SizeIs(1));
    EXPECT_EQ(config.policy.vantage.sentinels[0].id, SentinelId{"gateway"});
    EXPECT_EQ(config.policy.vantage.sentinels[0].network, NetworkId{"mgmt"});
    EXPECT_EQ(config.policy.nova.reply, 4s);
    EXPECT_EQ(config.policy.nova.retry, 2s);
    EXPECT_EQ(config.policy.nova.retry_most, 8s);
    EXPECT_EQ(config.state, "/srv/knell");
    EXPECT_EQ(config.control.socket, "/run/k");
    EXPECT_THAT(config.control.readers, ElementsAre("staff"));
    EXPECT_THAT(config.control.operators, ElementsAre("wheel"));
    EXPECT_EQ(config.fence_helper, "/opt/fence");
    EXPECT_EQ(config.nova.cloud, "lab");
    EXPECT_EQ(config.nova.region, "RegionOne");
    EXPECT_EQ(config.nova.interface, "internal");
    EXPECT_EQ(config.nova.endpoint_override, "http://127.0.0.1:8774/v2.1");
    EXPECT_THAT(config.heartbeat_listen,
                ElementsAre(ListenAddress{"0.0.0.0", 7412}, ListenAddress{"::", 7412}));
    EXPECT_THAT(config.files, ElementsAre("knell.yaml"));
}

TEST_F(GoodConfig, a_host_speaks_over_its_group_and_its_group_over_the_site)
{
    const Config config = good(whole);
    ASSERT_THAT(config.policy.hosts, SizeIs(2));
    const HostPolicy& host = config.policy.hosts[0];
    EXPECT_EQ(host.host, HostId{"compute1.example.org"});
    ASSERT_THAT(host.monitors, SizeIs(4));
    EXPECT_EQ(host.monitors[0].id, MonitorId{"icmp@mgmt"});
    EXPECT_EQ(host.monitors[0].fall, 9U);
    EXPECT_EQ(host.monitors[0].rise, 2U);
    EXPECT_EQ(host.monitors[0].interval, 100ms);
    EXPECT_EQ(host.monitors[1].id, MonitorId{"heartbeat@mgmt"});
    EXPECT_EQ(host.monitors[1].kind, MonitorKind::heartbeat);
    EXPECT_EQ(host.monitors[1].fall, 8U);
    EXPECT_EQ(host.monitors[1].interval, 250ms);
    EXPECT_EQ(host.monitors[3].network, NetworkId{"storage"});
    EXPECT_EQ(host.userspace.warning, 5s);
    EXPECT_EQ(host.fence.reply, 12s);
    EXPECT_EQ(host.fence.settle, 3s);
    EXPECT_EQ(host.fence.readings, 4U);
    EXPECT_EQ(host.fence.poll, 1s);
    EXPECT_EQ(host.fence.per_device, 45s);
    EXPECT_EQ(host.fence.fresh, 1s);
    EXPECT_EQ(host.fence.retry, 20s);
    EXPECT_EQ(host.fence.watch, 7s);
    EXPECT_TRUE(host.auto_readmit);
    EXPECT_EQ(host.hold_down, 90s);
    EXPECT_EQ(host.goodbye_grace, 5min);
    EXPECT_EQ(host.identity_check, IdentityCheck::required);
    EXPECT_EQ(host.identity, SystemUuid{"aaaaaaaa-2222-3333-4444-555555555555"});
    EXPECT_THAT(host.domains, ElementsAre(DomainId{"pdu7"}));
    EXPECT_EQ(config.hosts[0].group, "rack1");

    const HostPolicy& other = config.policy.hosts[1];
    EXPECT_FALSE(other.auto_readmit);
    EXPECT_EQ(other.fence.reply, 10s);
    ASSERT_THAT(other.monitors, SizeIs(1));
    EXPECT_EQ(other.monitors[0].fall, 6U);
    EXPECT_EQ(other.identity_check, IdentityCheck::unchecked);
    EXPECT_EQ(other.identity, std::nullopt);
}

TEST_F(GoodConfig, a_fence_device_is_its_groups_and_its_own_words_together)
{
    const Config config = good(whole);
    ASSERT_THAT(config.hosts[0].devices, SizeIs(1));
    const fencing::IpmiDevice& device = config.hosts[0].devices[0];
    EXPECT_EQ(device.id, DeviceId{"compute1-bmc"});
    EXPECT_EQ(device.address, "10.0.1.11");
    EXPECT_EQ(device.port, 9623);
    EXPECT_EQ(device.username, "knell");
    EXPECT_EQ(device.password.reveal(), "fence-me");
    EXPECT_EQ(device.k_g.value().reveal(), "from-outside");
    EXPECT_THAT(device.cipher_suites, ElementsAre(3U));
    EXPECT_EQ(device.privilege, fencing::Privilege::administrator);
    EXPECT_THAT(device.workarounds, ElementsAre("opensesspriv"));
    EXPECT_THAT(config.policy.hosts[0].devices, ElementsAre(DeviceId{"compute1-bmc"}));
    EXPECT_EQ(config.hosts[1].devices[0].password.reveal(), "from-systemd");
    EXPECT_EQ(config.hosts[1].devices[0].id, DeviceId{"compute2-bmc"});
}

TEST_F(GoodConfig, monitors_get_their_targets_with_canonical_addresses)
{
    const Config config = good(whole);
    ASSERT_THAT(config.icmp_targets, SizeIs(4));
    EXPECT_EQ(std::get<SentinelId>(config.icmp_targets[0].subject), SentinelId{"gateway"});
    EXPECT_EQ(config.icmp_targets[0].interval, 100ms);
    const auto& storage = config.icmp_targets[2];
    EXPECT_EQ(std::get<monitor::HostProbe>(storage.subject).monitor, MonitorId{"icmp@storage"});
    EXPECT_EQ(storage.address, "fd00::11");
    EXPECT_EQ(storage.patience, 80ms);
    ASSERT_THAT(config.heartbeat_peers, SizeIs(1));
    const monitor::HeartbeatPeer& peer = config.heartbeat_peers[0];
    EXPECT_EQ(peer.host, HostId{"compute1.example.org"});
    ASSERT_THAT(peer.paths, SizeIs(2));
    EXPECT_EQ(peer.paths[0].monitor, MonitorId{"heartbeat@mgmt"});
    EXPECT_EQ(peer.paths[0].address, "10.0.0.11");
    EXPECT_EQ(peer.paths[0].interval, 250ms);
}

TEST_F(GoodConfig, a_hosts_key_is_derived_from_the_sites_unless_it_has_one_of_its_own)
{
    write("secrets/own.key", std::string(64, 'a'), 0600);
    const Config config = good(R"(
networks: [mgmt]
heartbeat: {site_key: {file: secrets/site.key}}
hosts:
  - {name: compute1, addresses: {mgmt: 10.0.0.11}}
  - {name: compute2, addresses: {mgmt: 10.0.0.12}, heartbeat_key: {file: secrets/own.key}}
)");
    const auto site = monitor::parse_key(site_key_text);
    ASSERT_TRUE(site.has_value());
    ASSERT_THAT(config.heartbeat_peers, SizeIs(2));
    EXPECT_EQ(config.heartbeat_peers[0].key.reveal(),
              monitor::derive_heartbeat_key(*site, HostId{"compute1"}).reveal());
    EXPECT_EQ(config.heartbeat_peers[1].key.reveal(), std::string(32, '\xaa'));
}

TEST_F(GoodConfig, without_a_key_nobody_beats_and_nobody_listens)
{
    const Config config = good(R"(
networks: [mgmt]
hosts:
  - {name: compute1, addresses: {mgmt: 10.0.0.11}}
  - {name: compute2, addresses: {mgmt: 10.0.0.12}}
)");
    EXPECT_THAT(config.heartbeat_peers, IsEmpty());
    EXPECT_THAT(config.heartbeat_listen, IsEmpty());
    EXPECT_EQ(config.policy.gate.mode, Mode::observe);
    EXPECT_THAT(config.policy.hosts[0].monitors, SizeIs(1));
}

TEST_F(GoodConfig, a_session_never_outlives_the_patience_for_its_answer)
{
    const Config config = good(R"(
networks: [mgmt]
fencing: {reply: 5s}
hosts:
  - {name: compute1, addresses: {mgmt: 10.0.0.11}, fence: [{address: 10.0.1.1, username: u, password: {file: secrets/bmc}, identity: unchecked}]}
  - {name: compute2, addresses: {mgmt: 10.0.0.12}, fencing: {reply: 30s}, fence: [{address: 10.0.1.2, username: u, password: {file: secrets/bmc}, identity: unchecked, session_timeout: 12s}]}
)");
    EXPECT_LT(config.hosts[0].devices[0].session_timeout, 5s);
    EXPECT_EQ(config.hosts[1].devices[0].session_timeout, 12s);
}

TEST_F(GoodConfig, drop_ins_in_the_order_of_their_names_merge_maps_and_append_hosts)
{
    write("knell.d/20-second.yaml", "stall: 120ms\nnetworks: [mgmt, storage]\n");
    write("knell.d/10-first.yaml", R"(stall: 110ms
mode: armed
groups: {rack1: {failure_domain: moved}}
hosts:
  - {name: compute2, group: rack1, addresses: {storage: 10.0.2.12}}
)");
    write("knell.d/30-empty.yaml", "# nothing yet\n");
    write("knell.d/40-commented.yaml", "fencing:\n#  settle: 9s\n");
    write("knell.d/.hidden.yaml", "mode: nonsense\n");
    write("knell.d/README", "not: [yaml\n");
    const Config config = good(R"(
networks: [mgmt]
stall: 100ms
fencing: {settle: 4s}
groups: {rack1: {failure_domain: rack1}}
hosts:
  - {name: compute1, group: rack1, addresses: {mgmt: 10.0.0.11}}
)");
    EXPECT_EQ(config.policy.vantage.stall, 120ms);
    EXPECT_EQ(config.policy.gate.mode, Mode::armed);
    ASSERT_THAT(config.hosts, SizeIs(2));
    EXPECT_THAT(config.policy.hosts[0].domains, ElementsAre(DomainId{"moved"}));
    EXPECT_EQ(config.hosts[1].id, HostId{"compute2"});
    EXPECT_EQ(config.policy.hosts[0].fence.settle, 4s);
    EXPECT_THAT(config.files,
                ElementsAre("knell.yaml", "knell.d/10-first.yaml", "knell.d/20-second.yaml",
                            "knell.d/30-empty.yaml", "knell.d/40-commented.yaml"));
}

TEST_F(GoodConfig, a_relative_secret_is_looked_for_beside_the_file_that_names_it)
{
    write("knell.d/secrets/bmc", "of-the-drop-in", 0600);
    write("knell.d/hosts.yaml", R"(hosts:
  - {name: compute1, addresses: {mgmt: 10.0.0.11}, fence: [{address: 10.0.1.1, username: u, password: {file: secrets/bmc}, identity: unchecked}]}
)");
    const Config config = good("networks: [mgmt]\n");
    ASSERT_THAT(config.hosts, SizeIs(1));
    EXPECT_EQ(config.hosts[0].devices[0].password.reveal(), "of-the-drop-in");
}

TEST_F(GoodConfig, an_alias_repeats_what_it_stands_for)
{
    const Config config = good(R"(
networks: [mgmt]
monitors: {icmp: &times {interval: 300ms, fall: 4, rise: 2}, heartbeat: none}
groups: {rack1: {monitors: {icmp: *times}}}
hosts:
  - {name: compute1, group: rack1, addresses: {mgmt: 10.0.0.11}}
)");
    ASSERT_THAT(config.policy.hosts, SizeIs(1));
    EXPECT_EQ(config.policy.hosts[0].monitors[0].interval, 300ms);
}

TEST_F(GoodConfig, a_file_from_windows_reads_the_same)
{
    const Config config = good("\xEF\xBB\xBFnetworks: [mgmt]\r\nhosts:\r\n"
                               "  - {name: compute1, addresses: {mgmt: 10.0.0.11}}\r\n");
    EXPECT_THAT(config.hosts, SizeIs(1));
}

TEST_F(GoodConfig, a_configuration_that_anybody_may_write_is_refused)
{
    write("knell.yaml", "networks: [mgmt]\nhosts: [{name: a, addresses: {mgmt: 10.0.0.1}}]\n",
          0666);
    const Loaded loaded = load();
    EXPECT_FALSE(loaded.config.has_value());
    EXPECT_THAT(words(loaded), ::testing::HasSubstr("anybody may write it"));
}

TEST_F(GoodConfig, what_is_no_readable_file_is_refused_without_waiting)
{
    EXPECT_FALSE(load("missing.yaml").config.has_value());
    EXPECT_FALSE(load(".").config.has_value());
    ASSERT_EQ(::mkfifo("pipe.yaml", 0600), 0);
    EXPECT_FALSE(load("pipe.yaml").config.has_value());
    EXPECT_FALSE(load("/dev/zero").config.has_value());
}

} // namespace
} // namespace knell::config
