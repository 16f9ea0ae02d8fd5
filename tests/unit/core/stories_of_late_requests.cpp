// SPDX-License-Identifier: GPL-3.0-or-later
// Requests to Nova of which we do not know what became: they may take effect when nobody reckons
// with them.
#include "core/drain.hpp"
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

using What = OperatorOrder::What;

class LateRequests : public Story {
protected:
    LateRequests() { world.nova_late = 100s; }

    /// Down, and an earlier request to set the flag takes effect 100 s after it was sent.
    void goes_down_with_a_request_under_way()
    {
        world.cut(it);
        ASSERT_TRUE(reaches("Fenced"));
        host().nova = Nova::late;
        sends("ForceDown");
        ASSERT_TRUE(reaches("Down"));
    }
    void sends(const std::string& write)
    {
        ASSERT_TRUE(world.run_until([&] { return world.count(it, write) > 0; }, 1min));
        world.run(100ms);
        host().nova = Nova::honest;
    }
    void expect_in_service_at_last()
    {
        world.run(6min);
        EXPECT_EQ(world.state(it), "Healthy");
        EXPECT_FALSE(host().flag) << "nobody would ever take it back";
    }
};

TEST(DrainOfWrites, a_reading_that_was_asked_for_too_early_proves_nothing)
{
    Drain drain;
    EXPECT_FALSE(drain.unsure());
    const Instant lapses{2min};
    drain.doubt(lapses);
    drain.doubt(Instant{1min}); // the longer doubt stands
    drain.on_unset(lapses - 1us);
    EXPECT_TRUE(drain.unsure());
    EXPECT_TRUE(drain.flows(lapses - 1us));
    EXPECT_FALSE(drain.flows(lapses));
    EXPECT_TRUE(drain.unsure()) << "nobody has looked since";
    drain.on_unset(lapses);
    EXPECT_FALSE(drain.unsure());
}

TEST_F(LateRequests, a_restart_does_not_forget_that_an_earlier_request_may_still_set_the_flag)
{
    goes_down_with_a_request_under_way();
    world.restart_knelld();
    world.boot(it);
    expect_in_service_at_last();
}

TEST_F(LateRequests, a_late_clearing_does_not_touch_the_flag_of_the_next_failure)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Returning"));
    host().nova = Nova::late;
    sends("ClearForcedDown");
    world.run(20s);
    world.cut(it);
    world.run(5min);
    EXPECT_EQ(world.state(it), "Down");
    EXPECT_TRUE(host().flag);
    EXPECT_EQ(world.count(it, "! FLAG_CLEARED_BY_OTHERS"), 0U);
}

TEST_F(LateRequests, a_write_that_was_not_answered_may_land_once_more_although_it_shows)
{
    world.cut(it);
    host().nova = Nova::read_back;
    ASSERT_TRUE(reaches("Down"));
    host().nova = Nova::honest;
    world.boot(it);
    ASSERT_TRUE(reaches("Returning"));
    world.run(110s);
    EXPECT_EQ(world.count(it, "ClearForcedDown"), 0U);
    expect_in_service_at_last();
}

TEST_F(LateRequests, a_clearing_that_was_not_answered_is_not_over_although_it_shows)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().nova = Nova::read_back;
    world.boot(it);
    ASSERT_TRUE(reaches("Readmitting"));
    world.run(110s);
    EXPECT_EQ(world.state(it), "Readmitting");
    EXPECT_EQ(world.count(it, "! HOST_READMITTED"), 0U);
    expect_in_service_at_last();
    EXPECT_EQ(world.count(it, "! HOST_READMITTED"), 1U);
}

TEST_F(LateRequests, a_flag_that_landed_after_its_time_is_still_ours)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Fenced"));
    host().nova = Nova::late;
    sends("ForceDown");
    speaks_with_a_new_boot();
    host().bmc = Bmc::mute;
    world.cut(it);
    world.run(world.policy().nova.request_lifetime);
    ASSERT_TRUE(host().flag) << "it has landed";
    host().bmc = Bmc::honest;
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "! FORCED_DOWN_FOREIGN"), 0U);
    world.boot(it);
    expect_in_service_at_last();
}

TEST_F(LateRequests, a_word_that_has_not_left_when_a_hold_begins_does_not_leave)
{
    world.cut(it);
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "ForceDown") > 0; }, 1min));
    world.order(What::hold);
    world.run(1min);
    EXPECT_EQ(world.state(it), "Fenced");
    EXPECT_FALSE(host().flag);
    world.order(What::unhold);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(LateRequests, a_clearing_that_has_not_left_when_a_hold_begins_does_not_leave)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "ClearForcedDown") > 0; }, 3min));
    world.order(What::hold);
    world.run(1min);
    EXPECT_TRUE(host().flag);
    world.order(What::unhold);
    expect_in_service_at_last();
}

