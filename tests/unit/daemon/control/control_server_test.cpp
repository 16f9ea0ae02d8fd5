// SPDX-License-Identifier: GPL-3.0-or-later
#include "control_fixture.hpp"

#include <sys/stat.h>

namespace knell::control {
namespace {

using namespace std::chrono_literals;

Notice fenced(const std::string& host)
{
    return {.weight = Notice::Weight::alarm,
            .id = "HOST_FENCED",
            .host = HostId{host},
            .episode = EpisodeId{7},
            .text = "powered off by compute1-bmc"};
}

TEST_F(ControlTest, version_status_and_hosts_are_told)
{
    start();
    Client client{path()};
    EXPECT_EQ(client.call("version").at("result").at("version").as_string(), "1.2.3");
    const auto status = client.call("status").at("result");
    EXPECT_EQ(status.at("schema").as_int64(), 1);
    EXPECT_EQ(status.at("mode").as_string(), "armed");
    EXPECT_TRUE(status.at("daemon").at("nova").at("well").as_bool());
    const auto list = client.call("host.list").at("result").at("hosts").as_array();
    ASSERT_EQ(list.size(), 1u);
    EXPECT_EQ(list[0].at("host").as_string(), "compute1");
    EXPECT_GE(list[0].at("since").at("seconds_ago").as_double(), 89.9);
    EXPECT_EQ(client.call("host.show", {{"host", "compute1"}})
                  .at("result")
                  .at("host")
                  .at("state")
                  .as_string(),
              "Healthy");
}

TEST_F(ControlTest, explain_tells_the_journal_and_the_last_notices_of_this_host)
{
    start();
    publish(fenced("compute1"));
    publish(fenced("compute2"));
    Client client{path()};
    const auto result = client.call("host.explain", {{"host", "compute1"}}).at("result");
    EXPECT_EQ(result.at("history").at(0).at("what").as_string(), "fencing");
    ASSERT_EQ(result.at("notices").as_array().size(), 1u);
    EXPECT_EQ(result.at("notices").at(0).at("id").as_string(), "HOST_FENCED");
    EXPECT_TRUE(result.at("history_trouble").is_null());
}

TEST_F(ControlTest, an_order_carries_who_why_and_how_and_its_refusal_is_a_result)
{
    start();
    Client client{path()};
    auto result =
        client.call("host.fence", {{"host", "compute1"}, {"reason", "smoke"}}).at("result");
    EXPECT_FALSE(result.at("accepted").as_bool());
    EXPECT_EQ(result.at("text").as_string(), "the vantage is not clear");
    result = client.call("host.fence", {{"host", "compute1"}, {"reason", "smoke"}, {"force", true}})
                 .at("result");
    EXPECT_TRUE(result.at("accepted").as_bool());
    stop();
    ASSERT_EQ(operations.orders.size(), 2u);
    const auto& order = operations.orders[1];
    EXPECT_EQ(order.what, OperatorOrder::What::fence);
    EXPECT_EQ(order.host, HostId{"compute1"});
    EXPECT_EQ(order.reason, "smoke");
    EXPECT_TRUE(order.force);
    EXPECT_EQ(order.by, identity_of({::geteuid(), 0, ::getpid(), {}}));
}

TEST_F(ControlTest, an_order_is_answered_when_the_daemon_answers_and_notices_pass_it)
{
    operations.answers_later = true;
    start();
    Client client{path()};
    client.call("watch");
    client.send(R"({"jsonrpc":"2.0","id":"x","method":"arm","params":{"reason":"go"}})"
                "\n");
    while ([&] {
        std::size_t owed = 0;
        on_loop([&] { owed = operations.owed.size(); });
        return owed == 0;
    }()) {
        std::this_thread::sleep_for(1ms);
    }
    publish(fenced("compute1"));
    EXPECT_EQ(json::parse(client.line()).at("method").as_string(), "notice");
    on_loop([&] { operations.owed.front()(true, "armed"); });
    const auto answer = json::parse(client.line());
    EXPECT_EQ(answer.at("id").as_string(), "x");
    EXPECT_TRUE(answer.at("result").at("accepted").as_bool());
}

TEST_F(ControlTest, an_answer_may_come_after_its_asker_has_gone_and_after_the_server)
{
    operations.answers_later = true;
    start();
    {
        Client client{path()};
        client.send(R"({"jsonrpc":"2.0","id":1,"method":"readmit"})"
                    "\n");
        while ([&] {
            std::size_t owed = 0;
            on_loop([&] { owed = operations.owed.size(); });
            return owed == 0;
        }()) {
            std::this_thread::sleep_for(1ms);
        }
    }
    stop();
    operations.owed.front()(true, "too late");
}

TEST_F(ControlTest, an_order_about_an_unknown_host_never_reaches_the_daemon)
{
    start();
    Client client{path()};
    EXPECT_EQ(code_of(client.call("host.fence", {{"host", "compute9"}, {"reason", "x"}})), -32002);
    EXPECT_EQ(code_of(client.call("host.show", {{"host", "compute9"}})), -32002);
    stop();
    EXPECT_TRUE(operations.orders.empty());
}

TEST_F(ControlTest, bad_requests_are_answered_with_the_codes_of_json_rpc)
{
    start();
    const std::pair<std::string_view, int> cases[] = {
        {"not json\n", -32700},
        {"\n", -32700},
        {"{\"jsonrpc\":\"2.0\",\n", -32700},
        {"\"\xff\xfe\"\n", -32700},
        {"[[[[[[[[[[[[]]]]]]]]]]]]\n", -32700},
        {"[]\n", -32600},
        {"42\n", -32600},
        {"{}\n", -32600},
        {R"({"jsonrpc":"1.0","id":1,"method":"status"})"
         "\n",
         -32600},
        {R"({"jsonrpc":"2.0","method":"disarm","params":{"reason":"no id"}})"
         "\n",
         -32600},
        {R"({"jsonrpc":"2.0","id":null,"method":"status"})"
         "\n",
         -32600},
        {R"({"jsonrpc":"2.0","id":{},"method":"status"})"
         "\n",
         -32600},
        {R"({"jsonrpc":"2.0","id":1})"
         "\n",
         -32600},
        {R"({"jsonrpc":"2.0","id":1,"method":"status","params":[1]})"
         "\n",
         -32600},
        {R"({"jsonrpc":"2.0","id":1,"method":"host.explode"})"
         "\n",
         -32601},
        {R"({"jsonrpc":"2.0","id":1,"method":"status","params":{"x":1}})"
         "\n",
         -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"arm"})"
         "\n",
         -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"arm","params":{"reason":""}})"
         "\n",
         -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"arm","params":{"reason":"  "}})"
         "\n",
         -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"arm","params":{"reason":"a\nb"}})"
         "\n",
         -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"arm","params":{"reason":"\u001b[2J"}})"
         "\n",
         -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"host.fence","params":{"host":1,"reason":"x"}})"
         "\n",
         -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"host.fence","params":)"
         R"({"host":"compute1","reason":"x","force":"yes"}})"
         "\n",
         -32602},
        {R"({"jsonrpc":"2.0","id":1,"method":"host.inspect","params":)"
         R"({"host":"compute1","force":true}})"
         "\n",
         -32602},
    };
    Client client{path()};
    for (const auto& [request, code] : cases) {
        EXPECT_EQ(code_of(client.ask(request)), code) << request;
    }
    // The connection is still good.
    EXPECT_EQ(code_of(client.call("version")), 0);
    stop();
    EXPECT_TRUE(operations.orders.empty());
}

