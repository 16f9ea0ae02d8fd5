// SPDX-License-Identifier: GPL-3.0-or-later
// What is only noticed when somebody looks twice: how often, how long, who is told, who is spared.
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

using What = OperatorOrder::What;
using testing::HasSubstr;
using testing::IsEmpty;

class Details : public Story {
protected:
    Details() = default;
    explicit Details(Policy policy) : Story{std::move(policy)} {}

    [[nodiscard]] HostView view() const { return *world.fleet().view(HostId{it}); }
    void agent_says(const std::string& boot, Duration uptime, const SystemUuid& uuid)
    {
        world.tell(ProbeResult{HostId{it}, MonitorId{"heartbeat@mgmt"}, Pulse::beating, world.now(),
                               AgentReport{BootId{boot}, uptime, true, true, uuid}, ""});
    }
    void maintenance(Duration lasting)
    {
        OperatorOrder order{OrderId{77}, What::begin_maintenance, HostId{it}, "alice", "new memory",
                            false};
        order.lasting = lasting;
        world.tell(order);
        world.run(1s);
    }
    const SystemUuid machine{"00000000-0000-0000-0000-000000000001"};
};

// ------------------------------------------------------------------ how often, how long

TEST_F(Details, nova_is_asked_less_and_less_often_while_it_does_not_answer)
{
    world.cut(it);
    host().nova = Nova::dead;
    ASSERT_TRUE(reaches("Fenced"));
    world.run(2min);
    EXPECT_GT(world.count(it, "ReadForcedDown"), 10U);
    EXPECT_LT(world.count(it, "ReadForcedDown"), 30U);
}

TEST_F(Details, a_device_that_was_silent_is_tried_again_after_retry)
{
    world.cut(it);
    host().bmc = Bmc::mute;
    ASSERT_TRUE(reaches("FenceFailed"));
    EXPECT_EQ(world.count(it, "StandDown"), 1U) << "meanwhile no session of ours stays open there";
    host().bmc = Bmc::honest;
    EXPECT_TRUE(reaches("Down", 30s));
}

TEST_F(Details, an_operators_word_does_not_wait_for_the_next_try_of_a_fence)
{
    world.cut(it);
    host().bmc = Bmc::mute;
    ASSERT_TRUE(reaches("FenceFailed"));
    world.order(What::confirm_off, it);
    EXPECT_TRUE(reaches("Down", 7s));
    EXPECT_EQ(world.count(it, "Record fencing"), 1U);
}

TEST_F(Details, a_host_is_asked_densely_only_while_it_is_in_doubt)
{
    EXPECT_FALSE(host().watched_closely);
    host().agent = false;
    ASSERT_TRUE(reaches("Suspected"));
    EXPECT_TRUE(host().watched_closely);
    host().agent = true;
    ASSERT_TRUE(reaches("Healthy"));
    EXPECT_FALSE(host().watched_closely);
}

TEST_F(Details, a_power_reading_that_is_never_answered_is_not_the_last)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().bmc = Bmc::mute;
    world.run(1min);
    host().bmc = Bmc::honest;
    world.boot_time = 1h;
    world.boot(it);
    world.run(1min);
    EXPECT_EQ(world.count(it, "! POWER_CAME_BACK"), 1U);
}

TEST_F(Details, power_that_comes_back_again_is_told_of_again)
{
    world.boot_time = 1h;
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    for (std::size_t times = 1; times <= 2; ++times) {
        world.boot(it);
        world.run(1min);
        EXPECT_EQ(world.count(it, "! POWER_CAME_BACK"), times);
        world.cut(it);
        world.run(1min);
    }
}

TEST_F(Details, a_second_new_boot_must_be_well_for_hold_down_itself)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Returning"));
    world.run(6s);
    world.cut(it);
    speaks_with_a_new_boot(); // so quickly that no monitor falls
    world.run(7s);
    EXPECT_EQ(world.state(it), "Returning");
    EXPECT_TRUE(reaches("Healthy"));
}

TEST_F(Details, a_host_that_dies_again_on_the_way_back_is_down_again)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Returning"));
    world.cut(it);
    EXPECT_TRUE(reaches("Down", 30s));
    EXPECT_TRUE(host().flag);
}

TEST_F(Details, a_host_that_falls_ill_on_the_way_back_waits_for_hold_down_anew)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Returning"));
    world.run(6s);
    host().agent = false;
    world.run(6s);
    host().agent = true;
    world.run(7s);
    EXPECT_EQ(world.state(it), "Returning");
    EXPECT_TRUE(reaches("Healthy"));
}

// ------------------------------------------------------------------ who is told

