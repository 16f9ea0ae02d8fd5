// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/view.hpp"
#include "daemon/config/difference.hpp"
#include "daemon/config/same.hpp"
#include "desk.hpp"

#include <gmock/gmock.h>

namespace knell::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const std::string site = R"(networks: [mgmt, storage]
sentinels: {targets: [{name: gateway, network: mgmt, address: 10.0.0.250}]}
heartbeat: {site_key: {file: secrets/site.key}}
)";

std::string host(const std::string& name, unsigned number, const std::string& more = {})
{
    const std::string n = std::to_string(number);
    return "  - {name: " + name + ", addresses: {mgmt: 10.0.0." + n + ", storage: 10.0.2." + n +
           "}, fence: [{address: 10.0.1." + n + ", username: u, password: {file: secrets/bmc}}], " +
           more + "}\n";
}

std::string hosts(unsigned count, const std::string& more = {})
{
    std::string out = "hosts:\n";
    for (unsigned n = 1; n <= count; ++n) {
        out += host("c" + std::to_string(n), n, more);
    }
    return out;
}

class DifferenceOf : public Desk {
protected:
    [[nodiscard]] Difference between(const std::string& before, const std::string& after) const
    {
        const Config was = good(before);
        const Config is = good(after);
        return difference(was, is);
    }
};

TEST_F(DifferenceOf, a_configuration_and_itself_is_none)
{
    const auto same_text = between(site + hosts(3), site + hosts(3));
    EXPECT_TRUE(same_text.none());
    const auto other_words =
        between(site + hosts(3), "profile: default\nstall: 250ms\n" + site + hosts(3));
    EXPECT_TRUE(other_words.none());
}

TEST_F(DifferenceOf, an_order_that_stands_against_the_file_is_named)
{
    FleetView fleet;
    fleet.mode = Mode::armed;
    fleet.mode_by = "alice";
    EXPECT_EQ(overruled_by(fleet, good("mode: armed\n" + site + hosts(1))), "");
    EXPECT_EQ(overruled_by(fleet, good("mode: observe\n" + site + hosts(1))),
              "mode: stays armed, as alice has ordered: an order stands whatever the file says; "
              "`knellctl disarm`");
}

TEST_F(DifferenceOf, two_sites_names_each_setting_as_knell_yaml_does)
{
    const auto found =
        between(site + hosts(1),
                "mode: armed\nstall: 200ms\nunseen_alarm: 5m\nplanned: {nova_disabled: ignore}\n"
                "fencing: {budget: {fences: 5, down: 7}, storm: {hosts: 4, share: none}}\n"
                "nova: {watch: 1m, retry: 2s}\n" +
                    site + hosts(1));
    EXPECT_THAT(found.changes,
                ElementsAre("fencing.budget.down none -> 7", "fencing.budget.fences 3 -> 5",
                            "fencing.storm.hosts 3 -> 4", "fencing.storm.share 50% -> none",
                            "mode observe -> armed", "nova.retry 1s -> 2s", "nova.watch 30s -> 1m",
                            "planned.nova_disabled respect -> ignore", "stall 250ms -> 200ms",
                            "unseen_alarm 2m -> 5m"));
    EXPECT_THAT(found.restarts, IsEmpty());
}

TEST_F(DifferenceOf, one_host_names_the_host)
{
    const auto found = between(
        site + "hosts:\n" + host("a", 1) + host("b", 2),
        site + "hosts:\n" + host("a", 1) +
            host("b", 2,
                 "never_fence: runs etcd, failure_domains: [rack1], fencing: {settle: 3s}, "
                 "recovery: {power_on: true}, monitors: {icmp: {fall: 7}, userspace: {dead: 1m}}, "
                 "verdict: {rule: {at_least: 2}, veto: [storage]}"));
    EXPECT_THAT(
        found.changes,
        ElementsAre("failure_domains.rack1 added", "host b: failure_domains [] -> [rack1]",
                    "host b: fencing.settle 2s -> 3s", "host b: monitors.icmp@mgmt.fall 5 -> 7",
                    "host b: monitors.icmp@storage.fall 5 -> 7",
                    "host b: never_fence none -> runs etcd",
                    "host b: recovery.power_on false -> true", "host b: userspace.dead never -> 1m",
                    "host b: verdict.rule all_silent -> {at_least: 2}",
                    "host b: verdict.veto [] -> [icmp@storage, heartbeat@storage]"));
}

TEST_F(DifferenceOf, inventories_tells_who_came_and_who_went)
{
    const auto found = between(site + "hosts:\n" + host("a", 1) + host("b", 2),
                               site + "hosts:\n" + host("b", 2) + host("c", 3));
    EXPECT_THAT(found.changes, ElementsAre("host a: removed", "host c: added"));
    const auto many = between(site + hosts(8), site + "hosts:\n" + host("c1", 1) + host("c2", 2) +
                                                   host("c3", 3) + host("c4", 4));
    EXPECT_THAT(many.changes, ElementsAre("4 hosts (c5, c6, c7 and 1 more): removed"));
}

TEST_F(DifferenceOf, hosts_in_another_order_is_none)
{
    EXPECT_TRUE(between(site + "hosts:\n" + host("a", 1) + host("b", 2),
                        site + "hosts:\n" + host("b", 2) + host("a", 1))
                    .none());
}

