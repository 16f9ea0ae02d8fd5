// SPDX-License-Identifier: GPL-3.0-or-later
// One host loses its power, and what goes wrong on the way to Down.
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(Story, a_power_cut_is_proven_told_and_taken_back_after_a_new_boot)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.run(1s);
    EXPECT_THAT(world.story(it),
                ElementsAre("! HOST_SUSPECTED", "Power bmc1 prepare", "! HOST_FAILED",
                            "Record fencing", "! HOST_FENCING", "Power bmc1 off", "ReadForcedDown",
                            "! HOST_FENCED", "Record fenced", "Record forcing_down",
                            "ForceDown by bmc1", "! HOST_FORCED_DOWN", "Record forced_down",
                            "SampleServers", "! SERVERS_DOWN"));
    EXPECT_TRUE(host().flag);

    world.boot(it);
    ASSERT_TRUE(reaches("Healthy"));
    EXPECT_THAT(world.story(it),
                ElementsAre("! HOST_RETURNING", "Record clearing", "ClearForcedDown",
                            "! HOST_READMITTED", "Record readmitted", "StandDown"));
    EXPECT_FALSE(host().flag);
}

TEST_F(Story, servers_that_are_not_shown_as_down_are_told_of)
{
    host().servers_down = 0;
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.run(1s);
    EXPECT_EQ(world.count(it, "! SERVERS_NOT_DOWN: 0 of 1 servers looked at"), 1U);
    EXPECT_TRUE(host().flag);
}

TEST_F(Story, servers_that_cannot_be_looked_at_are_told_of)
{
    host().servers_down.reset();
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.run(1s);
    EXPECT_EQ(world.count(it, "! SERVERS_NOT_DOWN: could not look at its servers: 403"), 1U);
}

TEST_F(Story, no_order_clears_our_flag_while_a_lost_request_may_still_set_it)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Fenced"));
    host().nova = Nova::mute;
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "ForceDown") > 0; }, 1min));
    world.run(2s);
    host().nova = Nova::honest;
    ASSERT_TRUE(reaches("Down"));
    speaks_with_a_new_boot();
    world.run(15s);
    world.order(OperatorOrder::What::readmit);
    EXPECT_EQ(world.count(it, "ClearForcedDown"), 0U);
    world.order(OperatorOrder::What::release, it);
    EXPECT_EQ(world.count(it, "ClearForcedDown"), 0U);
    EXPECT_TRUE(reaches("Healthy", 10min));
}

TEST_F(Story, the_power_is_read_again_right_before_every_put)
{
    world.cut(it);
    host().nova = Nova::forbids;
    world.run(60s);
    EXPECT_EQ(world.state(it), "Fenced");
    ASSERT_GE(world.count(it, "ForceDown"), 3U);
    bool read_since = false;
    for (const auto& line : world.log()) {
        if (line.host == it && line.text == "Power bmc1 read") {
            read_since = true;
        } else if (line.host == it && line.text.rfind("ForceDown", 0) == 0) {
            EXPECT_TRUE(read_since) << "a PUT without a reading of its own";
            read_since = false;
        }
    }
    EXPECT_EQ(world.count(it, "! NOVA_REFUSED"), 1U) << "said once, not at every try";
    host().nova = Nova::honest;
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Story, nothing_is_powered_off_before_the_intent_is_durable)
{
    world.journal_holds = true;
    world.cut(it);
    world.run(30s);
    EXPECT_EQ(world.state(it), "Fencing");
    EXPECT_EQ(world.count(it, "Record fencing"), 1U);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    world.release_journal();
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Story, life_before_the_intent_is_durable_cancels)
{
    world.journal_holds = true;
    host().wired = false;
    ASSERT_TRUE(reaches("Fencing"));
    host().wired = true;
    world.run(3s);
    world.release_journal();
    world.run(5s);
    EXPECT_EQ(world.state(it), "Healthy");
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    EXPECT_EQ(world.count(it, "! FENCE_CANCELLED"), 1U);
    EXPECT_EQ(world.journal().back().what, JournalEntry::What::cancelled);
}

TEST_F(Story, one_beat_of_one_monitor_is_life)
{
    world.journal_holds = true;
    host().wired = false;
    ASSERT_TRUE(reaches("Fencing"));
    world.tell(ProbeResult{HostId{it}, MonitorId{"icmp@mgmt"}, Pulse::beating, world.now(),
                           std::nullopt, ""});
    world.release_journal();
    world.run(1ms);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    EXPECT_EQ(world.count(it, "! FENCE_CANCELLED"), 1U);
}

