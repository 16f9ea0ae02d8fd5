// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/server_list.hpp"
#include "tests/unit/nova/cloud_aside.hpp"
#include "tests/unit/nova/fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace knell::nova {
namespace {

using http::answer;
using http::Behaviour;
using http::Seen;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Then = http::Behaviour::Then;

ServerPage page(const std::string& body)
{
    auto parsed = parse_server_page(body);
    if (const auto* unreadable = std::get_if<Unreadable>(&parsed)) {
        ADD_FAILURE() << unreadable->why;
        return {};
    }
    return std::get<ServerPage>(std::move(parsed));
}

TEST(ServerPages, a_server_is_read_as_nova_shows_it)
{
    const auto servers = page(fixture("servers_down.json")).servers;
    ASSERT_EQ(servers.size(), 1U);
    EXPECT_EQ(servers[0].id, "96cd31b0-1330-43b5-9cfb-89128bf2e120");
    EXPECT_EQ(servers[0].name, "vm1");
    EXPECT_EQ(servers[0].status, "ACTIVE");
    EXPECT_EQ(servers[0].task_state, "");
    EXPECT_EQ(servers[0].power_state, 1);
    EXPECT_EQ(servers[0].host, "compute1");
    EXPECT_EQ(servers[0].host_status, "DOWN");
    EXPECT_TRUE(servers[0].cell_reachable);
    EXPECT_TRUE(servers[0].networks.empty());
    for (const auto& [file, status] :
         {std::pair{"servers_up.json", "UP"}, std::pair{"servers_unknown.json", "UNKNOWN"},
          std::pair{"servers_maintenance.json", "MAINTENANCE"}}) {
        EXPECT_EQ(page(fixture(file)).servers.at(0).host_status, status);
    }
}

TEST(ServerPages, what_an_owner_is_not_shown_is_absent_and_what_there_is_not_is_empty)
{
    const auto owners = page(fixture("servers_of_an_owner.json")).servers.at(0);
    EXPECT_EQ(owners.name, "demo1");
    EXPECT_EQ(owners.host, std::nullopt);
    EXPECT_EQ(owners.host_status, std::nullopt);
    const auto shelved = page(fixture("servers.json")).servers.at(3);
    EXPECT_EQ(shelved.host, "");
    EXPECT_EQ(shelved.host_status, "");
}

TEST(ServerPages, of_an_unreachable_cell_nova_knows_the_id)
{
    const auto server =
        page(R"({"servers":[{"id":"1","status":"UNKNOWN","tenant_id":"p"}]})").servers.at(0);
    EXPECT_FALSE(server.cell_reachable);
    EXPECT_EQ(server.status, "UNKNOWN");
    EXPECT_EQ(server.power_state, std::nullopt);
}

TEST(ServerPages, addresses_are_listed_by_network_and_there_is_an_end_to_them)
{
    const auto networks = page(R"({"servers":[{"id":"1","addresses":{
        "blue":[{"addr":"10.0.0.3","version":4},{"addr":"fd00::3","version":6},{"version":4},7],
        "red":[{"addr":"10.1.0.3"}],"odd":3}}]})")
                              .servers.at(0)
                              .networks;
    EXPECT_EQ(networks.size(), 2U);
    EXPECT_THAT(networks.at("blue"), ElementsAre("10.0.0.3", "fd00::3"));
    std::string many;
    for (int i = 0; i < 1000; ++i) {
        many += R"(,{"addr":"10.0.0.3"})";
    }
    const auto bounded = page(R"({"servers":[{"id":"1","name":")" + std::string(5000, 'n') +
                              R"(","addresses":{"blue":[)" + many.substr(1) + "]}}]}")
                             .servers.at(0);
    EXPECT_EQ(bounded.networks.at("blue").size(), 64U);
    EXPECT_EQ(bounded.name.size(), 1024U);
}

TEST(ServerPages, the_next_one_is_known_by_its_marker)
{
    EXPECT_EQ(page(fixture("servers_page.json")).next, "0dcfe49e-5712-42f9-a616-5ccea3d02bb7");
    EXPECT_EQ(page(fixture("servers_down.json")).next, "");
    EXPECT_EQ(page(R"({"servers":[],"servers_links":[{"rel":"self","href":"x?marker=a"}]})").next,
              "");
    for (const char* href :
         {"", "http://n/servers/detail", "http://n/?marker=", "::", "?limit=1"}) {
        EXPECT_TRUE(std::holds_alternative<Unreadable>(parse_server_page(
            std::string{R"({"servers":[],"servers_links":[{"rel":"next","href":")"} + href +
            "\"}]}")))
            << href;
    }
}

TEST(ServerPages, nonsense_is_not_an_empty_list)
{
    for (const char* text : {"", "{}", "[]", R"({"servers":{}})", R"({"servers":[1]})",
                             R"({"servers":[{"name":"without id"}]})"}) {
        EXPECT_TRUE(std::holds_alternative<Unreadable>(parse_server_page(text))) << text;
    }
}