TEST_F(DifferenceOf, many_hosts_that_changed_alike_is_one_line)
{
    const auto all = between(site + hosts(40), "profile: cautious\n" + site + hosts(40));
    EXPECT_THAT(all.changes, SizeIs(14));
    EXPECT_THAT(all.changes,
                testing::Contains("all 40 hosts: monitors.heartbeat@mgmt.fall 5 -> 25"));
    EXPECT_THAT(all.changes,
                testing::Contains("sentinels.targets.gateway.interval 200ms -> 500ms"));
    std::string some = site + "hosts:\n";
    for (unsigned n = 1; n <= 9; ++n) {
        some += host("c" + std::to_string(n), n, n % 2 == 0 ? "recovery: {hold_down: 5s}" : "");
    }
    EXPECT_THAT(between(site + hosts(9), some).changes,
                ElementsAre("4 hosts (c2, c4, c6 and 1 more): recovery.hold_down 1m -> 5s"));
}

TEST_F(DifferenceOf, secrets_says_that_they_changed_and_never_what_they_are)
{
    const Config before = good(site + hosts(5));
    write("secrets/bmc", "another-word\n", 0600);
    write("secrets/site.key", std::string(64, 'b') + "\n", 0600);
    const Config after = good(site + hosts(5));
    const auto found = difference(before, after);
    EXPECT_THAT(found.changes, ElementsAre("all 5 hosts: fence.{host}-bmc.password changed",
                                           "all 5 hosts: heartbeat_key changed"));
    const Config one = good(site + "hosts:\n" + host("c1", 1));
    const auto of_one = difference(before, one);
    ASSERT_THAT(of_one.changes, SizeIs(3));
    EXPECT_EQ(of_one.changes[1], "host c1: fence.c1-bmc.password changed");
    for (const std::string& line : found.changes) {
        EXPECT_THAT(line, Not(HasSubstr("another")));
        EXPECT_THAT(line, Not(HasSubstr("fence-me")));
        EXPECT_THAT(line, Not(HasSubstr("bbbb")));
    }
}

TEST_F(DifferenceOf, a_key_taken_away_shows_its_absence)
{
    const std::string unkeyed = "hosts:\n  - {name: c1, addresses: {mgmt: 10.0.0.1}}\n";
    const auto found = between(site + unkeyed, "networks: [mgmt, storage]\n" + unkeyed);
    EXPECT_THAT(found.changes, testing::Contains("host c1: heartbeat_key (set) -> none"));
    EXPECT_THAT(found.changes, testing::Contains("host c1: monitors.heartbeat@mgmt removed"));
    EXPECT_THAT(found.changes, testing::Contains("sentinels.targets.gateway removed"));
}

TEST_F(DifferenceOf, fence_devices_tells_address_order_and_number)
{
    const std::string head = site + "hosts:\n  - {name: a, addresses: {mgmt: 10.0.0.1}, fence: [";
    const std::string one = "{name: one, address: 10.0.1.1, username: u, password: {file: "
                            "secrets/bmc}}";
    const std::string moved = "{name: one, address: 10.0.1.9, username: v, password: {file: "
                              "secrets/bmc}}";
    const std::string two = "{name: two, address: 10.0.1.2, username: u, password: {file: "
                            "secrets/bmc}}";
    EXPECT_THAT(between(head + one + "]}\n", head + moved + ", " + two + "]}\n").changes,
                ElementsAre("host a: fence.one.address 10.0.1.1 -> 10.0.1.9",
                            "host a: fence.one.username u -> v", "host a: fence.two added"));
    EXPECT_THAT(between(head + one + ", " + two + "]}\n", head + two + ", " + one + "]}\n").changes,
                ElementsAre("host a: fence order one, two -> two, one"));
}

TEST_F(DifferenceOf, what_was_opened_at_the_start_asks_for_a_restart)
{
    write("clouds.yaml", "clouds: {}\n");
    const auto found = between(
        site + hosts(1),
        "state: /srv/knell\ncontrol: {socket: /run/other, readers: [staff]}\n"
        "metrics: none\nfencing: {helper: /opt/fence}\n"
        "nova: {cloud: lab, region: R, interface: internal, clouds_file: " +
            (folder_ / "clouds.yaml").string() +
            ", endpoint_override: \"http://127.0.0.1/v2.1\"}\n"
            "networks: [mgmt, storage]\n"
            "sentinels: {targets: [{name: gateway, network: mgmt, address: 10.0.0.250}]}\n"
            "heartbeat: {listen: [\"0.0.0.0:7500\"], site_key: {file: secrets/site.key}}\n" +
            hosts(1));
    EXPECT_THAT(found.changes, IsEmpty());
    ASSERT_THAT(found.restarts, SizeIs(11));
    EXPECT_EQ(found.restarts[1],
              "control.socket /run/knell/control -> /run/other: restart knelld for it");
    EXPECT_EQ(found.restarts[4], "metrics.listen 127.0.0.1:9712 -> none: restart knelld for it");
    for (const std::string& line : found.restarts) {
        EXPECT_TRUE(line.ends_with(": restart knelld for it")) << line;
    }
}

TEST_F(DifferenceOf, a_host_called_like_a_part_of_a_setting_confuses_nothing)
{
    const std::string after = site + "hosts:\n" + host("monitors", 1, "fencing: {settle: 9s}") +
                              host("fence", 2) + host("hosts", 3);
    EXPECT_THAT(
        between(site + "hosts:\n" + host("monitors", 1) + host("fence", 2) + host("hosts", 3),
                after)
            .changes,
        ElementsAre("host monitors: fencing.settle 2s -> 9s"));
}

} // namespace
} // namespace knell::config
