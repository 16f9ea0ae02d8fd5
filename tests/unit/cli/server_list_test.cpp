// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/server_list.hpp"
#include "cli/server_list_text.hpp"
#include "cli_fixture.hpp"
#include "tests/unit/nova/cloud_aside.hpp"
#include "tests/unit/nova/fixture.hpp"

#include <fstream>
#include <gmock/gmock.h>

namespace knell::cli {
namespace {

using nova::fixture;
using testing::HasSubstr;
using testing::Not;

std::vector<nova::ServerRow> servers_in(const std::string& body)
{
    return std::get<nova::ServerPage>(nova::parse_server_page(body)).servers;
}

/// The servers of several recorded answers, with the eyes of one who is shown all projects.
ServersSeenBy seen(const std::vector<std::string>& bodies)
{
    ServersSeenBy result;
    for (const auto& body : bodies) {
        for (auto& server : servers_in(body)) {
            result.list.servers.push_back(std::move(server));
        }
    }
    result.list.all_projects = true;
    result.list.endpoint = "http://nova.example:8774/v2.1";
    result.cloud = "lab";
    return result;
}

std::string printed(const ServersSeenBy& servers)
{
    std::ostringstream out;
    print_servers(out, servers);
    return out.str();
}

std::string one(const std::string& host_status)
{
    return R"({"servers":[{"id":"1","name":"vm","host_status":)" + host_status + "}]}";
}
const std::string hidden = R"({"servers":[{"id":"2","name":"vm"}]})";
const std::string unreachable = R"({"servers":[{"id":"3","status":"UNKNOWN"}]})";

TEST(ServerTable, what_is_down_comes_first_and_each_word_in_it_is_explained)
{
    EXPECT_EQ(
        printed(seen({fixture("servers_up.json"), fixture("servers_down.json")})),
        R"(ID                                    NAME  STATUS  TASK STATE  POWER STATE  HOST      HOST STATUS
96cd31b0-1330-43b5-9cfb-89128bf2e120  vm1   ACTIVE  -           Running      compute1  DOWN
96cd31b0-1330-43b5-9cfb-89128bf2e120  vm1   ACTIVE  -           Running      compute1  UP

2 servers, as Nova at http://nova.example:8774/v2.1 shows them to cloud "lab", of all projects.
HOST STATUS is the first of these that is true: forced_down (DOWN), disabled (MAINTENANCE), reporting (UP); else UNKNOWN.
  DOWN  forced_down is set. Whoever set it says that the host does not run; where knell did, its power is proven off. Its servers can be evacuated.
  UP    nova-compute has reported within service_down_time. A host that has died since then is UP too.
This user may see host_status: the policy os_compute_api:servers:show:host_status permits it.
What an owner sees may differ: knellctl server list --os-cloud OWNERS-CLOUD
)");
}

TEST(ServerTable, every_value_that_occurs_is_explained_and_down_always)
{
    const auto all =
        printed(seen({fixture("servers_up.json"), fixture("servers_unknown.json"),
                      fixture("servers_maintenance.json"), fixture("servers.json"), hidden}));
    for (const char* start :
         {"\n  DOWN ", "\n  UNKNOWN ", "\n  MAINTENANCE ", "\n  ? ", "\n  - ", "\n  UP "}) {
        EXPECT_THAT(all, HasSubstr(start));
    }
    const auto calm = printed(seen({fixture("servers_up.json")}));
    EXPECT_THAT(calm, HasSubstr("\n  DOWN "));
    EXPECT_THAT(calm, Not(HasSubstr("\n  UNKNOWN ")));
    EXPECT_THAT(calm, Not(HasSubstr("\n  MAINTENANCE ")));
    EXPECT_THAT(calm, Not(HasSubstr("\n  ? ")));
}

TEST(ServerTable, an_owner_sees_networks_and_learns_which_policy_hides_the_rest)
{
    auto owners = seen({fixture("servers_of_an_owner.json")});
    owners.list.all_projects = false;
    owners.list.servers[0].networks = {{"blue", {"10.0.0.3", "fd00::3"}}, {"red", {"10.1.0.3"}}};
    const auto text = printed(owners);
    EXPECT_THAT(text,
                HasSubstr("POWER STATE  NETWORKS                              HOST STATUS\n"));
    EXPECT_THAT(text, HasSubstr("Running      blue=10.0.0.3, fd00::3; red=10.1.0.3  ?\n"));
    EXPECT_THAT(text, HasSubstr("1 server, as Nova"));
    EXPECT_THAT(text, HasSubstr("of its own project only."));
    EXPECT_THAT(text, HasSubstr("This user may not see host_status: the policy "
                                "os_compute_api:servers:show:host_status refuses"));
    EXPECT_THAT(text, HasSubstr(R"("os_compute_api:servers:show:host_status": )"
                                R"("rule:project_reader_or_admin")"));
    EXPECT_THAT(text, Not(HasSubstr("OWNERS-CLOUD")));
}

TEST(ServerTable, what_policy_permits_is_read_from_what_is_there)
{
    const auto shown = [](const std::vector<std::string>& bodies) {
        return host_status_shown(seen(bodies).list);
    };
    const auto unknown = one(R"("UNKNOWN")");
    EXPECT_EQ(shown({}), HostStatusShown::untold);
    EXPECT_EQ(shown({unreachable}), HostStatusShown::untold);
    EXPECT_EQ(shown({hidden, unreachable}), HostStatusShown::no);
    EXPECT_EQ(shown({unknown, unreachable}), HostStatusShown::perhaps);
    EXPECT_EQ(shown({unknown, hidden}), HostStatusShown::unknown_only);
    EXPECT_EQ(shown({unknown, one(R"("UP")")}), HostStatusShown::yes);
    EXPECT_EQ(shown({one(R"("")")}), HostStatusShown::yes);
    EXPECT_THAT(printed(seen({unknown, hidden})),
                HasSubstr("only where it is UNKNOWN, never DOWN"));
    EXPECT_THAT(printed(seen({unknown})), HasSubstr("these servers cannot tell"));
    EXPECT_THAT(printed(seen({})), HasSubstr("only a server could tell"));
}

TEST(ServerTable, what_is_not_shown_is_never_good_news_and_names_cannot_speak_to_the_terminal)
{
    const auto gone = printed(seen({unreachable}));
    EXPECT_THAT(gone, HasSubstr("\n3   ?     UNKNOWN  ?           ?            ?         ?\n"));
    const auto evil = printed(
        seen({R"({"servers":[{"id":"1","name":"a\u001b[2J","status":"ACTIVE","host_status":"NEW",
                              "OS-EXT-SRV-ATTR:host":null,"OS-EXT-STS:task_state":"rebuilding",
                              "OS-EXT-STS:power_state":9},
                             {"id":"2","name":"b","host_status":"DOWN"}]})"}));
    EXPECT_THAT(evil, HasSubstr("\n1   a?[2J  ACTIVE  rebuilding  9            -     NEW\n2 "))
        << "a word that we do not know comes first";
}

TEST(ServerTable, there_may_be_more_and_it_may_be_one_host)
{
    auto some = seen({fixture("servers_up.json")});
    some.list.complete = false;
    EXPECT_THAT(printed(some), HasSubstr("There are more; name a host"));
    some.list.complete = true;
    some.host = "compute1";
    EXPECT_THAT(printed(some), HasSubstr("1 server on compute1, as Nova"));
    EXPECT_THAT(printed(some), Not(HasSubstr("There are more")));
}

TEST(ServerTable, programs_get_all_of_it)
{
    auto shown =
        seen({fixture("servers_down.json"), fixture("servers_of_an_owner.json"), unreachable});
    shown.list.servers[0].networks = {{"blue", {"10.0.0.3"}}};
    const json::value document(to_json(shown));
    EXPECT_EQ(document.at("schema").as_int64(), 1);
    EXPECT_EQ(document.at("cloud").as_string(), "lab");
    EXPECT_EQ(document.at("endpoint").as_string(), "http://nova.example:8774/v2.1");
    EXPECT_TRUE(document.at("all_projects").as_bool());
    EXPECT_TRUE(document.at("complete").as_bool());
    EXPECT_EQ(document.at("host_status_shown").as_string(), "yes");
    EXPECT_EQ(document.at_pointer("/servers/0"),
              json::parse(R"({"id":"96cd31b0-1330-43b5-9cfb-89128bf2e120","name":"vm1",
                              "status":"ACTIVE","task_state":null,"power_state":1,
                              "networks":{"blue":["10.0.0.3"]},"host":"compute1",
                              "host_status":"DOWN"})"));
    EXPECT_TRUE(document.at_pointer("/servers/1/host_status").is_null());
    EXPECT_TRUE(document.at_pointer("/servers/1/host").is_null());
    EXPECT_TRUE(document.at_pointer("/servers/2/name").is_null());
    EXPECT_TRUE(document.at_pointer("/servers/2/power_state").is_null());
    const auto word = [](const std::vector<std::string>& bodies) {
        return json::value_to<std::string>(
            json::value(to_json(seen(bodies))).at("host_status_shown"));
    };
    EXPECT_EQ(word({}), "untold");
    EXPECT_EQ(word({hidden}), "no");
    EXPECT_EQ(word({one(R"("UNKNOWN")")}), "perhaps");
    EXPECT_EQ(word({one(R"("UNKNOWN")"), hidden}), "unknown-only");
}

/// knellctl, a Nova that answers, and the files that say where it is.
class KnellctlServerList : public ::testing::Test {
protected:
    KnellctlServerList()
    {
        std::string name = std::filesystem::temp_directory_path() / "knell-servers-XXXXXX";
        folder_ = ::mkdtemp(name.data());
        write("clouds.yaml", "clouds:\n" + entry("operator") + entry("owner"));
        write("knell.yaml", "networks: [mgmt]\nmonitors: {heartbeat: none}\n"
                            "nova: {cloud: operator, clouds_file: " +
                                folder_.string() +
                                "/clouds.yaml}\n"
                                "hosts: [{name: compute1, addresses: {mgmt: 192.0.2.1}}]\n");
        ::setenv("OS_CLIENT_CONFIG_FILE", (folder_ / "clouds.yaml").c_str(), 1);
        aside_.cloud.servers = fixture("servers_down.json");
    }
    ~KnellctlServerList() override
    {
        ::unsetenv("OS_CLIENT_CONFIG_FILE");
        std::filesystem::remove_all(folder_);
    }

