// SPDX-License-Identifier: GPL-3.0-or-later
// The guards are told apart by core's own words, so core itself must say them here.
#include "daemon/metrics/guard.hpp"
#include "tests/simulation/small_world.hpp"

#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <set>

namespace knell::metrics {
namespace {

const DomainId rack{"rack1"};

struct Case {
    std::string guard;
    std::function<void(Policy&)> arrange;
    std::function<void(test::SmallWorld&)> before;
    std::vector<std::string> cut{"compute1"};
    std::string held{"compute1"};
};

const std::vector<Case>& cases()
{
    const auto nothing = [](auto&) {};
    const auto on_rack = [](Policy& policy, unsigned together, unsigned budget) {
        policy.gate.domains = {{rack, DomainPolicy::Action::hold, together, budget}};
        policy.hosts[0].domains = policy.hosts[1].domains = {rack};
    };
    static const std::vector<Case> all{
        {"mode", [](Policy& policy) { policy.gate.mode = Mode::observe; }, nothing},
        {"hold", nothing,
         [](test::SmallWorld& world) {
             world.tell(OperatorOrder{OrderId{9}, OperatorOrder::What::hold, std::nullopt, "alice",
                                      "moving racks", false});
         }},
        {"precious", [](Policy& policy) { policy.hosts[0].precious = "it runs etcd"; }, nothing},
        {"planned", nothing,
         [](test::SmallWorld& world) {
             world.host("compute1").disabled = true;
             world.host("compute1").disabled_reason = "swapping a disk";
             world.list_services();
             world.run(1s);
         }},
        {"nova", nothing,
         [](test::SmallWorld& world) {
             world.tell(NovaTurned{false, "connection refused"});
             world.run(5s);
         }},
        {"storm", nothing, nothing, {"compute1", "compute2", "compute3"}},
        {"domain",
         [=](Policy& policy) { on_rack(policy, 2, 9); },
         nothing,
         {"compute1", "compute2"}},
        {"domain_budget", [=](Policy& policy) { on_rack(policy, 9, 0); }, nothing},
        {"budget", [](Policy& policy) { policy.gate.budget = 0; }, nothing},
        {"down_at_once", [](Policy& policy) { policy.gate.down_most = 1; },
         [](test::SmallWorld& world) {
             world.cut("compute2");
             ASSERT_TRUE(world.run_until([&] { return world.state("compute2") == "Down"; }, 1min));
         }},
        {"device", [](Policy& policy) { policy.hosts[0].devices.clear(); }, nothing},
    };
    return all;
}

class Guards : public testing::TestWithParam<Case> {};

TEST_P(Guards, the_guard_behind_a_held_host_is_found_in_what_core_says)
{
    const auto& one = GetParam();
    auto policy = test::small_policy(8);
    policy.gate.storm_hosts = 3;
    policy.gate.storm_share = 0;
    one.arrange(policy);
    test::SmallWorld world{policy};
    world.run(5s);
    one.before(world);
    for (const auto& host : one.cut) {
        world.cut(host);
    }
    ASSERT_TRUE(world.run_until([&] { return world.state(one.held) == "Held"; }, 1min));
    const auto why = world.fleet().view(HostId{one.held})->why;
    EXPECT_EQ(guard_of("has failed and is not fenced: " + why), one.guard) << why;
}

INSTANTIATE_TEST_SUITE_P(All, Guards, testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.guard; });

TEST(Guard, every_guard_that_is_counted_has_been_seen_to_close)
{
    std::set<std::string> seen{"other"};
    for (const auto& one : cases()) {
        seen.insert(one.guard);
    }
    EXPECT_EQ(seen, (std::set<std::string>{guards().begin(), guards().end()}));
}

TEST(Guard, unknown_words_are_no_guard)
{
    EXPECT_EQ(guard_of(""), "other");
    EXPECT_EQ(guard_of("has failed and is not fenced: a reason of tomorrow"), "other");
    EXPECT_EQ(guard_of("the budget of "), "other");
}

} // namespace
} // namespace knell::metrics