TEST_F(Details, a_user_space_that_dies_is_told_of_each_time_and_only_when_it_stays_dead)
{
    for (std::size_t times = 1; times <= 2; ++times) {
        host().agent = false;
        ASSERT_TRUE(reaches("Suspected"));
        EXPECT_EQ(world.count(it, "! HOST_USERSPACE_SILENT"), times - 1);
        world.run(10s);
        EXPECT_EQ(world.count(it, "! HOST_USERSPACE_SILENT"), times);
        host().agent = true;
        ASSERT_TRUE(reaches("Healthy"));
    }
}

TEST_F(Details, that_a_held_host_has_failed_is_said_once)
{
    world.order(What::disarm);
    world.cut(it);
    ASSERT_TRUE(reaches("Held"));
    world.run(1min);
    EXPECT_EQ(world.count(it, "! HOST_FAILED"), 1U);
}

TEST_F(Details, unfinished_evacuations_are_called_by_their_name)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().evacuations = true;
    world.boot(it);
    ASSERT_TRUE(reaches("Readmitting"));
    world.run(1min);
    EXPECT_EQ(world.count(it, "! NOVA_REFUSED: evacuations from it are unfinished"), 1U);
}

TEST_F(Details, an_answer_about_servers_that_nobody_asked_about_is_passed_over)
{
    world.tell(ServersSeen{HostId{it}, AttemptId{4711}, true, 3, 1, ""});
    EXPECT_EQ(world.count(it, "! SERVERS"), 0U);
}

TEST_F(Details, the_status_says_that_our_view_is_lost)
{
    EXPECT_TRUE(world.fleet().view().clear);
    world.tell(EyesReport{NetworkId{"mgmt"}, "carrier", false, "eth1 has no carrier"});
    EXPECT_FALSE(world.fleet().view().clear);
    EXPECT_THAT(world.fleet().view().vantage, HasSubstr("eth1 has no carrier"));
}

TEST_F(Details, a_list_from_before_the_end_of_an_episode_shows_our_own_flag)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Healthy"));
    ServicesSeen old;
    old.asked_at = world.now() - 1s;
    old.services = {{HostId{it}, true, false, "", true}};
    world.tell(old);
    EXPECT_EQ(world.count(it, "! FLAG_SET_BY_OTHERS"), 0U);
}

TEST_F(Details, a_host_that_nova_loses_again_is_told_of_again)
{
    for (std::size_t times = 1; times <= 2; ++times) {
        host().listed = false;
        world.list_services();
        EXPECT_EQ(world.count(it, "! HOST_UNKNOWN_TO_NOVA"), times);
        host().listed = true;
        world.list_services();
    }
}

// ------------------------------------------------------------------ which machine, which boot

TEST_F(Details, the_inventory_outweighs_what_an_agent_says_of_its_machine)
{
    agent_says(host().boot_id(), 10h, SystemUuid{"00000000-0000-0000-0000-00000000dead"});
    EXPECT_EQ(view().identity, machine);
}

TEST_F(Details, without_the_inventory_the_agents_word_on_its_machine_is_remembered)
{
    auto policy = small_policy(3);
    policy.hosts[0].identity.reset();
    ASSERT_THAT(world.reload(policy), IsEmpty());
    agent_says(host().boot_id(), 10h, machine);
    world.run(5s);
    EXPECT_EQ(view().identity, machine);
}

TEST_F(Details, of_a_host_whose_boot_was_never_heard_only_one_younger_than_the_proof_is_new)
{
    host().agent = false;
    world.restart_knelld();
    world.run(5s);
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.run(1min);
    agent_says("an old one", 10h, machine);
    EXPECT_EQ(world.state(it), "Down");
    EXPECT_THAT(view().why, HasSubstr("cannot tell whether this is a new boot"));
    agent_says("a new one", 1s, machine);
    EXPECT_EQ(world.state(it), "Returning");
}

// ------------------------------------------------------------------ who is spared, and who is not

TEST_F(Details, readmit_spares_a_host_that_is_not_well_yet)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().nova_compute = false;
    world.boot(it);
    ASSERT_TRUE(reaches("Returning"));
    world.run(3s);
    world.order(What::readmit);
    world.run(3s);
    EXPECT_EQ(world.count(it, "ClearForcedDown"), 0U);
    EXPECT_EQ(world.count("", "refused: no host is eligible"), 1U);
}

TEST_F(Details, a_shutdown_that_does_not_come_is_called_off_after_half_a_minute)
{
    world.say_goodbye(it);
    world.run(25s);
    EXPECT_EQ(world.state(it), "Maintenance") << "its last beats are no contradiction";
    EXPECT_TRUE(reaches("Healthy", 10s));
    world.cut(it);
    EXPECT_TRUE(reaches("Down", 1min));
}

