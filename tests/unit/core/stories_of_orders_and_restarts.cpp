// SPDX-License-Identifier: GPL-3.0-or-later
// The operator's word, and knelld killed at every stage.
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

using What = OperatorOrder::What;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(Story, a_living_host_is_fenced_only_by_an_operator_who_insists)
{
    world.order(What::fence, it);
    EXPECT_THAT(world.log().back().text, HasSubstr("it is alive"));
    world.run(5s);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    world.order(What::fence, it, true);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Story, a_host_that_beats_between_an_order_and_its_record_is_spared)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Suspected"));
    world.journal_holds = true;
    world.order(What::fence, it);
    world.tell(ProbeResult{HostId{it}, MonitorId{"icmp@mgmt"}, Pulse::beating, world.now(),
                           std::nullopt, ""});
    world.release_journal();
    world.run(1ms);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    EXPECT_EQ(world.count(it, "! FENCE_CANCELLED"), 1U);
}

TEST_F(Story, an_accepted_order_is_answered_when_it_is_durable)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Suspected"));
    world.journal_holds = true;
    world.order(What::fence, it);
    EXPECT_EQ(world.count("", "accepted"), 0U);
    world.release_journal();
    world.run(1ms);
    EXPECT_EQ(world.count("", "accepted"), 1U);
}

TEST_F(Story, the_boot_that_spoke_last_is_the_one_that_is_fenced)
{
    world.cut(it);
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "! NOVA_READ") > 0; }, 1min));
    host().nova = Nova::dead;
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "ForceDown") > 0; }, 1min));
    world.run(1s);
    speaks_with_a_new_boot();
    ASSERT_EQ(world.state(it), "Down") << "Nova is asked whether it was told";
    world.run(10s);
    host().wired = false;
    host().bmc = Bmc::says_off;
    world.run(world.policy().nova.request_lifetime);
    host().nova = Nova::honest;
    ASSERT_TRUE(world.run_until([&] { return host().flag; }, 1min));
    host().wired = true;
    EXPECT_TRUE(reaches("Disputed", 10s)) << "it is no new boot, it is the one that was fenced";
}

TEST_F(Story, a_flag_that_others_set_before_an_operators_word_stays_theirs)
{
    world.cut(it);
    host().bmc = Bmc::mute;
    ASSERT_TRUE(reaches("FenceFailed"));
    ASSERT_EQ(world.count(it, "! NOVA_READ: forced_down is not set"), 1U);
    world.set_flag_by_hand(it, true);
    world.order(What::confirm_off, it, true);
    ASSERT_TRUE(reaches("Down", 1s));
    EXPECT_EQ(world.count(it, "! FORCED_DOWN_FOREIGN"), 1U);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(Story, release_of_a_host_that_is_not_well_needs_force)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.order(What::release, it);
    EXPECT_THAT(world.log().back().text, HasSubstr("it is not well"));
    EXPECT_TRUE(host().flag);
    world.order(What::release, it, true);
    world.run(1s);
    EXPECT_FALSE(host().flag);
}

TEST_F(Story, an_order_for_an_unknown_host_is_refused)
{
    world.order(What::fence, "compute");
    EXPECT_THAT(world.log().back().text, StartsWith("refused: no such host"));
}

TEST_F(Story, observing_holds_a_dead_host_until_it_is_armed)
{
    world.order(What::disarm);
    world.cut(it);
    ASSERT_TRUE(reaches("Held"));
    world.run(1min);
    EXPECT_EQ(world.count(it, "! HOST_HELD"), 1U) << "said once, not at every look";
    EXPECT_EQ(world.count(it, "Record"), 0U);
    world.order(What::arm);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Story, disarming_stops_a_fence_that_was_decided_and_not_yet_begun)
{
    world.journal_holds = true;
    world.cut(it);
    ASSERT_TRUE(reaches("Fencing"));
    world.order(What::disarm);
    world.release_journal();
    world.run(1min);
    EXPECT_EQ(world.count(it, "! FENCE_CANCELLED: power off was not sent: an operator"), 1U);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    EXPECT_EQ(world.state(it), "Held");
}

TEST_F(Story, disarming_outlives_a_restart)
{
    world.order(What::disarm);
    world.run(1s);
    world.restart_knelld();
    EXPECT_EQ(world.fleet().view().mode, Mode::observe);
    EXPECT_EQ(world.fleet().view().mode_by, "alice");
}

TEST_F(Story, a_host_that_said_goodbye_is_left_alone_for_goodbye_grace)
{
    world.say_goodbye(it);
    world.run(1s);
    world.cut(it);
    world.run(100s);
    EXPECT_EQ(world.state(it), "Maintenance");
    EXPECT_EQ(world.count(it, "Power"), 0U);
    EXPECT_TRUE(reaches("Down", 1min)) << "and like any other afterwards";
}

TEST_F(Story, a_goodbye_of_an_older_boot_is_nothing)
{
    world.tell(Goodbye{HostId{it}, BootId{"long ago"}});
    EXPECT_EQ(world.state(it), "Healthy");
}

