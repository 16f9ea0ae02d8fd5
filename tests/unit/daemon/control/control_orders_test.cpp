// SPDX-License-Identifier: GPL-3.0-or-later
#include "control_fixture.hpp"
#include "core/fleet.hpp"
#include "daemon/control/methods.hpp"

#include <gmock/gmock.h>

namespace knell::control {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using What = OperatorOrder::What;

/// Two hosts; calls are dispatched without a socket, by root.
class ControlOrders : public testing::Test {
protected:
    ControlOrders()
    {
        auto second = operations.view.hosts.front();
        second.host = HostId{"compute2"};
        operations.view.hosts.push_back(second);
    }
    json::object call(std::string_view method, json::object params)
    {
        json::object response;
        dispatch(
            services, {0, 0, 42, {}},
            json::value{
                {"jsonrpc", "2.0"}, {"id", 1}, {"method", method}, {"params", std::move(params)}},
            [] {}, [&](json::object answer) { response = std::move(answer); });
        return response;
    }
    /// The one order that reached the daemon.
    OperatorOrder ordered(std::string_view method, json::object params)
    {
        operations.orders.clear();
        EXPECT_EQ(code_of(call(method, std::move(params))), 0) << method;
        EXPECT_EQ(operations.orders.size(), 1u) << method;
        return operations.orders.at(0);
    }

