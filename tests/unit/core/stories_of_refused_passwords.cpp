// SPDX-License-Identifier: GPL-3.0-or-later
// A BMC that refuses our password, over restarts of knelld: a few logins more lock the account.
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

using testing::HasSubstr;
using What = OperatorOrder::What;

Policy inspected()
{
    auto policy = small_policy(3);
    for (auto& host : policy.hosts) {
        host.fence.inspect = 1min;
    }
    return policy;
}

class Refused : public Story {
protected:
    Refused() : Story{inspected()} {}
    void is_refused_in_a_fence()
    {
        host().bmc = Bmc::locked;
        world.cut(it);
        ASSERT_TRUE(reaches("FenceFailed"));
        world.run(1s);
        forget_log();
    }
    [[nodiscard]] std::size_t logins() const { return world.count(it, "Power bmc1"); }
    [[nodiscard]] HostView view() const { return *world.fleet().view(HostId{it}); }
};

TEST_F(Refused, no_restart_tries_a_password_again_that_was_refused_a_moment_ago)
{
    is_refused_in_a_fence();
    for (unsigned restart = 0; restart < 20; ++restart) {
        world.restart_knelld();
        world.run(30s);
    }
    EXPECT_EQ(logins(), 0U);
    EXPECT_EQ(world.state(it), "FenceFailed");
    EXPECT_EQ(world.count(it, "! HOST_FENCE_FAILED: has failed and is not powered off"), 20U);
}

TEST_F(Refused, after_its_rest_the_fence_is_tried_again_as_without_a_restart)
{
    is_refused_in_a_fence();
    world.run(5min);
    world.restart_knelld();
    world.run(9min);
    EXPECT_EQ(logins(), 0U);
    host().bmc = Bmc::honest;
    EXPECT_TRUE(reaches("Down", 2min));
    EXPECT_EQ(view().not_ready, "");
}

TEST_F(Refused, a_login_that_was_changed_is_tried_at_the_next_start)
{
    is_refused_in_a_fence();
    world.change_login("bmc1", "a7");
    host().bmc = Bmc::honest;
    world.restart_knelld();
    EXPECT_TRUE(reaches("Down", 1min));
    world.restart_knelld();
    world.run(1min);
    EXPECT_EQ(view().not_ready, "");
}

TEST_F(Refused, a_login_that_was_changed_is_tried_after_a_reload_too)
{
    host().bmc = Bmc::locked;
    world.run(2min);
    ASSERT_THAT(view().not_ready, HasSubstr("locked"));
    auto policy = world.policy();
    policy.logins.emplace(DeviceId{"bmc1"}, LoginMark{"a7"});
    host().bmc = Bmc::honest;
    ASSERT_EQ(world.reload(policy), std::vector<std::string>{});
    world.run(1s);
    EXPECT_EQ(view().not_ready, "");
    EXPECT_EQ(view().devices.at(0).state, "ready");
}

TEST_F(Refused, a_reload_changes_a_login_in_the_midst_of_an_episode)
{
    is_refused_in_a_fence();
    auto policy = world.policy();
    policy.logins.emplace(DeviceId{"bmc1"}, LoginMark{"a7"});
    EXPECT_EQ(world.reload(policy), std::vector<std::string>{});
}

TEST_F(Refused, an_operators_look_is_worth_one_login_also_after_a_restart)
{
    is_refused_in_a_fence();
    world.restart_knelld();
    world.run(30s);
    world.order(What::inspect, it);
    world.run(30s);
    EXPECT_EQ(logins(), 1U);
    EXPECT_THAT(view().not_ready, HasSubstr("locked"));
    world.restart_knelld();
    world.run(30s);
    EXPECT_EQ(logins(), 1U);
    host().bmc = Bmc::honest;
    world.order(What::inspect, it);
    EXPECT_TRUE(reaches("Down", 1min)) << "found mended";
}

TEST_F(Refused, a_refusal_that_is_over_is_over_after_a_restart_too)
{
    host().bmc = Bmc::locked;
    world.run(2min);
    host().bmc = Bmc::honest;
    world.order(What::inspect, it);
    world.run(1s);
    world.restart_knelld();
    world.run(5s);
    EXPECT_EQ(view().not_ready, "");
    EXPECT_EQ(view().devices.at(0).state, "ready");
}

TEST_F(Refused, what_a_look_found_refused_is_not_looked_at_after_a_restart)
{
    host().bmc = Bmc::locked;
    world.run(2min);
    forget_log();
    world.restart_knelld();
    world.run(1h);
    EXPECT_EQ(logins(), 0U);
    EXPECT_THAT(view().not_ready, HasSubstr("it refused our password while an earlier knelld ran"));
}

TEST_F(Refused, a_fence_that_succeeds_all_the_same_ends_the_complaint)
{
    host().bmc = Bmc::locked;
    world.run(2min);
    host().bmc = Bmc::honest; // mended at the BMC, and nobody told knell
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(view().not_ready, "");
    world.order(What::fence, it); // refused: it is Down already
    world.boot(it);
    ASSERT_TRUE(reaches("Healthy"));
    world.run(1s);
    EXPECT_EQ(view().devices.at(0).state, "ready");
}

TEST_F(Refused, a_word_that_it_is_off_is_worth_one_login_after_a_restart)
{
    is_refused_in_a_fence();
    world.restart_knelld();
    world.run(30s);
    world.order(What::confirm_off, it);
    EXPECT_TRUE(reaches("Down", 1min));
    EXPECT_EQ(logins(), 1U) << "nobody is believed before the power was looked at";
}

TEST_F(Refused, an_order_to_fence_is_obeyed_after_a_restart)
{
    is_refused_in_a_fence();
    world.restart_knelld();
    world.run(30s);
    host().bmc = Bmc::honest;
    world.order(What::fence, it);
    EXPECT_TRUE(reaches("Down"));
}

} // namespace
} // namespace knell::test