TEST_F(LateRequests, a_word_that_has_not_left_when_the_old_boot_speaks_does_not_leave)
{
    world.cut(it);
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "ForceDown") > 0; }, 1min));
    world.tell(ProbeResult{
        HostId{it}, MonitorId{"heartbeat@mgmt"}, Pulse::beating, world.now(),
        AgentReport{BootId{host().boot_id()}, 1h, true, true, host().policy.identity}, ""});
    EXPECT_EQ(world.state(it), "Disputed");
    world.run(1min);
    EXPECT_FALSE(host().flag);
}

TEST_F(LateRequests, a_proof_that_grows_old_on_the_way_to_nova_is_read_again)
{
    world.nova_takes = 10s; // Keystone is slow
    world.cut(it);
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "ForceDown") > 0; }, 1min));
    world.run(11s);
    EXPECT_FALSE(host().flag);
    EXPECT_EQ(world.state(it), "Fenced");
    world.nova_takes = 20ms;
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(LateRequests, a_new_boot_leaves_no_command_waiting_at_its_device_while_nova_is_asked)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Fenced"));
    host().nova = Nova::late;
    sends("ForceDown");
    EXPECT_EQ(world.count(it, "StandDown"), 0U);
    speaks_with_a_new_boot();
    EXPECT_EQ(world.state(it), "Down") << "until Nova is known not to hold the flag";
    EXPECT_EQ(world.count(it, "StandDown"), 1U);
}

TEST_F(LateRequests, a_flag_that_somebody_cleared_may_be_set_again_by_an_earlier_request)
{
    goes_down_with_a_request_under_way();
    world.set_flag_by_hand(it, false);
    world.run(150s);
    world.boot(it);
    expect_in_service_at_last();
}

TEST_F(LateRequests, an_order_that_insists_clears_at_once_and_again_if_an_earlier_request_lands)
{
    goes_down_with_a_request_under_way();
    world.order(What::release, it, true);
    world.run(1s);
    EXPECT_FALSE(host().flag);
    EXPECT_EQ(world.state(it), "Readmitting");
    world.boot(it);
    ASSERT_TRUE(world.run_until([&] { return host().flag; }, 2min));
    expect_in_service_at_last();
}

// ------------------------------------------------------------------ what an operator has ordered

TEST_F(LateRequests, an_order_to_release_outlasts_what_nova_refuses)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().evacuations = true;
    world.order(What::release, it, true);
    world.run(2min);
    EXPECT_EQ(world.state(it), "Readmitting");
    EXPECT_TRUE(host().flag);
    EXPECT_EQ(world.count(it, "Record clearing"), 1U) << "a wait of days must not fill the journal";
    EXPECT_EQ(world.count(it, "! NOVA_REFUSED"), 1U);
    host().evacuations = false;
    ASSERT_TRUE(world.run_until([&] { return !host().flag; }, 30s));
}

TEST_F(LateRequests, an_order_to_release_outlasts_a_restart)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().evacuations = true;
    world.order(What::release, it, true);
    world.run(1min);
    world.restart_knelld();
    world.run(1min);
    EXPECT_EQ(world.state(it), "Readmitting");
    host().evacuations = false;
    ASSERT_TRUE(world.run_until([&] { return !host().flag; }, 30s));
}

TEST_F(LateRequests, an_order_to_release_outlasts_a_hold)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.journal_holds = true;
    world.order(What::release, it, true);
    world.order(What::hold);
    world.release_journal();
    world.run(1min);
    EXPECT_EQ(world.count(it, "ClearForcedDown"), 0U);
    EXPECT_EQ(world.state(it), "Readmitting");
    world.order(What::unhold);
    EXPECT_TRUE(world.run_until([&] { return !host().flag; }, 30s));
}

TEST_F(LateRequests, readmission_of_all_is_refused_while_everything_is_on_hold)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Returning"));
    world.run(3s);
    world.order(What::hold);
    world.run(1s);
    world.order(What::readmit);
    EXPECT_THAT(world.log().back().text, testing::HasSubstr("refused: everything is on hold"));
}

TEST_F(LateRequests, after_a_refused_clearing_the_hand_of_another_is_not_taken_for_ours)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().evacuations = true;
    world.boot(it);
    ASSERT_TRUE(reaches("Readmitting"));
    world.run(1s);
    world.cut(it);
    ASSERT_TRUE(reaches("Down", 1min));
    world.set_flag_by_hand(it, false);
    world.run(1min);
    EXPECT_EQ(world.count(it, "! HOST_READMITTED"), 0U);
    EXPECT_EQ(world.count(it, "! FLAG_CLEARED_BY_OTHERS"), 1U);
}

} // namespace
} // namespace knell::test