TEST_F(Story, back_from_a_goodbye_with_a_new_boot_it_is_watched_again)
{
    world.say_goodbye(it);
    world.run(1s);
    world.cut(it);
    world.run(20s);
    world.boot(it);
    EXPECT_TRUE(reaches("Healthy"));
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Story, unfinished_evacuations_are_a_wait_and_not_an_error)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().evacuations = true;
    world.boot(it);
    ASSERT_TRUE(reaches("Readmitting"));
    world.run(2min);
    EXPECT_TRUE(host().flag);
    EXPECT_EQ(world.count(it, "! NOVA_REFUSED"), 1U);
    EXPECT_GE(world.count(it, "ClearForcedDown"), 3U);
    host().evacuations = false;
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_FALSE(host().flag);
}

TEST_F(Story, nova_compute_must_run_before_the_flag_goes)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().nova_compute = false;
    world.boot(it);
    world.run(2min);
    EXPECT_EQ(world.state(it), "Returning");
    EXPECT_EQ(world.count(it, "ClearForcedDown"), 0U);
    host().nova_compute = true;
    EXPECT_TRUE(reaches("Healthy"));
}

TEST_F(Story, a_dead_host_with_a_flag_of_unknown_fate_that_boots_is_not_left_forced_down)
{
    world.cut(it);
    host().nova = Nova::honest;
    ASSERT_TRUE(reaches("Fenced"));
    host().nova = Nova::late; // from now on: done, but only after a while
    world.run(4s);
    ASSERT_GE(world.count(it, "ForceDown"), 1U);
    speaks_with_a_new_boot();
    world.run(5s);
    host().nova = Nova::honest;
    world.run(5min);
    EXPECT_EQ(world.state(it), "Healthy");
    EXPECT_FALSE(host().flag) << "nobody would ever take it back";
}

TEST_F(Story, a_clearing_that_lands_late_does_not_hide_the_next_failure)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Returning"));
    host().nova = Nova::late;
    ASSERT_TRUE(reaches("Readmitting"));
    world.run(1s);
    world.cut(it);
    world.run(30s);
    ASSERT_FALSE(host().flag);
    host().nova = Nova::honest;
    world.run(2min);
    EXPECT_EQ(world.state(it), "Down");
    EXPECT_TRUE(host().flag);
}

TEST_F(Story, a_boot_that_spoke_during_the_doubt_is_the_boot_that_failed)
{
    world.boot_time = 1s;
    world.cut(it);
    ASSERT_TRUE(reaches("Suspected"));
    world.boot(it); // it was a quick reboot, and then
    const auto& old = host();
    ASSERT_TRUE(world.run_until([&] { return old.booted; }, 10s));
    world.run(1100ms);
    host().wired = false;
    host().bmc = Bmc::says_off;
    ASSERT_TRUE(reaches("Down"));
    host().wired = true;
    EXPECT_TRUE(reaches("Disputed"));
}

// ------------------------------------------------------------------ kill -9 at every stage

struct Killed {
    std::string at; ///< the state in which knelld is killed
    bool flag;      ///< what Nova says afterwards
    bool alive;     ///< the host has come back with a new boot meanwhile
};

class StoryOfARestart : public Story, public testing::WithParamInterface<Killed> {};

TEST_P(StoryOfARestart, goes_on_from_what_is_read_anew)
{
    const auto [at, flag, alive] = GetParam();
    world.cut(it);
    if (at == "Fenced") {
        host().nova = Nova::mute;
    } else if (at == "Returning" || at == "Readmitting") {
        ASSERT_TRUE(reaches("Down"));
        world.boot(it);
    }
    ASSERT_TRUE(reaches(at));
    world.run(2ms); // the journal has its time
    if (host().flag != flag) {
        const auto owner = host().owner;
        world.set_flag_by_hand(it, flag);
        host().owner = flag ? Owner::knell : owner;
    }
    host().nova = Nova::honest;
    world.stop_knelld(1h); // it is dead from here on
    if (alive && !host().power) {
        world.run(1s);
        world.boot(it);
        ASSERT_TRUE(world.run_until([&] { return host().booted; }, 1min));
    } else if (!alive) {
        world.cut(it);
    }
    world.restart_knelld();
    const bool over = !flag && at != "Fencing" && at != "Fenced";
    if (alive) {
        EXPECT_TRUE(reaches("Healthy"));
        world.run(1min);
        EXPECT_EQ(world.state(it), "Healthy");
        if (at != "Fencing" && at != "Fenced") { // before, a set flag is somebody else's
            EXPECT_FALSE(host().flag);
        }
    } else if (!over) {
        EXPECT_TRUE(reaches("Down"));
        EXPECT_TRUE(host().flag);
    }
    EXPECT_EQ(world.count(it, "! HOST_RESUMED"), 1U);
}

std::vector<Killed> every_kill()
{
    std::vector<Killed> all;
    for (const auto* at : {"Fencing", "Fenced", "Down", "Returning", "Readmitting"}) {
        for (const bool flag : {false, true}) {
            for (const bool alive : {false, true}) {
                all.push_back({at, flag, alive});
            }
        }
    }
    return all;
}

