// SPDX-License-Identifier: GPL-3.0-or-later
// A host is heard after power off was commanded: before its proof, and after it. Or an operator
// stops knell meanwhile.
#include "tests/unit/core/story.hpp"

#include <utility>

namespace knell::test {
namespace {

using What = OperatorOrder::What;

TEST_F(Story, a_host_that_beats_again_is_not_powered_off_by_a_further_try)
{
    host().wired = false;
    host().bmc = Bmc::dumb;
    ASSERT_TRUE(reaches("Fencing"));
    world.run(5s);
    host().wired = true; // a switch was down, and comes back with host and device
    EXPECT_TRUE(reaches("Healthy", 5s));
    host().bmc = Bmc::honest;
    world.run(3min);
    EXPECT_EQ(world.state(it), "Healthy");
    EXPECT_TRUE(host().power);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
    EXPECT_EQ(world.count(it, "! FENCE_CANCELLED: power off is not commanded again"), 1U);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
    EXPECT_EQ(world.journal().back().what, JournalEntry::What::cancelled);
}

TEST_F(Story, a_host_that_was_heard_and_fell_silent_needs_a_new_verdict_before_another_power_off)
{
    host().wired = false;
    host().bmc = Bmc::dumb;
    ASSERT_TRUE(reaches("Fencing"));
    world.run(1s);
    world.tell(ProbeResult{HostId{it}, MonitorId{"icmp@mgmt"}, Pulse::beating, world.now(),
                           std::nullopt, ""});
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "! FENCE_CANCELLED") > 0; }, 1min));
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
    host().bmc = Bmc::honest;
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "Record fencing"), 2U);
}

TEST_F(Story, a_device_that_reads_off_proves_nothing_while_the_agent_of_that_boot_still_speaks)
{
    host().wired = false;
    host().bmc = Bmc::says_off;
    ASSERT_TRUE(reaches("Fencing"));
    for (int i = 0; i < 20; ++i) {
        world.run(500ms);
        world.tell(ProbeResult{
            HostId{it}, MonitorId{"heartbeat@mgmt"}, Pulse::beating, world.now(),
            AgentReport{BootId{host().boot_id()}, 1h, true, true, host().policy.identity}, ""});
    }
    EXPECT_EQ(world.count(it, "! HOST_FENCED"), 0U);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(Story, a_power_off_that_lands_after_its_host_was_let_go_is_a_new_failure_with_its_own_proof)
{
    host().wired = false;
    host().bmc = Bmc::dumb;
    ASSERT_TRUE(reaches("Fencing"));
    host().wired = true;
    ASSERT_TRUE(reaches("Healthy", 5s));
    host().bmc = Bmc::honest;
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "! HOST_FAILED"), 2U);
    EXPECT_EQ(world.count(it, "Record cancelled"), 1U);
}

TEST_F(Story, no_further_power_off_leaves_while_we_ourselves_see_nothing)
{
    host().wired = false;
    host().bmc = Bmc::dumb;
    ASSERT_TRUE(reaches("Fencing"));
    world.run(3s);
    for (auto& [name, one] : world.hosts()) {
        one.wired = false;
    }
    world.sentinels_answer = false; // it may be back by now, and we could not hear it
    world.run(12s);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
    for (auto& [name, one] : world.hosts()) {
        one.wired = name.get() != it;
    }
    world.sentinels_answer = true;
    host().bmc = Bmc::honest;
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Story, no_further_power_off_leaves_right_after_knelld_itself_was_stopped)
{
    host().wired = false;
    host().bmc = Bmc::dumb;
    ASSERT_TRUE(reaches("Fencing"));
    world.run(1s);
    world.stop_knelld(20s);
    world.run(19s);
    host().wired = true; // while we did not look
    EXPECT_TRUE(reaches("Healthy", 10s));
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
}

class StoryOfAnOrderBeforeAStop : public Story {
protected:
    /// Silent, and ordered fenced; before that is durable, knelld is stopped for a minute.
    void is_ordered_fenced_and_knelld_stops()
    {
        host().wired = false;
        ASSERT_TRUE(reaches("Suspected"));
        world.journal_holds = true;
        world.order(What::fence, it);
        world.run(10ms);
        world.stop_knelld(1min);
    }
};

TEST_F(StoryOfAnOrderBeforeAStop, a_host_is_listened_for_before_its_power_off_leaves)
{
    ASSERT_NO_FATAL_FAILURE(is_ordered_fenced_and_knelld_stops());
    world.run(50s);
    host().wired = true; // while we did not look
    world.run(10s);
    world.release_journal();
    world.run(1min);
    EXPECT_EQ(world.state(it), "Healthy");
    EXPECT_TRUE(host().power);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
}