    Ended listed(std::vector<std::string> arguments)
    {
        arguments.insert(arguments.begin(), {"server", "list"});
        return aside_.during([&] { return knellctl(arguments); });
    }
    std::string configuration() const { return folder_ / "knell.yaml"; }
    void write(const std::string& name, const std::string& text) const
    {
        std::ofstream{folder_ / name} << text;
        ::chmod((folder_ / name).c_str(), 0600);
    }
    std::string entry(const std::string& name) const
    {
        return "  " + name + ":\n    auth: {auth_url: \"" + aside_.cloud.settings().auth_url +
               "\", username: u, password: sesame, user_domain_id: default, project_id: p}\n";
    }

    nova::CloudAside aside_;
    std::filesystem::path folder_;
};

TEST_F(KnellctlServerList, asks_as_the_configuration_says)
{
    const auto ended = listed({"--config", configuration()});
    EXPECT_EQ(ended.exit, Exit::ok) << ended.err;
    EXPECT_EQ(ended.err, "") << "the warnings of the configuration are not asked for here";
    EXPECT_THAT(ended.out, HasSubstr("compute1  DOWN\n"));
    EXPECT_THAT(ended.out, HasSubstr("to cloud \"operator\", of all projects."));
}

TEST_F(KnellctlServerList, asks_with_the_eyes_of_an_owner_and_needs_no_configuration)
{
    aside_.cloud.all_projects = false;
    aside_.cloud.servers = fixture("servers_of_an_owner.json");
    const auto ended = listed({"--os-cloud", "owner", "--config", "/nowhere/knell.yaml"});
    EXPECT_EQ(ended.exit, Exit::ok) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("to cloud \"owner\", of its own project only."));
    EXPECT_THAT(ended.out, HasSubstr("may not see host_status"));
}

TEST_F(KnellctlServerList, one_host_as_json)
{
    const auto ended = listed({"--os-cloud", "operator", "--host", "compute1", "-f", "json"});
    EXPECT_EQ(ended.exit, Exit::ok) << ended.err;
    const auto document = json::parse(ended.out);
    EXPECT_EQ(document.at_pointer("/servers/0/host_status").as_string(), "DOWN");
    EXPECT_EQ(aside_.cloud.seen().back().target,
              "/v2.1/servers/detail?all_tenants=1&host=compute1");
}

TEST_F(KnellctlServerList, what_stands_in_the_way_is_said_and_nothing_is_printed)
{
    auto ended = listed({"--os-cloud", "nobody"});
    EXPECT_EQ(ended.exit, Exit::failed);
    EXPECT_THAT(ended.err, HasSubstr("there is no cloud \"nobody\"; there is: operator, owner"));
    ended = listed({"--config", "/nowhere/knell.yaml"});
    EXPECT_EQ(ended.exit, Exit::failed);
    EXPECT_THAT(ended.err, HasSubstr("/nowhere/knell.yaml"));
    EXPECT_THAT(ended.err, HasSubstr("--os-cloud NAME"));
    aside_.cloud.password = "changed";
    ended = listed({"--os-cloud", "owner"});
    EXPECT_EQ(ended.exit, Exit::failed);
    EXPECT_THAT(ended.err, HasSubstr("Keystone answered HTTP 401"));
    EXPECT_THAT(ended.err, Not(HasSubstr("sesame")));
    EXPECT_EQ(ended.out, "");
}

} // namespace
} // namespace knell::cli