TEST_F(Story, life_after_power_off_starts_the_count_of_readings_again)
{
    host().wired = false;
    host().bmc = Bmc::says_off;
    ASSERT_TRUE(reaches("Fencing"));
    world.run(1s);
    host().wired = true; // it lives, and its device says off
    host().agent = false;
    EXPECT_TRUE(reaches("FenceFailed"));
    EXPECT_EQ(world.count(it, "! HOST_FENCED"), 0U);
    host().agent = true;
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_EQ(world.count(it, "! HOST_FENCED"), 0U);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(Story, a_host_whose_device_says_off_and_that_is_well_again_is_let_go)
{
    host().wired = false;
    host().bmc = Bmc::says_off;
    ASSERT_TRUE(reaches("Fencing"));
    world.run(1s);
    host().wired = true;
    EXPECT_TRUE(reaches("Healthy", 5s));
    EXPECT_EQ(world.count(it, "! FENCE_CANCELLED: power off is not commanded again"), 1U);
    EXPECT_EQ(world.count(it, "! HOST_FENCED"), 0U);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(Story, a_beat_of_the_kernel_after_the_certificate_proves_it_anew)
{
    world.cut(it);
    host().nova = Nova::mute;
    ASSERT_TRUE(reaches("Fenced"));
    world.tell(ProbeResult{HostId{it}, MonitorId{"icmp@mgmt"}, Pulse::beating, world.now(),
                           std::nullopt, ""});
    EXPECT_EQ(world.state(it), "Fencing");
    EXPECT_EQ(world.count(it, "! FENCE_CONTRADICTED"), 1U);
    host().nova = Nova::honest;
    EXPECT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 2U);
}

TEST_F(Story, the_old_boot_after_the_certificate_is_a_dispute_and_nothing_further_is_done)
{
    host().wired = false;
    host().nova = Nova::mute;
    host().bmc = Bmc::says_off;
    ASSERT_TRUE(reaches("Fenced"));
    host().wired = true; // its kernel answers first, and then its agent speaks
    ASSERT_TRUE(reaches("Disputed"));
    (void)world.story(it);
    host().nova = Nova::honest;
    world.run(5min);
    EXPECT_EQ(world.state(it), "Disputed");
    for (const auto& line : world.story(it)) {
        EXPECT_EQ(line, "ReadForcedDown");
    }
    EXPECT_FALSE(host().flag);
    world.order(OperatorOrder::What::release, it);
    EXPECT_TRUE(reaches("Healthy"));
}

TEST_F(Story, the_old_boot_after_down_keeps_the_flag_until_an_operator_releases_it)
{
    host().wired = false;
    host().bmc = Bmc::says_off;
    ASSERT_TRUE(reaches("Down"));
    host().wired = true;
    ASSERT_TRUE(reaches("Disputed"));
    world.run(5min);
    EXPECT_EQ(world.state(it), "Disputed");
    EXPECT_TRUE(host().flag);
    EXPECT_EQ(world.count(it, "ClearForcedDown"), 0U);
    world.order(OperatorOrder::What::release, it);
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_FALSE(host().flag);
}

TEST_F(Story, a_new_boot_before_nova_was_told_closes_the_episode)
{
    world.cut(it);
    host().nova = Nova::dead;
    ASSERT_TRUE(reaches("Fenced"));
    speaks_with_a_new_boot();
    EXPECT_EQ(world.count(it, "! EPISODE_CLOSED"), 1U);
    host().nova = Nova::honest;
    world.run(1min);
    EXPECT_EQ(world.state(it), "Healthy");
    EXPECT_FALSE(host().flag);
    EXPECT_EQ(world.count(it, "ClearForcedDown") + world.count(it, "ForceDown"), 0U);
}

TEST_F(Story, a_new_boot_while_the_proof_is_outstanding_is_not_powered_off_again)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Fencing"));
    world.run(600ms);
    speaks_with_a_new_boot();
    world.run(1min);
    EXPECT_EQ(world.state(it), "Healthy");
    EXPECT_TRUE(host().power);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
}

TEST_F(Story, a_host_that_was_off_already_and_refuses_off_is_proven_all_the_same)
{
    world.cut(it);
    host().bmc = Bmc::refuses_off;
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Story, a_device_that_only_says_it_did_proves_nothing)
{
    host().wired = false;
    host().bmc = Bmc::deaf;
    ASSERT_TRUE(reaches("FenceFailed"));
    world.run(2min);
    EXPECT_GE(world.count(it, "! HOST_FENCE_FAILED"), 2U) << "it must try again";
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
    EXPECT_FALSE(host().flag);
}

TEST_F(Story, an_unreachable_device_is_never_grounds)
{
    for (const auto bmc : {Bmc::mute, Bmc::dumb}) {
        world.cut(it);
        host().bmc = bmc;
        ASSERT_TRUE(reaches("FenceFailed"));
        EXPECT_EQ(world.count(it, "ForceDown"), 0U);
        host().bmc = Bmc::honest;
        ASSERT_TRUE(reaches("Down"));
        world.boot(it);
        ASSERT_TRUE(reaches("Healthy"));
        (void)world.story(it);
        forget_log();
    }
}