INSTANTIATE_TEST_SUITE_P(kill_9, StoryOfARestart, testing::ValuesIn(every_kill()),
                         [](const auto& one) {
                             return one.param.at + (one.param.flag ? "_flag_set" : "_flag_clear") +
                                    (one.param.alive ? "_host_alive" : "_host_dead");
                         });

TEST_F(Story, a_dispute_outlives_a_restart)
{
    for (const bool told : {false, true}) {
        host().wired = false;
        host().bmc = Bmc::says_off;
        host().nova = told ? Nova::honest : Nova::mute;
        ASSERT_TRUE(reaches(told ? "Down" : "Fenced"));
        host().wired = true;
        ASSERT_TRUE(reaches("Disputed"));
        host().nova = Nova::honest;
        world.run(1s);
        world.restart_knelld();
        world.run(2min);
        EXPECT_EQ(world.state(it), "Disputed");
        world.order(What::release, it);
        ASSERT_TRUE(reaches("Healthy"));
        EXPECT_FALSE(host().flag);
        world.run(5s);
    }
}

TEST_F(Story, a_flag_set_by_hand_in_a_dispute_is_not_ours_after_a_restart)
{
    host().wired = false;
    host().bmc = Bmc::says_off;
    host().nova = Nova::mute;
    ASSERT_TRUE(reaches("Fenced"));
    host().wired = true;
    ASSERT_TRUE(reaches("Disputed"));
    host().nova = Nova::honest;
    world.run(1s);
    world.set_flag_by_hand(it, true);
    world.restart_knelld();
    world.run(1min);
    world.order(What::release, it, true);
    world.run(1min);
    EXPECT_TRUE(host().flag);
    EXPECT_EQ(world.count(it, "ClearForcedDown"), 0U);
}

/// A host that is watched by heartbeats alone.
class StoryOfHeartbeats : public Story {
protected:
    StoryOfHeartbeats() : Story{heartbeats_only()} {}
    static Policy heartbeats_only()
    {
        auto policy = small_policy(3);
        for (auto& host : policy.hosts) {
            host.monitors.erase(host.monitors.begin());
        }
        return policy;
    }
};

TEST_F(StoryOfHeartbeats, its_agents_life_after_power_off_starts_the_count_again)
{
    host().wired = false;
    host().bmc = Bmc::says_off;
    ASSERT_TRUE(reaches("Fencing"));
    world.run(1s);
    host().wired = true; // it lives, and its device says off
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_EQ(world.count(it, "! FENCE_CANCELLED: power off is not commanded again"), 1U);
    EXPECT_EQ(world.count(it, "! HOST_FENCED"), 0U);
}

TEST_F(Story, a_flag_that_nobody_saw_being_set_is_not_forgotten_when_its_host_returns)
{
    world.cut(it);
    host().nova = Nova::lossy; // it is set, and no answer says so
    ASSERT_TRUE(world.run_until([&] { return host().flag; }, 2min));
    host().nova = Nova::dead;
    host().bmc = Bmc::mute;
    ASSERT_TRUE(reaches("FenceFailed"));
    world.order(What::disarm); // and is not fenced again
    world.run(5min);           // nothing can be on its way to Nova any more
    host().nova = Nova::honest;
    world.boot(it);
    ASSERT_TRUE(reaches("Healthy", 5min));
    EXPECT_FALSE(host().flag);
    EXPECT_EQ(world.count(it, "ClearForcedDown"), 1U);
}

TEST_F(Story, a_hold_stops_a_clearing_that_waits_for_the_disk)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Returning"));
    world.journal_holds = true;
    ASSERT_TRUE(reaches("Readmitting"));
    world.order(What::hold);
    world.release_journal();
    world.run(1min);
    EXPECT_EQ(world.count(it, "ClearForcedDown"), 0U);
    world.order(What::unhold);
    EXPECT_TRUE(reaches("Healthy"));
}

TEST_F(Story, readmission_is_promised_once_it_is_durable)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Returning"));
    world.run(3s);
    world.journal_holds = true;
    world.order(What::readmit);
    world.run(1s);
    EXPECT_EQ(world.count("", "accepted: clearing"), 0U);
    world.release_journal();
    world.run(1s);
    EXPECT_EQ(world.count("", "accepted: clearing"), 1U);
}

TEST_F(StoryOfHeartbeats, a_dead_host_is_not_forgotten_by_a_restart_that_may_not_fence)
{
    world.cut(it);
    host().bmc = Bmc::mute;
    ASSERT_TRUE(reaches("Fencing"));
    world.run(1s);
    world.order(What::disarm);
    world.run(1s);
    world.restart_knelld();
    host().bmc = Bmc::honest;
    world.run(1min);
    EXPECT_EQ(world.state(it), "Held");
    world.order(What::arm);
    EXPECT_TRUE(reaches("Down"));
}

} // namespace
} // namespace knell::test