TEST_F(ControlTest, requests_that_arrive_in_pieces_or_together_are_each_answered_once)
{
    start();
    Client client{path()};
    const std::string request = R"({"jsonrpc":"2.0","id":1,"method":"version"})"
                                "\n";
    for (const char letter : request) {
        ASSERT_TRUE(client.send({&letter, 1}));
    }
    EXPECT_NE(client.line(), "");
    std::string many;
    for (int n = 0; n < 200; ++n) {
        many += request;
    }
    ASSERT_TRUE(client.send(many));
    for (int n = 0; n < 200; ++n) {
        ASSERT_NE(client.line(), "") << n;
    }
}

TEST_F(ControlTest, a_request_that_is_too_long_ends_the_connection_with_a_reason)
{
    start();
    for (const bool with_newline : {false, true}) {
        Client client{path()};
        client.send(std::string(options.bounds.request + 1, ' ') + (with_newline ? "\n" : ""));
        const auto refusal = client.line();
        ASSERT_NE(refusal, "");
        EXPECT_EQ(code_of(json::parse(refusal).as_object()), -32600);
        EXPECT_TRUE(client.hung_up());
    }
    Client client{path()};
    std::string longest = R"({"jsonrpc":"2.0","id":1,"method":"version"})";
    longest.resize(options.bounds.request, ' ');
    EXPECT_EQ(code_of(client.ask(longest + "\n")), 0);
}