TEST_F(Details, a_host_that_is_fenced_out_of_its_maintenance_shows_none)
{
    maintenance(1h);
    world.cut(it);
    world.run(10s);
    world.order(What::fence, it);
    EXPECT_FALSE(view().planned);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Details, that_the_time_of_a_maintenance_is_over_is_written_down)
{
    maintenance(10min);
    world.run(11min);
    EXPECT_EQ(world.count(it, "Record maintenance_ended"), 1U);
}

TEST_F(Details, where_the_site_says_so_a_disabled_nova_compute_is_fenced_like_any_other)
{
    auto policy = small_policy(3);
    policy.gate.respect_disabled = false;
    ASSERT_THAT(world.reload(policy), IsEmpty());
    host().disabled = true;
    world.list_services();
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Details, a_hold_that_was_lifted_stays_lifted_over_a_restart)
{
    world.order(What::hold);
    world.run(1s);
    world.order(What::unhold);
    world.run(1s);
    EXPECT_EQ(world.fleet().view().hold, "");
    world.restart_knelld();
    EXPECT_EQ(world.fleet().view().hold, "");
}

TEST_F(Details, nobody_is_released_and_no_word_is_taken_while_everything_is_on_hold)
{
    world.cut(it);
    host().bmc = Bmc::mute;
    ASSERT_TRUE(reaches("FenceFailed"));
    world.order(What::hold);
    for (const auto order : {What::confirm_off, What::release}) {
        world.order(order, it, true);
        EXPECT_THAT(world.log().back().text, HasSubstr("refused: everything is on hold"));
    }
    EXPECT_EQ(world.state(it), "FenceFailed");
}

Policy without_a_device()
{
    auto policy = small_policy(3);
    policy.hosts[0].devices.clear();
    return policy;
}

class WithoutADevice : public Details {
protected:
    WithoutADevice() : Details{without_a_device()} {}
};

TEST_F(WithoutADevice, a_host_that_cannot_be_fenced_is_held_for_somebody_who_sees_it_off)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Held"));
    EXPECT_THAT(view().why, HasSubstr("knellctl host confirm-off"));
    EXPECT_EQ(world.count(it, "Record fencing"), 0U);
    world.order(What::confirm_off, it);
    EXPECT_TRUE(reaches("Down"));
}

Policy returning_by_hand()
{
    auto policy = small_policy(3);
    policy.hosts[0].auto_readmit = false;
    return policy;
}

class ByHand : public Details {
protected:
    ByHand() : Details{returning_by_hand()} {}
};

TEST_F(ByHand, a_host_whose_flag_an_operator_cleared_in_nova_is_watched_again)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Returning", 5min));
    world.list_services();
    world.set_flag_by_hand(it, false);
    world.list_services();
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_EQ(world.count(it, "! FLAG_CLEARED_BY_OTHERS"), 1U);
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(ByHand, a_host_comes_back_when_an_operator_releases_it)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    world.run(5min);
    EXPECT_EQ(world.state(it), "Returning");
    EXPECT_TRUE(host().flag);
    world.order(What::release, it);
    EXPECT_TRUE(reaches("Healthy"));
}

Policy two_make_a_storm()
{
    auto policy = small_policy(4);
    policy.gate.storm_hosts = 2;
    return policy;
}

class TwoMakeAStorm : public Details {
protected:
    TwoMakeAStorm() : Details{two_make_a_storm()} {}
};

TEST_F(TwoMakeAStorm, a_host_in_planned_work_is_none_of_them)
{
    host().disabled = true;
    world.list_services();
    world.cut(it);
    ASSERT_TRUE(reaches("Held"));
    world.cut("compute2");
    EXPECT_TRUE(world.run_until([&] { return world.state("compute2") == "Down"; }, 1min));
    EXPECT_EQ(world.count("", "! FENCING_FROZEN"), 0U);
}

TEST_F(TwoMakeAStorm, a_host_that_an_operator_fences_is_none_of_them)
{
    host().bmc = Bmc::mute;
    world.order(What::fence, it, true);
    ASSERT_TRUE(reaches("Fencing"));
    world.cut("compute2");
    EXPECT_TRUE(world.run_until([&] { return world.state("compute2") == "Down"; }, 1min));
    EXPECT_EQ(world.count("", "! FENCING_FROZEN"), 0U);
}

TEST_F(TwoMakeAStorm, a_host_that_could_not_be_fenced_is_one_of_them)
{
    host().bmc = Bmc::mute;
    world.cut(it);
    ASSERT_TRUE(reaches("FenceFailed"));
    world.cut("compute2");
    EXPECT_TRUE(world.run_until([&] { return world.state("compute2") == "Held"; }, 1min));
    EXPECT_EQ(world.count("", "! FENCING_FROZEN"), 1U);
}

} // namespace
} // namespace knell::test