class ServersShown : public ::testing::Test {
protected:
    ServerListOutcome asked(const std::string& host = {}, Duration patience = 5s)
    {
        return aside_.during(
            [&] { return list_servers(cloud_.settings(), NovaOptions{}, host, patience); });
    }
    ServerList list(const std::string& host = {})
    {
        auto outcome = asked(host);
        if (const auto* none = std::get_if<NoServerList>(&outcome)) {
            ADD_FAILURE() << none->why;
            return {};
        }
        return std::get<ServerList>(std::move(outcome));
    }
    std::string trouble(const std::string& host = {}, Duration patience = 5s)
    {
        const auto outcome = asked(host, patience);
        const auto* none = std::get_if<NoServerList>(&outcome);
        return none == nullptr ? "" : none->why;
    }
    static std::vector<std::string> names(const ServerList& list)
    {
        std::vector<std::string> result;
        for (const ServerRow& server : list.servers) {
            result.push_back(server.name);
        }
        return result;
    }
    std::vector<std::string> targets() const
    {
        std::vector<std::string> result;
        for (const Seen& seen : cloud_.seen()) {
            if (seen.target.starts_with("/v2.1/servers")) {
                result.push_back(seen.target);
            }
        }
        return result;
    }
    static std::string page_of(const std::string& name, const std::string& next)
    {
        // As behind a proxy that Nova does not know of.
        return R"({"servers":[{"id":")" + name + R"(","name":")" + name +
               R"("}],"servers_links":[{"rel":"next",
               "href":"http://elsewhere.example/v2.1/servers/detail?all_tenants=1&marker=)" +
               next + "\"}]}";
    }

    CloudAside aside_;
    FakeCloud& cloud_ = aside_.cloud;
};

TEST_F(ServersShown, all_projects_and_all_pages_come_from_the_endpoint)
{
    cloud_.servers = page_of("vm1", "m%2F1");
    cloud_.pages["m%2F1"] = page_of("vm2", "m2");
    cloud_.pages["m2"] = R"({"servers":[{"id":"3","name":"vm3"}]})";
    const ServerList all = list();
    EXPECT_THAT(names(all), ElementsAre("vm1", "vm2", "vm3"));
    EXPECT_TRUE(all.all_projects);
    EXPECT_TRUE(all.complete);
    EXPECT_EQ(all.endpoint, cloud_.url("/v2.1"));
    EXPECT_THAT(targets(), ElementsAre("/v2.1/servers/detail?all_tenants=1",
                                       "/v2.1/servers/detail?all_tenants=1&marker=m%2F1",
                                       "/v2.1/servers/detail?all_tenants=1&marker=m2"));
    EXPECT_EQ(cloud_.seen().back().header("X-OpenStack-Nova-API-Version"), "2.69");
}

TEST_F(ServersShown, who_may_not_see_all_projects_sees_his_own)
{
    cloud_.all_projects = false;
    cloud_.servers = fixture("servers_of_an_owner.json");
    const ServerList own = list();
    EXPECT_THAT(names(own), ElementsAre("demo1"));
    EXPECT_FALSE(own.all_projects);
    EXPECT_THAT(targets(),
                ElementsAre("/v2.1/servers/detail?all_tenants=1", "/v2.1/servers/detail"));
}

TEST_F(ServersShown, those_of_one_host_are_that_hosts)
{
    // A database may find COMPUTE1 when asked for compute1.
    cloud_.servers = fixture("servers.json");
    EXPECT_THAT(names(list("compute1")), ElementsAre("vm1", "vm2"));
    EXPECT_THAT(targets(), ElementsAre("/v2.1/servers/detail?all_tenants=1&host=compute1"));
    EXPECT_THAT(names(list("compute3")), ElementsAre());
}

TEST_F(ServersShown, a_user_without_leave_to_know_hosts_is_not_given_a_wrong_list)
{
    cloud_.all_projects = false;
    cloud_.servers = fixture("servers_of_an_owner.json");
    EXPECT_THAT(trouble("compute1"), HasSubstr("os_compute_api:servers:allow_all_filters"));
}

TEST_F(ServersShown, there_is_an_end_to_following_pages)
{
    cloud_.servers = page_of("vm", "again");
    cloud_.pages["again"] = page_of("vm", "again");
    EXPECT_EQ(trouble(), "Nova: the list of servers goes round in a circle");
    cloud_.pages.clear();
    for (int i = 0; i < 300; ++i) {
        cloud_.pages["m" + std::to_string(i)] = page_of("vm", "m" + std::to_string(i + 1));
    }
    cloud_.servers = page_of("vm", "m0");
    const ServerList some = list();
    EXPECT_FALSE(some.complete);
    EXPECT_EQ(some.servers.size(), 200U);
}

TEST_F(ServersShown, a_fault_on_any_page_is_told_and_no_half_list_is_given)
{
    cloud_.servers = page_of("vm1", "gone");
    EXPECT_EQ(trouble(), "Nova answered HTTP 400: marker not found (req-fake)");
    cloud_.pages["gone"] = "{}";
    EXPECT_EQ(trouble(), "Nova: the answer has no list of servers");
    cloud_.fault = [](const Seen& seen) -> std::optional<Behaviour> {
        return seen.target.starts_with("/v2.1/servers")
                   ? std::optional{answer(403, fixture("fault_all_tenants.json"))}
                   : std::nullopt;
    };
    EXPECT_THAT(trouble(), HasSubstr("HTTP 403: Policy doesn't allow"));
    cloud_.fault = [](const Seen& seen) -> std::optional<Behaviour> {
        return seen.target.starts_with("/v2.1/servers") ? std::optional{Behaviour{"", Then::hang}}
                                                        : std::nullopt;
    };
    EXPECT_THAT(trouble("", 300ms), HasSubstr("Nova did not answer"));
}

TEST_F(ServersShown, who_cannot_be_let_in_is_told_why)
{
    cloud_.version = "2.15";
    EXPECT_EQ(trouble(), "this Nova speaks at most 2.15, and host_status needs 2.16");
    cloud_.password = "changed";
    EXPECT_THAT(trouble(), HasSubstr("Keystone answered HTTP 401"));
    EXPECT_TRUE(targets().empty());
}

} // namespace
} // namespace knell::nova
