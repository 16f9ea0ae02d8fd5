// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/moves.hpp"
#include "desk.hpp"

#include <functional>
#include <set>

namespace knell::config {
namespace {

using Monitors = std::set<MonitorId>;
using Change = std::function<void(Config&)>;

const MonitorId icmp{"icmp@mgmt"};
const MonitorId tcp{"tcp@mgmt"};
const MonitorId beats{"heartbeat@mgmt"};

class MovesBetween : public Desk {
protected:
    [[nodiscard]] Moves after(const Change& change) const
    {
        const Config before = good(R"(networks: [mgmt]
heartbeat: {site_key: {file: secrets/site.key}}
monitors: {tcp: {port: 9}}
hosts:
  - name: a
    addresses: {mgmt: 10.0.0.1}
    fence: [{address: 10.0.1.1, username: u, password: {file: secrets/bmc}}]
  - {name: b, addresses: {mgmt: 10.0.0.2}}
)");
        Config changed = before;
        change(changed);
        return moves_between(before, changed);
    }
    [[nodiscard]] Monitors moved_of_a(const Change& change) const
    {
        const Moves moves = after(change);
        EXPECT_TRUE(moves.devices.empty());
        EXPECT_EQ(moves.monitors.count(HostId{"b"}), 0U);
        const auto found = moves.monitors.find(HostId{"a"});
        return found == moves.monitors.end() ? Monitors{} : found->second;
    }
};

TEST_F(MovesBetween, are_those_of_monitors_that_look_elsewhere_or_take_another_key)
{
    EXPECT_EQ(moved_of_a([](Config& x) { x.icmp_targets[0].address = "10.0.0.9"; }),
              Monitors{icmp});
    EXPECT_EQ(moved_of_a([](Config& x) { x.tcp_targets[0].address = "10.0.0.9"; }), Monitors{tcp});
    EXPECT_EQ(moved_of_a([](Config& x) { x.tcp_targets[0].port = 10; }), Monitors{tcp});
    EXPECT_EQ(moved_of_a([](Config& x) { x.heartbeat_peers[0].paths[0].address = "10.0.0.9"; }),
              Monitors{beats});
    EXPECT_EQ(moved_of_a([](Config& x) { x.heartbeat_peers[0].key = Secret{"another"}; }),
              Monitors{beats});
}

TEST_F(MovesBetween, are_those_of_beats_that_are_owed_at_another_pace_and_no_probes_are)
{
    EXPECT_EQ(moved_of_a([](Config& x) { x.heartbeat_peers[0].paths[0].interval += 1ms; }),
              Monitors{beats});
    EXPECT_EQ(moved_of_a([](Config& x) {
                  x.icmp_targets[0].interval += 1ms;
                  x.icmp_targets[0].patience += 1ms;
                  x.tcp_targets[0].interval += 1ms;
              }),
              Monitors{});
}

TEST_F(MovesBetween, are_none_of_what_is_new_or_gone)
{
    EXPECT_EQ(moved_of_a([](Config& x) {
                  x.icmp_targets.clear();
                  x.heartbeat_peers[0].paths[0].monitor = MonitorId{"heartbeat@other"};
                  x.tcp_targets[0].subject.monitor = MonitorId{"tcp@other"};
                  x.tcp_targets[0].port = 10;
              }),
              Monitors{});
    EXPECT_EQ(moved_of_a([](Config& x) {
                  x.heartbeat_peers.clear();
                  x.hosts.clear();
              }),
              Monitors{});
}

TEST_F(MovesBetween, are_those_of_fence_devices_by_their_hosts_and_no_password_is_one)
{
    const std::set<HostId> a{HostId{"a"}};
    const auto devices = [&](const Change& change) {
        const Moves moves = after(change);
        EXPECT_TRUE(moves.monitors.empty());
        return moves.devices;
    };
    EXPECT_EQ(devices([](Config& x) { x.hosts[0].devices[0].address = "10.0.1.9"; }), a);
    EXPECT_EQ(devices([](Config& x) { x.hosts[0].devices[0].port = 624; }), a);
    EXPECT_EQ(devices([](Config& x) {
                  x.hosts[0].devices[0].username = "v";
                  x.hosts[0].devices[0].password = Secret{"ward"};
              }),
              std::set<HostId>{});
    EXPECT_EQ(devices([](Config& x) { x.hosts[0].devices[0].id = DeviceId{"new"}; }),
              std::set<HostId>{});
}

} // namespace
} // namespace knell::config
