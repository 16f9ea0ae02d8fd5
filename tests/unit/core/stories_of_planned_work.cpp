// SPDX-License-Identifier: GPL-3.0-or-later
// Work that somebody announced, and what others do to Nova's record.
#include "tests/unit/core/story.hpp"

#include <algorithm>
#include <utility>

namespace knell::test {
namespace {

using testing::HasSubstr;

class PlannedWorkStory : public Story {
protected:
    PlannedWorkStory() = default;
    explicit PlannedWorkStory(Policy policy) : Story{std::move(policy)} {}
    void maintenance(Duration lasting)
    {
        OperatorOrder order{OrderId{77},  OperatorOrder::What::begin_maintenance,
                            HostId{it},   "alice",
                            "new memory", false};
        order.lasting = lasting;
        world.tell(order);
        world.run(1s);
    }
    [[nodiscard]] std::string why() const { return world.fleet().view(HostId{it})->why; }
};

TEST_F(PlannedWorkStory, a_host_in_maintenance_is_left_alone_and_watched_again_when_it_is_over)
{
    maintenance(30min);
    EXPECT_EQ(world.state(it), "Maintenance");
    world.cut(it);
    world.run(10min);
    world.boot(it);
    world.run(10min);
    EXPECT_EQ(world.state(it), "Maintenance") << "a new boot is part of the work";
    EXPECT_TRUE(reaches("Healthy", 11min));
    EXPECT_EQ(world.count(it, "! MAINTENANCE_ENDING"), 1U);
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(PlannedWorkStory, maintenance_that_expires_over_a_silent_host_never_expires_into_fencing)
{
    maintenance(10min);
    world.cut(it);
    world.run(9min);
    EXPECT_EQ(world.count(it, "! MAINTENANCE_ENDING"), 1U) << "said before it happens";
    world.run(1h);
    EXPECT_EQ(world.state(it), "Held");
    EXPECT_THAT(why(), HasSubstr("silent when its maintenance ended"));
    OperatorOrder order{OrderId{99}, OperatorOrder::What::approve, std::nullopt, "alice", "",
                        false};
    order.hosts = {HostId{it}};
    world.tell(order);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(PlannedWorkStory, a_host_that_was_heard_again_after_its_maintenance_is_fenced_like_any_other)
{
    maintenance(10min);
    world.cut(it);
    world.run(11min);
    world.boot(it);
    ASSERT_TRUE(reaches("Healthy"));
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(PlannedWorkStory,
       a_host_that_boots_after_a_restart_and_its_maintenance_is_fenced_like_any_other)
{
    maintenance(10min);
    world.cut(it);
    world.restart_knelld();
    world.run(11min);
    ASSERT_EQ(world.state(it), "Unseen") << "it was not heard since";
    world.boot(it);
    ASSERT_TRUE(reaches("Healthy"));
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
}

Policy patient()
{
    auto policy = small_policy(3);
    for (auto& monitor : policy.hosts[0].monitors) {
        monitor.fall = 6;
    }
    return policy;
}

class PatientPlannedWork : public PlannedWorkStory {
protected:
    PatientPlannedWork() : PlannedWorkStory{patient()} {}
};

TEST_F(PatientPlannedWork, a_beat_lost_in_the_moment_in_which_it_ends_is_forgotten)
{
    maintenance(10min);
    host().wired = false;
    const auto silent_on_all = [&] {
        const auto view = world.fleet().view(HostId{it});
        return std::all_of(view->monitors.begin(), view->monitors.end(),
                           [](const auto& monitor) { return monitor.silences > 0; });
    };
    ASSERT_TRUE(world.run_until(silent_on_all, 3s));
    world.order(OperatorOrder::What::end_maintenance, it);
    host().wired = true;
    EXPECT_EQ(world.count(it, "! MAINTENANCE_ENDED"), 1U);
    world.run(10s);
    EXPECT_EQ(world.count(it, "! HOST_SUSPECTED"), 0U);
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(PlannedWorkStory, an_operator_ends_it_early)
{
    maintenance(2h);
    world.order(OperatorOrder::What::end_maintenance, it);
    EXPECT_TRUE(reaches("Healthy", 1s));
    EXPECT_EQ(world.count(it, "Record maintenance_ended"), 1U);
}

TEST_F(PlannedWorkStory, maintenance_survives_a_restart_with_the_time_that_is_left)
{
    maintenance(30min);
    world.run(10min);
    world.restart_knelld();
    EXPECT_EQ(world.state(it), "Maintenance");
    const auto until = world.fleet().view(HostId{it})->planned->until.value();
    EXPECT_GT(until, world.now() + 19min);
    EXPECT_LT(until, world.now() + 21min);
}

TEST_F(PlannedWorkStory, maintenance_that_ended_while_knelld_was_away_is_said_and_over)
{
    maintenance(1min);
    world.stop_knelld(10min);
    world.run(10min);
    world.restart_knelld();
    EXPECT_NE(world.state(it), "Maintenance");
    EXPECT_EQ(world.count(it, "! MAINTENANCE_ENDED"), 1U);
}

TEST_F(PlannedWorkStory, a_host_that_is_being_fenced_takes_no_maintenance_any_more)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Fencing"));
    maintenance(1h);
    EXPECT_NE(world.state(it), "Maintenance");
    EXPECT_EQ(world.count(it, "! ORDER_REFUSED"), 1U);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(PlannedWorkStory, a_goodbye_that_nobody_follows_up_is_announced_and_then_fenced)
{
    world.say_goodbye(it);
    world.run(1s);
    world.cut(it);
    ASSERT_TRUE(reaches("Down", 5min));
    EXPECT_EQ(world.count(it, "! MAINTENANCE_ENDING"), 1U);
}

TEST_F(PlannedWorkStory, a_nova_compute_disabled_by_hand_is_planned_work_until_it_is_enabled)
{
    host().disabled = true;
    host().disabled_reason = "swapping a disk";
    world.list_services();
    EXPECT_EQ(world.count(it, "! SERVICE_DISABLED"), 1U);
    world.cut(it);
    world.run(10min);
    EXPECT_EQ(world.state(it), "Held");
    EXPECT_THAT(why(), HasSubstr("disabled by hand (swapping a disk)"));
    host().disabled = false;
    world.list_services();
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(PlannedWorkStory, a_nova_compute_that_disabled_itself_is_no_planned_work)
{
    host().disabled = true;
    host().disabled_reason = "AUTO: Connection to libvirt lost: 1";
    world.list_services();
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "! SERVICE_DISABLED"), 0U);
}

// ------------------------------------------------------------------ what others do

TEST_F(PlannedWorkStory, flags_that_others_set_and_clear_are_seen_told_and_respected)
{
    world.set_flag_by_hand(it, true);
    world.list_services();
    world.list_services();
    EXPECT_EQ(world.count(it, "! FLAG_SET_BY_OTHERS"), 1U) << "once";
    world.set_flag_by_hand(it, false);
    world.list_services();
    EXPECT_EQ(world.count(it, "! FLAG_GONE"), 1U);
    EXPECT_EQ(world.count(it, "ClearForcedDown"), 0U);
}

TEST_F(PlannedWorkStory, our_own_flag_is_nobody_elses)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.list_services();
    world.boot(it);
    ASSERT_TRUE(reaches("Healthy"));
    world.list_services();
    EXPECT_EQ(world.count(it, "! FLAG_SET_BY_OTHERS"), 0U);
    EXPECT_EQ(world.count(it, "! FLAG_GONE"), 0U);
}

TEST_F(PlannedWorkStory, our_flag_cleared_by_others_in_mid_episode_is_noticed_with_the_next_list)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.run(1s);
    world.list_services();
    world.set_flag_by_hand(it, false);
    world.list_services();
    world.run(1s);
    EXPECT_EQ(world.count(it, "! FLAG_CLEARED_BY_OTHERS"), 1U);
    EXPECT_EQ(world.state(it), "Unseen");
    world.run(10min);
    EXPECT_FALSE(host().flag) << "whoever cleared it had his reasons";
}

TEST_F(PlannedWorkStory, a_host_that_nova_does_not_know_is_told_of_once)
{
    host().listed = false;
    world.list_services();
    world.list_services();
    EXPECT_EQ(world.count(it, "! HOST_UNKNOWN_TO_NOVA"), 1U);
}

// ------------------------------------------------------------------ nova-compute alone

TEST_F(PlannedWorkStory,
       a_nova_compute_that_is_dead_for_a_minute_is_told_of_and_its_host_left_alone)
{
    host().nova_compute = false;
    world.run(59s);
    EXPECT_EQ(world.count(it, "! NOVA_COMPUTE_SILENT"), 0U);
    world.run(10min);
    EXPECT_EQ(world.count(it, "! NOVA_COMPUTE_SILENT"), 1U);
    EXPECT_EQ(world.state(it), "Healthy");
    host().nova_compute = true;
    world.run(5s);
    EXPECT_EQ(world.count(it, "! NOVA_COMPUTE_RUNS"), 1U);
    world.run(10min);
    EXPECT_EQ(world.count(it, "! NOVA_COMPUTE"), 2U);
}

TEST_F(PlannedWorkStory, a_nova_compute_that_is_started_again_within_a_minute_is_no_news)
{
    for (int i = 0; i < 5; ++i) {
        host().nova_compute = false;
        world.run(50s);
        host().nova_compute = true;
        world.run(50s);
    }
    EXPECT_EQ(world.count(it, "! NOVA_COMPUTE"), 0U);
}

TEST_F(PlannedWorkStory, nothing_is_said_of_a_nova_compute_that_is_disabled_or_in_maintenance)
{
    host().nova_compute = false;
    host().disabled = true;
    world.list_services();
    world.run(10min);
    host().disabled = false;
    world.list_services();
    maintenance(10min);
    world.run(9min);
    EXPECT_EQ(world.count(it, "! NOVA_COMPUTE"), 0U);
    world.run(1min);
    ASSERT_EQ(world.state(it), "Healthy");
    EXPECT_EQ(world.count(it, "! NOVA_COMPUTE"), 0U) << "a minute of its own";
    world.run(1min);
    EXPECT_EQ(world.count(it, "! NOVA_COMPUTE_SILENT"), 1U);
}

} // namespace
} // namespace knell::test