    ScriptedOperations operations;
    RecentNotices notices;
    const std::string version = "1";
    const Access access;
    Services services{operations, notices, access, version};
};

TEST_F(ControlOrders, hold_on_and_off_carry_who_and_why)
{
    const auto on = ordered("hold.on", {{"reason", "switches"}});
    EXPECT_EQ(on.what, What::hold);
    EXPECT_EQ(on.reason, "switches");
    EXPECT_THAT(on.by, HasSubstr("uid=0"));
    EXPECT_EQ(ordered("hold.off", {{"reason", "done"}}).what, What::unhold);
}

TEST_F(ControlOrders, an_approval_names_its_hosts_and_no_others)
{
    const auto order = ordered("plan.approve", {{"hosts", json::array{"compute2", "compute1"}},
                                                {"reason", "the rack burns"}});
    EXPECT_EQ(order.what, What::approve);
    EXPECT_THAT(order.hosts, ElementsAre(HostId{"compute2"}, HostId{"compute1"}));
    EXPECT_EQ(order.host, std::nullopt);
}

TEST_F(ControlOrders, maintenance_lasts_as_long_as_was_said)
{
    const auto order = ordered("maintenance.start",
                               {{"host", "compute1"}, {"seconds", 7200}, {"reason", "new fans"}});
    EXPECT_EQ(order.what, What::begin_maintenance);
    EXPECT_EQ(order.lasting, Duration{2h});
    EXPECT_EQ(order.host, HostId{"compute1"});
    EXPECT_EQ(ordered("maintenance.end", {{"host", "compute1"}, {"reason", "done"}}).what,
              What::end_maintenance);
    EXPECT_EQ(ordered("host.inspect", {{"host", "compute1"}}).what, What::inspect);
}

TEST_F(ControlOrders, every_input_is_bounded)
{
    json::array many;
    for (int n = 0; n <= 1000; ++n) {
        many.push_back(json::string{"host" + std::to_string(n)});
    }
    const std::string long_name(256, 'x');
    const struct {
        const char* method;
        json::object params;
    } wrong[] = {
        {"maintenance.start", {{"host", "compute1"}, {"seconds", 0}, {"reason", "x"}}},
        {"maintenance.start", {{"host", "compute1"}, {"seconds", -1}, {"reason", "x"}}},
        {"maintenance.start", {{"host", "compute1"}, {"seconds", 2592001}, {"reason", "x"}}},
        {"maintenance.start", {{"host", "compute1"}, {"seconds", 1.5}, {"reason", "x"}}},
        {"maintenance.start", {{"host", "compute1"}, {"seconds", "2h"}, {"reason", "x"}}},
        {"maintenance.start", {{"host", "compute1"}, {"reason", "x"}}},
        {"maintenance.start", {{"host", "compute1"}, {"seconds", 60}}},
        {"plan.approve", {{"hosts", json::array{}}, {"reason", "x"}}},
        {"plan.approve", {{"hosts", many}, {"reason", "x"}}},
        {"plan.approve", {{"hosts", json::array{"compute1", "compute1"}}, {"reason", "x"}}},
        {"plan.approve", {{"hosts", json::array{"compute1", 2}}, {"reason", "x"}}},
        {"plan.approve", {{"hosts", json::array{""}}, {"reason", "x"}}},
        {"plan.approve", {{"hosts", json::array{long_name}}, {"reason", "x"}}},
        {"plan.approve", {{"hosts", "compute1"}, {"reason", "x"}}},
        {"plan.approve", {{"reason", "x"}}},
        {"plan.approve", {{"hosts", json::array{"compute1"}}}},
        {"host.explain", {{"host", "compute1"}, {"episode", 0}}},
        {"host.explain", {{"host", "compute1"}, {"episode", "7"}}},
        {"host.explain", {{"host", "compute1"}, {"episode", 18446744073709551615U}}},
        {"arm", {{"reason", "a\u009b2J"}}},
        {"host.inspect", {{"host", long_name}}},
        {"host.inspect", {{"host", ""}}},
        {"host.rehearse", {{"host", "compute1"}, {"force", true}}},
        {"hold.on", {{"reason", std::string(501, 'x')}}},
        {"hold.on", json::object{}},
        {"config.reload", {{"reason", "x"}}},
    };
    for (const auto& [method, params] : wrong) {
        const auto response = call(method, params);
        EXPECT_EQ(code_of(response), -32602) << method << json::serialize(params);
        const std::string text{response.at("error").at("message").as_string()};
        EXPECT_THAT(text, HasSubstr(std::string{method} + " takes "));
    }
    EXPECT_TRUE(operations.orders.empty());
    EXPECT_EQ(
        ordered("maintenance.start", {{"host", "compute1"}, {"seconds", 2592000}, {"reason", "x"}})
            .lasting,
        Duration{24h * 30});
    EXPECT_EQ(ordered("maintenance.start", {{"host", "compute1"}, {"seconds", 1}, {"reason", "x"}})
                  .lasting,
              Duration{1s});
}

TEST_F(ControlOrders, an_approval_of_a_host_that_knell_does_not_watch_is_refused_whole)
{
    const auto response =
        call("plan.approve", {{"hosts", json::array{"compute1", "compute9"}}, {"reason", "x"}});
    EXPECT_EQ(code_of(response), -32002);
    EXPECT_THAT(std::string{response.at("error").at("message").as_string()},
                HasSubstr("\"compute9\""));
    EXPECT_TRUE(operations.orders.empty());
}

TEST_F(ControlOrders, the_plan_holds_the_hosts_that_an_approval_would_let_be_fenced)
{
    auto& hosts = operations.view.hosts;
    hosts[0].state = hosts[1].state = "Held";
    hosts[0].in_plan = true;
    auto third = hosts[0];
    third.host = HostId{"compute3"};
    third.state = "Healthy";
    third.in_plan = false;
    hosts.push_back(third);
    operations.view.storm = "2 of 3 hosts are silent at the same time";
    const auto plan = call("plan.show", {}).at("result");
    EXPECT_EQ(plan.at("storm").as_string(), "2 of 3 hosts are silent at the same time");
    EXPECT_TRUE(plan.at("hold").is_null());
    ASSERT_EQ(plan.at("hosts").as_array().size(), 1u);
    EXPECT_EQ(plan.at("hosts").at(0).at("host").as_string(), "compute1");
    ASSERT_EQ(plan.at("held_otherwise").as_array().size(), 1u);
    EXPECT_EQ(plan.at("held_otherwise").at(0).at("host").as_string(), "compute2");
}

TEST_F(ControlOrders, explain_asks_for_one_episode_or_for_the_last_rows)
{
    EXPECT_TRUE(call("host.explain", {{"host", "compute1"}}).at("result").at("episode").is_null());
    EXPECT_EQ(operations.asked_episode, std::nullopt);
    const auto one = call("host.explain", {{"host", "compute1"}, {"episode", 7}});
    EXPECT_EQ(one.at("result").at("episode").to_number<int>(), 7);
    EXPECT_EQ(operations.asked_episode, EpisodeId{7});
}

TEST_F(ControlOrders, a_reload_says_who_wants_it_and_is_answered)
{
    const auto result = call("config.reload", {}).at("result");
    EXPECT_TRUE(result.at("accepted").as_bool());
    EXPECT_EQ(result.at("text").as_string(), "nothing has changed");
    EXPECT_THAT(operations.reloaded_by, HasSubstr("uid=0"));
}

/// core's own words for a rehearsal, as the daemon would hand them on.
class RealRehearsal : public ScriptedOperations {
public:
    void order(OperatorOrder order, OnAnswer on_answer) override
    {
        Policy policy;
        policy.hosts.push_back(HostPolicy{HostId{"compute1"}});
        policy.hosts.back().devices = {DeviceId{"bmc1"}};
        policy.hosts.back().precious = "it runs etcd";
        Fleet fleet{policy, {}};
        (void)fleet.begin(Instant{1h});
        order.id = OrderId{1};
        for (const auto& effect : fleet.on_event(Instant{1h}, order)) {
            if (const auto* answer = std::get_if<Answer>(&effect)) {
                on_answer(answer->accepted, answer->text);
            }
        }
    }
};

TEST_F(ControlOrders, a_rehearsal_is_told_gate_by_gate)
{
    RealRehearsal real;
    Services with_core{real, notices, access, version};
    json::object response;
    dispatch(
        with_core, {0, 0, 42, {}},
        json::value{{"jsonrpc", "2.0"},
                    {"id", 1},
                    {"method", "host.rehearse"},
                    {"params", json::object{{"host", "compute1"}}}},
        [] {}, [&](json::object answer) { response = std::move(answer); });
    const auto& result = response.at("result");
    std::map<std::string, std::pair<bool, std::string>> gates;
    for (const auto& gate : result.at("gates").as_array()) {
        gates[std::string{gate.at("gate").as_string()}] = {
            gate.at("open").as_bool(), std::string{gate.at("text").as_string()}};
    }
    for (const char* gate :
         {"verdict", "vantage", "device", "mode", "hold", "precious", "planned", "storm", "domain",
          "domain budget", "budget", "down at once", "nova"}) {
        EXPECT_TRUE(gates.contains(gate)) << gate;
    }
    EXPECT_EQ(gates.size(), 13u);
    EXPECT_FALSE(gates["mode"].first);
    EXPECT_THAT(gates["mode"].second, testing::StartsWith("observing only"));
    EXPECT_FALSE(gates["precious"].first);
    EXPECT_THAT(gates["precious"].second, HasSubstr("it runs etcd"));
    EXPECT_TRUE(gates["hold"].first);
    EXPECT_THAT(std::string{result.at("note").as_string()}, HasSubstr("An order asks only for"));
}

} // namespace
} // namespace knell::control