TEST_F(Story, an_order_to_fence_right_after_knelld_was_stopped_waits_until_it_has_listened)
{
    host().wired = false;
    ASSERT_TRUE(reaches("Suspected"));
    world.stop_knelld(1min);
    world.run(50s);
    host().wired = true; // while we did not look
    world.run(10s + 1ms);
    world.order(What::fence, it);
    world.run(1min);
    EXPECT_EQ(world.state(it), "Healthy");
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
}

TEST_F(StoryOfAnOrderBeforeAStop, a_host_that_stays_silent_is_fenced_after_it)
{
    ASSERT_NO_FATAL_FAILURE(is_ordered_fenced_and_knelld_stops());
    world.run(1min);
    world.release_journal();
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Story, who_may_say_which_boot_it_is_has_all_of_that_time_after_knelld_was_stopped)
{
    world.cut(it);
    host().nova = Nova::dead;
    ASSERT_TRUE(reaches("Fenced"));
    host().agent = false; // its kernel answers first
    world.boot_time = 1s;
    world.boot(it);
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "! FENCE_CONTRADICTED") > 0; }, 1min));
    world.stop_knelld(1min);
    world.run(1min + 5s);
    host().agent = true;
    EXPECT_TRUE(reaches("Healthy", 10s));
    EXPECT_TRUE(host().power);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
}

TEST_F(Story, a_hold_withdraws_a_power_off_that_may_wait_for_its_turn_at_the_device)
{
    for (const auto stop : {What::hold, What::disarm}) {
        world.forget_log();
        world.power_takes = 1s;
        world.cut(it);
        ASSERT_TRUE(world.run_until([&] { return world.count(it, "Power bmc1 off") > 0; }, 1min));
        EXPECT_EQ(world.count(it, "StandDown"), 0U);
        world.order(stop);
        EXPECT_EQ(world.count(it, "StandDown"), 1U);
        world.order(stop == What::hold ? What::unhold : What::arm);
        ASSERT_TRUE(reaches("Down"));
        world.boot(it);
        ASSERT_TRUE(reaches("Healthy", 5min));
    }
}

TEST_F(Story, a_host_that_was_heard_leaves_no_power_off_waiting_at_its_device)
{
    host().wired = false;
    host().bmc = Bmc::dumb;
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "Power bmc1 off") > 0; }, 1min));
    world.run(1s);
    const ProbeResult beat{HostId{it},  MonitorId{"icmp@mgmt"}, Pulse::beating,
                           world.now(), std::nullopt,           ""};
    world.tell(beat); // its agent is silent still: not every monitor is up
    EXPECT_EQ(world.count(it, "StandDown"), 1U);
    world.tell(beat);
    EXPECT_EQ(world.count(it, "StandDown"), 1U);
    const std::string let_go = "! FENCE_CANCELLED: power off is not commanded again";
    ASSERT_TRUE(world.run_until([&] { return world.count(it, let_go) > 0; }, 1min));
    EXPECT_EQ(world.count(it, "StandDown"), 2U) << "nor a session";
}

TEST_F(Story, a_device_that_has_heard_no_power_off_proves_nothing_whatever_it_reads)
{
    host().wired = false;
    host().bmc = Bmc::dumb;
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "Power bmc1 off") > 0; }, 1min));
    world.order(What::disarm);
    host().bmc = Bmc::says_off;
    world.run(5min);
    EXPECT_EQ(world.count(it, "! HOST_FENCED"), 0U);
    EXPECT_FALSE(host().flag);
    host().bmc = Bmc::honest;
    world.order(What::arm);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Story, a_power_off_that_waited_for_the_disk_does_not_leave_while_our_own_eyes_are_dark)
{
    host().wired = false;
    world.journal_holds = true;
    ASSERT_TRUE(reaches("Fencing"));
    world.sentinels_answer = false;
    for (auto& [name, one] : world.hosts()) {
        one.wired = false;
    }
    world.run(5s);
    world.release_journal();
    world.run(1s); // perhaps it is well again, and nobody hears it
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    EXPECT_EQ(world.count(it, "! FENCE_CANCELLED"), 1U);
    world.sentinels_answer = true;
    for (auto& [name, one] : world.hosts()) {
        one.wired = true;
    }
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_TRUE(host().power);
}

TEST_F(Story, an_operator_who_insists_is_not_stopped_by_life)
{
    host().bmc = Bmc::dumb;
    world.order(What::fence, it, true);
    world.run(8s);
    host().bmc = Bmc::honest;
    EXPECT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "! FENCE_CANCELLED"), 0U);
}

TEST_F(Story, a_host_that_was_repaired_before_nova_was_told_is_given_time_to_say_so)
{
    world.cut(it);
    host().nova = Nova::dead;
    ASSERT_TRUE(reaches("Fenced"));
    host().agent = false; // its kernel answers first
    world.boot_time = 10s;
    world.boot(it);
    world.run(20s);
    EXPECT_EQ(world.count(it, "! FENCE_CONTRADICTED"), 1U);
    host().agent = true;
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_TRUE(host().power);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
    EXPECT_EQ(world.count(it, "! EPISODE_CLOSED"), 1U);
}

