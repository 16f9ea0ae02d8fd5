// SPDX-License-Identifier: GPL-3.0-or-later
// Real answers to what is rare: a Nova before 2.53, and evacuations that are not finished.
#include "tests/integration/nova/real_nova.hpp"
#include "tests/unit/http/scripted_server.hpp"

#include <algorithm>

namespace knell::nova {
namespace {

/// Stands before the real Nova and says that it speaks no more than 2.52. Waits for each answer
/// on a loop of its own.
class OlderNova {
public:
    OlderNova(boost::asio::io_context& loop, std::string real)
        : real_{std::move(real)}, server_{loop, [this](const http::Seen& seen) {
                                              return answer_to(seen);
                                          }}
    {
    }
    [[nodiscard]] std::string url() const { return server_.url("/v2.1"); }
    [[nodiscard]] const std::vector<http::Seen>& seen() const { return server_.seen(); }

private:
    http::Behaviour answer_to(const http::Seen& seen) const
    {
        if (seen.target == "/v2.1/") {
            return http::answer(200, R"({"version":{"version":"2.52","min_version":"2.1"}})");
        }
        http::Request request;
        request.method = seen.method;
        request.url = real_ + seen.target.substr(std::string{"/v2.1"}.size());
        for (const char* name : {"X-Auth-Token", "X-OpenStack-Nova-API-Version",
                                 "OpenStack-API-Version", "Content-Type"}) {
            if (!seen.header(name).empty()) {
                request.headers.push_back({name, Secret{seen.header(name)}});
            }
        }
        request.body = Secret{seen.body};
        request.reply_by = in(20s);
        boost::asio::io_context loop;
        http::Transport transport{loop};
        std::optional<http::Outcome> outcome;
        transport.send(std::move(request), [&](http::Outcome got) { outcome = std::move(got); });
        while (!outcome && loop.run_one() > 0) {
        }
        const auto* response = outcome ? std::get_if<http::Response>(&*outcome) : nullptr;
        return response == nullptr ? http::answer(502, "")
                                   : http::answer(response->status, response->body);
    }

    std::string real_;
    http::ScriptedServer server_;
};

using OldWays = RealNova;

TEST_F(OldWays, before_2_53_a_real_nova_takes_the_host_by_name)
{
    OlderNova older{loop_, endpoint()};
    NovaOptions options;
    options.endpoint_override = older.url();
    use(settings(admin_cloud()), options);
    const NovaAnswer set = force_down("compute2");
    EXPECT_EQ(set.outcome, NovaOutcome::done) << set.detail;
    EXPECT_EQ(set.forced_down, true);
    const auto put = std::find_if(older.seen().begin(), older.seen().end(),
                                  [](const http::Seen& seen) { return seen.method == "PUT"; });
    ASSERT_NE(put, older.seen().end());
    EXPECT_EQ(put->target, "/v2.1/os-services/force-down");
    EXPECT_EQ(put->header("X-OpenStack-Nova-API-Version"), "2.11");
    const ServersSeen down = sample("compute2");
    EXPECT_TRUE(down.known) << down.detail;
    EXPECT_EQ(down.down, down.sampled);
    EXPECT_EQ(clear("compute2").outcome, NovaOutcome::done);
    EXPECT_EQ(force_down("nosuch").refusal, NovaRefusal::not_found);

    std::optional<ServicesSeen> list;
    client_->watch_services(1h, [&](const ServicesSeen& seen) { list = seen; });
    client_->start();
    loop_.restart();
    while (!list && loop_.run_one() > 0) {
    }
    EXPECT_EQ(list->services.size(), 2U);
}

/// An SQL statement, without double quotes, on the lab's database of cell1.
bool carried_out(const std::string& statement)
{
    const std::string command = "/usr/bin/python3 -c \"import pymysql, sys; "
                                "pymysql.connect(unix_socket='" +
                                required("LAB_DIR") +
                                "/run/mariadb.sock', user='root', db='nova', autocommit=True)"
                                ".cursor().execute(sys.argv[1])\" \"" +
                                statement + "\"";
    return std::system(command.c_str()) == 0;
}

TEST_F(OldWays, a_flag_stays_while_evacuations_are_unfinished)
{
    ASSERT_FALSE(required("LAB_DIR").empty()) << "set LAB_DIR: an evacuation must be invented";
    use(settings(admin_cloud()));
    ASSERT_EQ(force_down("compute2").outcome, NovaOutcome::done);
    ASSERT_TRUE(carried_out(
        "INSERT INTO migrations (created_at, uuid, source_compute, dest_compute, status, "
        "migration_type, instance_uuid, deleted, hidden, cross_cell_move) SELECT NOW(), UUID(), "
        "'compute2', 'compute1', 'done', 'evacuation', uuid, 0, 0, 0 FROM instances LIMIT 1"));
    const NovaAnswer kept = clear("compute2");
    EXPECT_EQ(kept.outcome, NovaOutcome::refused) << kept.detail;
    EXPECT_EQ(kept.refusal, NovaRefusal::evacuations_unfinished) << kept.detail;
    EXPECT_EQ(kept.forced_down, true);
    EXPECT_EQ(force_down("compute2").outcome, NovaOutcome::done);
    // As nova-compute does when it starts.
    EXPECT_TRUE(carried_out("UPDATE migrations SET status = 'completed'"));
    EXPECT_EQ(clear("compute2").outcome, NovaOutcome::done);
}

} // namespace
} // namespace knell::nova
