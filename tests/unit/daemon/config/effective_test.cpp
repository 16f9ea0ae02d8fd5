// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/effective.hpp"
#include "desk.hpp"

#include <yaml-cpp/yaml.h>

#include <gmock/gmock.h>

namespace knell::config {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Effective : public Desk {};

TEST_F(Effective, shows_every_host_with_its_own_numbers_and_no_secret)
{
    const std::string text = to_text(good(R"(
networks: [mgmt]
sentinels: {targets: [{name: gateway, network: mgmt, address: 10.0.0.1}]}
heartbeat: {site_key: {file: secrets/site.key}}
groups: {slow: {fencing: {settle: 7s}}}
hosts:
  - {name: "c[01-02]", group: slow, addresses: {mgmt: "10.0.0.{n+10}"}, fence: [{address: "10.0.1.{n}", username: u, password: {file: secrets/bmc}, k_g: {env: BMC_PASSWORD}}]}
)"));
    EXPECT_THAT(text, HasSubstr("name: c01"));
    EXPECT_THAT(text, HasSubstr("name: c02"));
    EXPECT_THAT(text, HasSubstr("{mgmt: 10.0.0.12}"));
    EXPECT_THAT(text, HasSubstr("heartbeat@mgmt: {interval: 200ms, fall: 5, rise: 3}"));
    EXPECT_THAT(text, HasSubstr("settle: 7s"));
    EXPECT_THAT(text, HasSubstr("icmp@mgmt: {interval: 200ms, dense: 50ms, timeout: 200ms, "
                                "fall: 5, rise: 3}"));
    EXPECT_THAT(text, HasSubstr("{name: gateway, network: mgmt, address: 10.0.0.1, "));
    EXPECT_THAT(text, HasSubstr("password: (set)"));
    for (const char* secret : {"fence-me", "from-outside", "000102"}) {
        EXPECT_THAT(text, Not(HasSubstr(secret)));
    }
}

TEST_F(Effective, is_itself_good_yaml)
{
    const std::string text = to_text(good(R"(
networks: [mgmt, storage]
heartbeat: {site_key: {file: secrets/site.key}}
failure_domains: {rack1: {together: 3}}
hosts:
  - name: "c[1-9]"
    addresses: {mgmt: "10.0.0.{n}", storage: "10.0.2.{n}"}
    failure_domains: [rack1]
    never_fence: "no: it has {n} disks, # and a colon"
    verdict:
      rule: [{mgmt: silent, storage: silent, then: dead}]
      veto: [storage]
)"));
    const auto document = YAML::Load(text);
    ASSERT_EQ(document["hosts"].size(), 9U) << text;
    const auto host = document["hosts"][8];
    EXPECT_EQ(host["name"].as<std::string>(), "c9");
    EXPECT_EQ(host["never_fence"].as<std::string>(), "no: it has 9 disks, # and a colon");
    EXPECT_EQ(host["verdict"]["rule"][0]["storage"].as<std::string>(), "silent");
    EXPECT_EQ(host["verdict"]["veto"][1].as<std::string>(), "heartbeat@storage");
    EXPECT_EQ(document["failure_domains"]["rack1"]["together"].as<unsigned>(), 3U);
    EXPECT_EQ(document["fencing"]["storm"]["share"].as<std::string>(), "50%");
}

} // namespace
} // namespace knell::config
