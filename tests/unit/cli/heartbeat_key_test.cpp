// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli_fixture.hpp"
#include "monitor/heartbeat_key.hpp"
#include "tests/unit/agent/folder.hpp"

#include <gmock/gmock.h>

namespace knell::cli {
namespace {

using testing::HasSubstr;

const std::string site_key(64, '5');

class HeartbeatKey : public testing::Test {
protected:
    Ended key_of(const std::string& host, const std::string& heartbeat)
    {
        folder_.file("site.key", site_key + "\n");
        return knellctl({"config", "heartbeat-key", host,
                         folder_.file("knell.yaml",
                                      "networks: [mgmt]\n" + heartbeat +
                                          "hosts:\n"
                                          "  - {name: compute1, addresses: {mgmt: 192.0.2.1}}\n"
                                          "  - {name: compute2, addresses: {mgmt: 192.0.2.2}}\n")});
    }
    static constexpr const char* with_site_key = "heartbeat: {site_key: {file: site.key}}\n";

    agent::Folder folder_;
};

TEST_F(HeartbeatKey, is_that_by_which_the_controller_knows_this_host_alone)
{
    const auto site = monitor::parse_key(site_key);
    const auto first = key_of("compute1", with_site_key);
    EXPECT_EQ(first.exit, Exit::ok) << first.err;
    EXPECT_EQ(
        first.out,
        std::string{
            monitor::key_text(monitor::derive_heartbeat_key(*site, HostId{"compute1"})).reveal()} +
            "\n");
    EXPECT_NE(key_of("compute2", with_site_key).out, first.out);
}

TEST_F(HeartbeatKey, of_a_host_that_is_not_in_the_inventory_is_refused_with_what_was_meant)
{
    const auto none = key_of("compute3", with_site_key);
    EXPECT_EQ(none.exit, Exit::failed);
    EXPECT_EQ(none.out, "");
    EXPECT_THAT(none.err, HasSubstr("has no host `compute3`; did you mean `compute1`?"));
}

TEST_F(HeartbeatKey, is_none_where_the_site_has_none)
{
    const auto none = key_of("compute1", "");
    EXPECT_EQ(none.exit, Exit::failed);
    EXPECT_THAT(none.err, HasSubstr("compute1 has no heartbeat key"));
}

TEST_F(HeartbeatKey, of_a_configuration_that_is_wrong_is_what_is_wrong_with_it)
{
    const auto none = key_of("compute1", "heartbeat: {site_key: {file: nowhere}}\n");
    EXPECT_EQ(none.exit, Exit::failed);
    EXPECT_THAT(none.err, HasSubstr("nowhere cannot be read"));
}

} // namespace
} // namespace knell::cli
