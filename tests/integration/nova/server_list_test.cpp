// SPDX-License-Identifier: GPL-3.0-or-later
// What the owner of a server sees of its host, before and after policy lets him.
#include "cli/server_list_text.hpp"
#include "tests/integration/nova/real_nova.hpp"

#include <boost/json.hpp>

#include <fstream>
#include <thread>

namespace knell::cli {
namespace {

using nova::admin_cloud;
using nova::required;
using nova::ServerList;
using nova::ServerRow;

constexpr const char* owner = "lab-demo";

class RealServers : public nova::RealNova {
protected:
    void SetUp() override
    {
        nova::RealNova::SetUp();
        use(settings(admin_cloud()));
        create();
        ASSERT_FALSE(id_.empty());
    }
    void TearDown() override
    {
        permit("{}");
        if (!host_.empty()) {
            EXPECT_EQ(clear(host_).outcome, NovaOutcome::done);
        }
        if (!id_.empty()) {
            EXPECT_EQ(ask(owner, "DELETE", "/servers/" + id_, "", "2.37").status, 204U);
        }
    }

    static ServerList list(const std::string& cloud, const std::string& host = {})
    {
        auto outcome = nova::list_servers(settings(cloud), {}, host, 30s);
        if (const auto* none = std::get_if<nova::NoServerList>(&outcome)) {
            ADD_FAILURE() << none->why;
            return {};
        }
        return std::get<ServerList>(std::move(outcome));
    }
    /// As `cloud` is shown our server.
    ServerRow ours(const std::string& cloud) const
    {
        const ServerList all = list(cloud);
        for (const ServerRow& server : all.servers) {
            if (server.id == id_) {
                return server;
            }
        }
        ADD_FAILURE() << "not shown to " << cloud;
        return {};
    }
    /// nova-api reads its policy again when the file's time, in whole seconds, has changed.
    static void permit(const std::string& policy)
    {
        std::ofstream{required("LAB_DIR") + "/etc/policy.yaml"} << policy << '\n';
        std::this_thread::sleep_for(std::chrono::milliseconds{1100});
    }

    std::string id_;
    std::string host_; ///< forced down by us

private:
    void create()
    {
        const auto flavors = ask(owner, "GET", "/flavors", "", "2.37");
        const auto flavor = boost::json::parse(flavors.body).at_pointer("/flavors/0/id");
        boost::json::object server{
            {"name", "owned"}, {"flavorRef", flavor}, {"imageRef", ""}, {"networks", "none"}};
        server["block_device_mapping_v2"] =
            boost::json::parse(R"([{"boot_index": 0, "source_type": "blank",
                                    "destination_type": "local", "volume_size": 1}])");
        const boost::json::object wanted{{"server", server}};
        const auto answer = ask(owner, "POST", "/servers", boost::json::serialize(wanted), "2.37");
        ASSERT_EQ(answer.status, 202U) << answer.body;
        id_ = boost::json::value_to<std::string>(
            boost::json::parse(answer.body).at_pointer("/server/id"));
        for (int tries = 0; tries < 100 && ours(owner).status == "BUILD"; ++tries) {
            std::this_thread::sleep_for(std::chrono::milliseconds{200});
        }
        EXPECT_EQ(ours(owner).status, "ACTIVE");
    }
};

TEST_F(RealServers, a_forced_down_host_shows_down_to_whom_policy_permits)
{
    const ServerRow before = ours(admin_cloud());
    EXPECT_EQ(before.host_status, "UP");
    host_ = before.host.value_or("");
    ASSERT_EQ(force_down(host_).outcome, NovaOutcome::done);

    EXPECT_EQ(ours(admin_cloud()).host_status, "DOWN");
    EXPECT_EQ(ours(admin_cloud()).status, "ACTIVE");
    const ServerList there = list(admin_cloud(), host_);
    EXPECT_TRUE(there.all_projects);
    EXPECT_GT(there.servers.size(), 1U);
    for (const ServerRow& server : there.servers) {
        EXPECT_EQ(server.host_status, "DOWN") << server.name;
    }
    EXPECT_EQ(host_status_shown(there), HostStatusShown::yes);
    const ServerList all = list(admin_cloud());
    for (const ServerRow& server : all.servers) {
        EXPECT_EQ(server.host_status, server.host == host_ ? "DOWN" : "UP") << server.name;
    }

    const ServerList owned = list(owner);
    EXPECT_FALSE(owned.all_projects);
    EXPECT_EQ(host_status_shown(owned), HostStatusShown::no);
    EXPECT_EQ(ours(owner).host_status, std::nullopt);
    EXPECT_EQ(ours(owner).host, std::nullopt);
    const auto refused = nova::list_servers(settings(owner), {}, host_, 30s);
    EXPECT_TRUE(std::holds_alternative<nova::NoServerList>(refused));
}

TEST_F(RealServers, the_remedy_that_knellctl_names_lets_the_owner_see_it)
{
    ASSERT_FALSE(required("LAB_DIR").empty()) << "set LAB_DIR: nova-api's policy must be changed";
    host_ = ours(admin_cloud()).host.value_or("");
    ASSERT_EQ(force_down(host_).outcome, NovaOutcome::done);
    const std::string status = "os_compute_api:servers:show:host_status";
    for (const std::string rule : {"rule:project_reader_or_admin", "rule:admin_or_owner"}) {
        permit("\"" + status + "\": \"" + rule + "\"");
        EXPECT_EQ(ours(owner).host_status, "DOWN") << rule;
        EXPECT_EQ(host_status_shown(list(owner)), HostStatusShown::yes) << rule;
    }
    permit("\"" + status + ":unknown-only\": \"rule:project_reader_or_admin\"");
    EXPECT_EQ(ours(owner).host_status, std::nullopt);
    EXPECT_EQ(host_status_shown(list(owner)), HostStatusShown::no);
    EXPECT_EQ(ours(admin_cloud()).host_status, "DOWN");
}

} // namespace
} // namespace knell::cli
