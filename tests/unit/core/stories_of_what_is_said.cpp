// SPDX-License-Identifier: GPL-3.0-or-later
// What an operator reads at night: that it is said, once, and that it is so.
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

using What = OperatorOrder::What;

TEST_F(Story, a_flag_that_is_gone_while_its_host_is_off_is_said_with_what_that_means)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.run(20s);
    world.set_flag_by_hand(it, false); // Nova's database lost it
    ASSERT_TRUE(reaches("Unseen"));
    EXPECT_EQ(world.count(it,
                          "! FLAG_CLEARED_BY_OTHERS: Nova's flag is gone, and it was not knell: "
                          "somebody cleared it, or Nova's database lost it. The host is silent, "
                          "and last read off"),
              1U);
    world.run(10min);
    EXPECT_EQ(world.count(it, "! HOST_UNSEEN: not heard since it is watched anew"), 1U);
    EXPECT_EQ(world.count(it, "! HOST_UNSEEN: never heard"), 0U);
    world.order(What::fence, it);
    EXPECT_TRUE(reaches("Down")) << "as the message says";
    EXPECT_TRUE(host().flag);
}

TEST_F(Story, a_returning_host_that_falls_silent_again_is_told_of)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Returning"));
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "! RETURN_BROKEN"), 1U);
    EXPECT_TRUE(host().flag);
}

TEST_F(Story, a_returning_host_whose_user_space_hangs_is_told_of)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Returning"));
    host().agent = false;
    world.run(1min);
    EXPECT_EQ(world.state(it), "Returning");
    EXPECT_EQ(world.count(it, "! HOST_USERSPACE_SILENT"), 1U);
    EXPECT_TRUE(host().flag);
}

TEST_F(Story, a_failed_fence_says_when_the_next_try_comes_and_a_good_look_at_its_device_is_one)
{
    host().bmc = Bmc::locked;
    world.cut(it);
    ASSERT_TRUE(reaches("FenceFailed"));
    world.run(1min);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
    EXPECT_EQ(world.count(it, "Power bmc1 inspect"), 0U) << "it would lock the account";
    world.order(What::inspect, it);
    world.run(1min);
    EXPECT_EQ(world.state(it), "FenceFailed") << "it is not mended yet";
    EXPECT_EQ(world.count(it, "Power bmc1 inspect"), 1U);
    host().bmc = Bmc::honest;
    world.order(What::inspect, it);
    EXPECT_TRUE(reaches("Down", 10s));
}

TEST_F(Story, user_space_is_not_called_silent_before_the_kernel_has_answered_as_long)
{
    host().wired = false;
    ASSERT_TRUE(reaches("Fencing"));
    host().bmc = Bmc::mute;
    world.run(10s);
    host().wired = true;
    ASSERT_TRUE(reaches("Healthy", 10s));
    world.run(10s);
    EXPECT_EQ(world.count(it, "! HOST_USERSPACE_SILENT"), 0U);
    host().agent = false;
    world.run(10s);
    EXPECT_EQ(world.count(it, "! HOST_USERSPACE_SILENT"), 1U);
}

TEST_F(Story, a_few_lost_answers_of_a_sentinel_are_no_news)
{
    world.sentinels_answer = false;
    world.run(1400ms);
    world.sentinels_answer = true;
    world.run(10s);
    EXPECT_EQ(world.count("", "! VANTAGE_LOST"), 0U);
    world.sentinels_answer = false;
    world.run(10s);
    EXPECT_EQ(world.count("", "! VANTAGE_LOST"), 1U);
}

class SaidWithoutSentinel : public Story {
protected:
    SaidWithoutSentinel() : Story{alone()} {}
    static Policy alone()
    {
        auto policy = small_policy(3);
        policy.vantage.sentinels.clear();
        return policy;
    }
};

TEST_F(SaidWithoutSentinel, that_everybody_is_silent_at_once_is_said_and_that_it_is_over)
{
    for (auto& [name, one] : world.hosts()) {
        one.wired = false;
    }
    world.run(1min);
    EXPECT_EQ(world.count("", "! VANTAGE_LOST: hosts are silent, and nobody else answers"), 1U);
    for (auto& [name, one] : world.hosts()) {
        one.wired = true;
    }
    world.run(10s);
    EXPECT_EQ(world.count("", "! VANTAGE_CLEAR"), 1U);
}

TEST_F(SaidWithoutSentinel, the_death_of_one_is_no_doubt_about_our_own_eyes)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count("", "! VANTAGE_LOST"), 0U);
}

TEST_F(Story, the_reason_of_an_order_is_in_what_is_said_of_it)
{
    world.order(What::hold);
    EXPECT_EQ(world.count("", "! HOLD_ON: on hold: nothing is powered off or on, and Nova is told "
                              "nothing, until `knellctl hold off`, by alice: a test"),
              1U);
    world.order(What::unhold);
    world.order(What::fence, it, true);
    EXPECT_EQ(world.count(it, "! ORDER_ACCEPTED: alice (a test)"), 1U);
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "! HOST_FENCING: commanding power off through bmc1 (ordered by "
                              "alice: a test)"),
              1U);
}

Policy without_sentinels()
{
    auto policy = small_policy(3);
    policy.vantage.sentinels.clear();
    return policy;
}

class OnlyProbes : public Story {
protected:
    OnlyProbes() : Story{without_sentinels()} {}
};

TEST_F(OnlyProbes,
       an_answer_that_nova_does_not_give_is_waited_for_as_long_as_promised_and_no_longer)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().nova = Nova::mute;
    forget_log();
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "ReadForcedDown") > 0; }, 1min));
    const auto asked = world.now();
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "! NOVA_UNKNOWN") > 0; }, 1min));
    EXPECT_EQ(world.now() - asked, world.policy().nova.reply + 1s);
}

} // namespace
} // namespace knell::test