TEST_F(Story, a_device_that_refuses_us_is_asked_once_and_not_again)
{
    for (const auto bmc : {Bmc::strangers, Bmc::locked}) {
        world.cut(it);
        host().bmc = bmc;
        ASSERT_TRUE(reaches("FenceFailed"));
        EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
        world.run(5min);
        EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U) << "asking again can lock the account";
        EXPECT_FALSE(host().flag);
        host().bmc = Bmc::honest;
        world.order(OperatorOrder::What::fence, it);
        ASSERT_TRUE(reaches("Down"));
        world.boot(it);
        ASSERT_TRUE(reaches("Healthy"));
        forget_log();
    }
}

TEST_F(Story, a_put_whose_answer_is_lost_counts_once_it_is_read_back)
{
    world.cut(it);
    host().nova = Nova::read_back;
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "ForceDown"), 1U);
}

TEST_F(Story, a_put_of_which_nothing_is_known_is_repeated)
{
    world.cut(it);
    host().nova = Nova::dead;
    world.run(60s);
    EXPECT_EQ(world.state(it), "Fenced");
    EXPECT_EQ(world.count(it, "ForceDown"), 0U) << "the flag before ours is not known yet";
    host().nova = Nova::lossy;
    world.run(20s);
    EXPECT_GE(world.count(it, "ForceDown"), 2U);
    EXPECT_EQ(world.state(it), "Fenced") << "applied, but nobody has seen it";
    host().nova = Nova::honest;
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Story, a_flag_of_somebody_else_is_neither_set_nor_cleared)
{
    world.set_flag_by_hand(it, true);
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "! FORCED_DOWN_FOREIGN"), 1U);
    world.run(1min);
    world.boot(it);
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_EQ(world.count(it, "ForceDown") + world.count(it, "ClearForcedDown"), 0U);
    EXPECT_TRUE(host().flag);
}

TEST_F(Story, a_flag_set_by_hand_between_two_tries_is_not_ours)
{
    world.cut(it);
    host().bmc = Bmc::mute;
    ASSERT_TRUE(reaches("FenceFailed"));
    world.set_flag_by_hand(it, true);
    host().bmc = Bmc::honest;
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(Story, a_flag_set_by_hand_while_nova_did_not_answer_is_not_ours)
{
    world.cut(it);
    host().bmc = Bmc::mute;
    ASSERT_TRUE(reaches("FenceFailed")); // the flag was read: it was not set
    host().bmc = Bmc::honest;
    host().nova = Nova::dead;
    ASSERT_TRUE(reaches("Fenced"));
    world.set_flag_by_hand(it, true);
    host().nova = Nova::honest;
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(Story, a_flag_set_by_hand_during_a_hold_is_not_ours)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Fenced")); // the flag was read: it was not set
    world.order(OperatorOrder::What::hold);
    world.run(1min);
    world.set_flag_by_hand(it, true);
    world.order(OperatorOrder::What::unhold);
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
    EXPECT_EQ(world.count(it, "! FORCED_DOWN_FOREIGN"), 1U);
}

TEST_F(Story, a_host_that_is_off_and_of_which_nova_cannot_be_told_can_be_released)
{
    world.cut(it);
    host().nova = Nova::forgot;
    ASSERT_TRUE(reaches("Fenced"));
    world.run(5min);
    ASSERT_EQ(world.state(it), "Fenced");
    world.order(OperatorOrder::What::release, it);
    world.run(5min);
    EXPECT_EQ(world.state(it), "Unseen");
    EXPECT_EQ(world.count(it, "! EPISODE_CLOSED"), 1U);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(Story, a_host_of_which_nova_may_have_been_told_is_not_released_before_that_is_known)
{
    world.cut(it);
    host().nova = Nova::mute;
    ASSERT_TRUE(reaches("Fenced"));
    host().nova = Nova::forbids;
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "ForceDown") > 0; }, 5min));
    world.order(OperatorOrder::What::release, it);
    world.run(1min);
    EXPECT_EQ(world.state(it), "Fenced");
    EXPECT_EQ(world.count(it, "! EPISODE_CLOSED"), 0U);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U) << "nor fenced anew";
    host().nova = Nova::honest;
    EXPECT_TRUE(reaches("Down", 10min));
}

TEST_F(Story, a_button_pressed_while_nova_is_down_is_seen_before_nova_is_told)
{
    world.cut(it);
    host().nova = Nova::dead;
    ASSERT_TRUE(reaches("Fenced"));
    world.boot_time = 10min;
    world.boot(it); // power is on, nothing is heard yet
    host().nova = Nova::honest;
    ASSERT_TRUE(reaches("Down"));
    EXPECT_FALSE(host().power) << "it was powered off again before Nova was told";
}

TEST_F(Story, answers_given_twice_and_late_change_nothing)
{
    world.every_answer_twice = true;
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Healthy"));
    world.run(20s);
    EXPECT_EQ(world.count(it, "ForceDown"), 1U);
    EXPECT_EQ(world.count(it, "ClearForcedDown"), 1U);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
    EXPECT_EQ(world.count(it, "! HOST_FENCED"), 1U);
}

} // namespace
} // namespace knell::test
