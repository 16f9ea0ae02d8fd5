// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/host_pattern.hpp"
#include "desk.hpp"

#include <gmock/gmock.h>

namespace knell::config {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::vector<NamedHost> hosts(std::string_view name)
{
    auto expanded = expand_name(name);
    auto* list = std::get_if<std::vector<NamedHost>>(&expanded);
    return list == nullptr ? std::vector<NamedHost>{} : *list;
}

TEST(HostPattern, keeps_the_zeros_in_the_name_and_not_in_the_number)
{
    const auto list = hosts("compute[098-101].rack1");
    ASSERT_THAT(list, SizeIs(4));
    EXPECT_EQ(list[0], (NamedHost{"compute098.rack1", 98}));
    EXPECT_EQ(list[3], (NamedHost{"compute101.rack1", 101}));
}

TEST(HostPattern, without_zeros_pads_nothing)
{
    const auto list = hosts("c[9-11]");
    ASSERT_THAT(list, SizeIs(3));
    EXPECT_EQ(list[0].name, "c9");
    EXPECT_EQ(list[2].name, "c11");
}

TEST(HostPattern, a_plain_name_is_one_host_without_a_number)
{
    EXPECT_EQ(hosts("compute1"), (std::vector<NamedHost>{{"compute1", std::nullopt}}));
}

TEST(HostPattern, zero_alone_is_a_number_and_not_a_padding)
{
    const auto list = hosts("c[0-10]");
    ASSERT_THAT(list, SizeIs(11));
    EXPECT_EQ(list[0].name, "c0");
    EXPECT_EQ(list[10].name, "c10");
}

TEST(HostPattern, refuses_what_is_no_range)
{
    for (const char* name :
         {"c[", "c]", "c]1-2[", "c[1-2][3-4]", "c[]", "c[-]", "c[1]", "c[2-1]", "c[01-2]",
          "c[1-02]", "c[a-b]", "c[1-2-3]", "c[1-9999999999]", "c[+1-2]", "c[1-5001]", "c[ 1-2]"}) {
        EXPECT_TRUE(std::holds_alternative<BadPattern>(expand_name(name))) << name;
    }
    EXPECT_THAT(hosts("c[1-5000]"), SizeIs(5000));
}

class Patterns : public Desk {};

TEST_F(Patterns, two_hundred_hosts_come_from_one_line)
{
    const Config config = good(R"(
networks: [mgmt]
heartbeat: {site_key: {file: secrets/site.key}}
groups:
  all: {fence: [{username: knell, password: {file: secrets/bmc}, address: "10.0.1.{n}", name: "bmc-of-{host}"}]}
hosts:
  - {name: "compute[001-200]", group: all, addresses: {mgmt: "10.0.0.{n+10}"}}
)");
    ASSERT_THAT(config.hosts, SizeIs(200));
    EXPECT_EQ(config.hosts[0].id, HostId{"compute001"});
    EXPECT_EQ(config.hosts[0].addresses.at(NetworkId{"mgmt"}), "10.0.0.11");
    EXPECT_EQ(config.hosts[199].id, HostId{"compute200"});
    EXPECT_EQ(config.hosts[199].devices.at(0).address, "10.0.1.200");
    EXPECT_EQ(config.hosts[199].devices.at(0).id, DeviceId{"bmc-of-compute200"});
    EXPECT_THAT(config.policy.hosts, SizeIs(200));
    EXPECT_THAT(config.icmp_targets, SizeIs(200));
    EXPECT_THAT(config.heartbeat_peers, SizeIs(200));
    EXPECT_NE(config.heartbeat_peers[0].key.reveal(), config.heartbeat_peers[1].key.reveal());
}

TEST_F(Patterns, a_secret_may_be_named_for_its_host)
{
    write("secrets/c1.bmc", "first", 0600);
    write("secrets/c2.bmc", "second", 0600);
    const Config config = good(R"(
networks: [mgmt]
hosts:
  - {name: "c[1-2]", addresses: {mgmt: "10.0.0.{n}"}, fence: [{address: "10.0.1.{n}", username: u, password: {file: "secrets/{host}.bmc"}, identity: unchecked}]}
)");
    ASSERT_THAT(config.hosts, SizeIs(2));
    EXPECT_EQ(config.hosts[0].devices[0].password.reveal(), "first");
    EXPECT_EQ(config.hosts[1].devices[0].password.reveal(), "second");
}

TEST_F(Patterns, a_fault_in_a_group_of_two_hundred_is_told_once)
{
    const Loaded loaded = load_text(R"(
networks: [mgmt]
groups:
  all: {fence: [{username: knell, password: {file: secrets/missing}, address: "10.0.1.{n}", identity: unchecked, cipher_suites: [0]}]}
hosts:
  - {name: "compute[001-200]", group: all, addresses: {mgmt: "10.0.0.{n}"}}
)");
    EXPECT_FALSE(loaded.config.has_value());
    EXPECT_THAT(loaded.diagnostics, SizeIs(2)) << words(loaded);
}

/// Where the nth host of the list below stands in it.
unsigned line_of(unsigned host)
{
    return host + 2;
}

TEST_F(Patterns, the_faults_of_two_hundred_hosts_are_told_all_at_once_in_their_order)
{
    // Another kind of fault in every eighth.
    const std::vector<std::string> faults{
        "addresses: {mgmt: 10.0.0.Nx}",
        "addresses: {mgmt: 10.0.0.N}, monitors: {icmp: {fall: 1}}",
        "addresses: {mgmt: 10.0.0.N}, verdict: {rule: {at_least: 2}}",
        "addresses: {mgmt: 10.0.0.N}, verdict: {veto: [tcp@mgmt]}",
        "addresses: {mgmt: 10.0.0.N}, never_fence: true",
        "addresses: {mgmt: 10.0.0.N}, fencing: {inspect: 5}",
        "addresses: {mgmt: 10.0.0.N}, recovery: {flapping: {within: never}}",
        "addresses: {mgmt: 10.0.0.N}, failure_domain: rack1, failure_domains: [rack2]"};
    std::string text = "networks: [mgmt]\nhosts:\n";
    for (unsigned i = 1; i <= 200; ++i) {
        std::string fault = faults[i % faults.size()];
        const std::string number = std::to_string(i);
        fault.replace(fault.find('N'), 1, number);
        text += "  - {name: compute" + number + ", " + fault + "}\n";
    }
    const Loaded loaded = load_text(text);
    EXPECT_FALSE(loaded.config.has_value());
    std::vector<unsigned> lines;
    for (const Diagnostic& each : loaded.diagnostics) {
        if (each.severity == Severity::error) {
            lines.push_back(each.at.line);
        }
    }
    ASSERT_THAT(lines, SizeIs(200)) << words(loaded);
    for (unsigned i = 1; i <= 200; ++i) {
        EXPECT_EQ(lines[i - 1], line_of(i));
    }
    EXPECT_THAT(words(loaded), HasSubstr("200 errors, 200 warnings\n"));
}

TEST_F(Patterns, of_two_thousand_faults_at_one_place_the_first_are_shown_and_the_rest_counted)
{
    const Loaded loaded = load_text(R"(
networks: [mgmt, storage]
hosts:
  - {name: "compute[1-2000]", addresses: {mgmt: "fd00::{n}"}, never_fence: x, verdict: {veto: [storage]}}
)");
    EXPECT_THAT(loaded.diagnostics, SizeIs(3)) << words(loaded);
    EXPECT_THAT(words(loaded), HasSubstr("host compute3 has no network `storage`"));
    EXPECT_THAT(words(loaded), HasSubstr("1997 more at this place are not shown"));
}

} // namespace
} // namespace knell::config
