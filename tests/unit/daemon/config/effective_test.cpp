// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/effective.hpp"
#include "desk.hpp"

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
    EXPECT_THAT(text, HasSubstr("{name: gateway, network: mgmt, address: 10.0.0.1}"));
    EXPECT_THAT(text, HasSubstr("password: (set)"));
    for (const char* secret : {"fence-me", "from-outside", "000102"}) {
        EXPECT_THAT(text, Not(HasSubstr(secret)));
    }
}

} // namespace
} // namespace knell::config