TEST_F(ControlTest, half_a_request_is_not_waited_for_for_ever)
{
    options.bounds.half_request = 50ms;
    start();
    Client client{path()};
    client.send("{\"jsonrpc\"");
    EXPECT_TRUE(client.hung_up());
}

TEST_F(ControlTest, a_connection_that_asks_nothing_may_stay)
{
    options.bounds.half_request = 20ms;
    start();
    Client client{path()};
    EXPECT_EQ(code_of(client.call("version")), 0);
    std::this_thread::sleep_for(100ms);
    EXPECT_EQ(code_of(client.call("version")), 0);
}

TEST_F(ControlTest, every_watcher_gets_every_notice_in_order_and_nobody_else_does)
{
    start();
    std::vector<std::unique_ptr<Client>> watchers;
    for (int n = 0; n < 5; ++n) {
        watchers.push_back(std::make_unique<Client>(path()));
        EXPECT_TRUE(watchers.back()->call("watch").at("result").at("watching").as_bool());
    }
    Client quiet{path()};
    EXPECT_EQ(code_of(quiet.call("version")), 0);
    for (int n = 0; n < 20; ++n) {
        publish(fenced("compute" + std::to_string(n)));
    }
    for (const auto& watcher : watchers) {
        for (int n = 0; n < 20; ++n) {
            const auto notice = json::parse(watcher->line());
            EXPECT_EQ(notice.at("method").as_string(), "notice");
            EXPECT_EQ(notice.as_object().if_contains("id"), nullptr);
            EXPECT_EQ(notice.at("params").at("host").as_string(), "compute" + std::to_string(n));
        }
    }
    EXPECT_EQ(quiet.call("version").at("result").at("version").as_string(), "1.2.3");
}

TEST_F(ControlTest, a_watcher_that_does_not_read_is_dropped_and_the_others_stay)
{
    options.bounds.backlog = 4096;
    start();
    Client deaf{path()};
    deaf.call("watch");
    Client good{path()};
    good.call("watch");
    auto large = fenced("compute1");
    large.text = std::string(2000, 'x');
    std::size_t left = 2;
    for (int n = 0; n < 5000 && left == 2; ++n) {
        publish(large);
        ASSERT_NE(good.line(), "");
        on_loop([&] { left = server().connections(); });
    }
    EXPECT_EQ(left, 1u);
    EXPECT_EQ(code_of(good.call("version")), 0);
}

TEST_F(ControlTest, a_peer_that_asks_and_does_not_read_is_dropped)
{
    options.bounds.writing = 50ms;
    start();
    Client deaf{path()};
    const std::string request = R"({"jsonrpc":"2.0","id":1,"method":"status"})"
                                "\n";
    while (deaf.send(request)) {
    }
    std::size_t left = 1;
    on_loop([&] { left = server().connections(); });
    EXPECT_EQ(left, 0u);
}

TEST_F(ControlTest, connections_are_bounded_and_come_free_again)
{
    options.most_connections = 10;
    start();
    {
        std::vector<std::unique_ptr<Client>> clients;
        for (int n = 0; n < 10; ++n) {
            clients.push_back(std::make_unique<Client>(path()));
            ASSERT_EQ(code_of(clients.back()->call("version")), 0);
        }
        Client one_more{path()};
        EXPECT_EQ(code_of(json::parse(one_more.line()).as_object()), -32003);
        EXPECT_TRUE(one_more.hung_up());
        EXPECT_EQ(code_of(clients.front()->call("version")), 0);
    }
    std::size_t left = 1;
    while (left > 0) {
        on_loop([&] { left = server().connections(); });
    }
    Client client{path()};
    EXPECT_EQ(code_of(client.call("version")), 0);
}

TEST_F(ControlTest, many_that_come_and_go_leave_nothing_behind)
{
    start();
    for (int n = 0; n < 500; ++n) {
        Client client{path()};
        client.send(n % 2 == 0 ? "{"
                               : R"({"jsonrpc":"2.0","id":1,"method":"status"})"
                                 "\n");
    }
    std::size_t left = 1;
    while (left > 0) {
        on_loop([&] { left = server().connections(); });
    }
    EXPECT_EQ(left, 0u);
}

} // namespace
} // namespace knell::control