class StoryWithoutAWordOfTheAgent : public Story {
protected:
    void its_kernel_denies_its_proof()
    {
        world.cut(it);
        ASSERT_TRUE(world.run_until([&] { return world.count(it, "Record fencing") > 0; }, 1min));
        world.restart_knelld(); // which never hears that agent
        host().agent = false;
        host().nova = Nova::dead;
        ASSERT_TRUE(reaches("Fenced"));
        world.boot_time = 1s;
        world.boot(it);
        ASSERT_TRUE(
            world.run_until([&] { return world.count(it, "! FENCE_CONTRADICTED") > 0; }, 1min));
        forget_log();
    }
};

TEST_F(StoryWithoutAWordOfTheAgent,
       one_ping_that_is_lost_powers_no_host_off_that_answered_for_all_of_its_time)
{
    ASSERT_NO_FATAL_FAILURE(its_kernel_denies_its_proof());
    world.run(29s + 600ms);
    host().wired = false;
    world.run(600ms);
    host().wired = true;
    world.run(5s);
    EXPECT_EQ(world.state(it), "Healthy");
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
}

TEST_F(StoryWithoutAWordOfTheAgent, a_host_that_denied_its_proof_and_is_well_is_let_go_in_the_end)
{
    ASSERT_NO_FATAL_FAILURE(its_kernel_denies_its_proof());
    world.run(29s);
    EXPECT_EQ(world.state(it), "Fencing") << "it may still say which boot it is";
    world.run(2s);
    EXPECT_EQ(world.state(it), "Healthy");
    EXPECT_EQ(world.count(it, "! FENCE_CANCELLED"), 1U);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(Story, nova_is_not_told_on_a_proof_that_the_host_has_denied)
{
    world.cut(it);
    host().nova = Nova::dead;
    ASSERT_TRUE(reaches("Fenced"));
    world.tell(ProbeResult{HostId{it}, MonitorId{"icmp@mgmt"}, Pulse::beating, world.now(),
                           std::nullopt, ""});
    host().nova = Nova::honest;
    forget_log();
    world.run(29s);
    EXPECT_EQ(world.state(it), "Fencing");
    EXPECT_EQ(world.count(it, "Power bmc1"), 0U) << "it may still say which boot it is";
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "! HOST_FENCING: commanding power off again"), 1U);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
    EXPECT_GE(world.count(it, "Power bmc1 read"), 4U);
}

TEST_F(Story, a_reading_that_was_under_way_when_the_host_answered_renews_no_proof)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Fenced"));
    world.run(5ms); // the last reading before Nova is told
    world.tell(ProbeResult{HostId{it}, MonitorId{"icmp@mgmt"}, Pulse::beating, world.now(),
                           std::nullopt, ""});
    world.run(20s);
    EXPECT_EQ(world.state(it), "Fencing");
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Story, a_hold_keeps_a_host_that_denied_its_proof_from_being_powered_off_again)
{
    world.cut(it);
    host().nova = Nova::dead;
    ASSERT_TRUE(reaches("Fenced"));
    world.tell(ProbeResult{HostId{it}, MonitorId{"icmp@mgmt"}, Pulse::beating, world.now(),
                           std::nullopt, ""});
    world.order(What::hold);
    world.run(2min);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
    host().nova = Nova::honest;
    world.order(What::unhold);
    EXPECT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 2U);
}

TEST_F(Story, no_power_off_leaves_again_once_knell_is_disarmed_or_on_hold)
{
    for (const auto& [stop, go_on] :
         {std::pair{What::disarm, What::arm}, std::pair{What::hold, What::unhold}}) {
        host().bmc = Bmc::deaf; // it says that it did, and reads on
        host().wired = false;
        ASSERT_TRUE(reaches("Fencing"));
        ASSERT_TRUE(world.run_until([&] { return world.count(it, "Power bmc1 off") > 0; }, 5s));
        world.run(world.power_takes); // until it has heard that
        world.order(stop);
        const auto sent = world.count(it, "Power bmc1 off");
        const auto read = world.count(it, "Power bmc1 read");
        world.run(10s);
        EXPECT_EQ(world.count(it, "Power bmc1 off"), sent);
        EXPECT_GT(world.count(it, "Power bmc1 read"), read + 5) << "it may have gone off yet";
        world.order(go_on);
        world.run(8s);
        EXPECT_GT(world.count(it, "Power bmc1 off"), sent);
        host().bmc = Bmc::honest;
        host().wired = true;
        world.boot_time = 0s;
        ASSERT_TRUE(world.run_until([&] { return world.state(it) != "Fencing"; }, 1min));
        world.boot(it);
        ASSERT_TRUE(reaches("Healthy"));
        forget_log();
    }
}

} // namespace
} // namespace knell::test
