// SPDX-License-Identifier: GPL-3.0-or-later
// Another policy for a fleet that is being watched.
#include "core/fleet.hpp"
#include "tests/unit/core/story.hpp"

#include <algorithm>

namespace knell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Reload : public Story {
protected:
    [[nodiscard]] std::vector<std::string> refusals(const Policy& policy)
    {
        return world.reload(policy);
    }
    [[nodiscard]] HostView view() const { return *world.fleet().view(HostId{it}); }
};

Policy without_it()
{
    auto policy = small_policy(3);
    policy.hosts.erase(policy.hosts.begin());
    return policy;
}

TEST_F(Reload, the_same_policy_changes_nothing)
{
    EXPECT_THAT(refusals(small_policy(3)), IsEmpty());
    EXPECT_EQ(world.state(it), "Healthy");
}

TEST_F(Reload, a_host_keeps_what_was_seen_of_it_when_its_numbers_change)
{
    auto policy = small_policy(3);
    policy.hosts[0].fence.settle = 5s;
    policy.hosts[0].hold_down = 30s;
    EXPECT_THAT(refusals(policy), IsEmpty());
    EXPECT_EQ(world.state(it), "Healthy") << "not unseen";
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Reload, a_host_in_mid_episode_is_neither_changed_nor_removed_and_is_named)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Fencing"));
    auto changed = small_policy(3);
    changed.hosts[0].fence.settle = 1s;
    changed.hosts[1].hold_down = 1h;
    EXPECT_THAT(refusals(changed),
                ElementsAre(HasSubstr("compute1 is Fencing (episode 1) and would "
                                      "be changed")));
    auto removed = small_policy(3);
    removed.hosts.erase(removed.hosts.begin());
    EXPECT_THAT(refusals(removed), ElementsAre(HasSubstr("would be removed")));
    EXPECT_TRUE(reaches("Down")) << "and the fence went its way";
}

TEST_F(Reload, what_concerns_other_hosts_is_taken_up_in_mid_episode)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Fencing"));
    auto policy = small_policy(3);
    policy.hosts.pop_back();
    policy.gate.budget = 1;
    EXPECT_THAT(refusals(policy), IsEmpty());
    EXPECT_FALSE(world.fleet().view(HostId{"compute3"}));
    EXPECT_EQ(world.fleet().view().budget, 1U);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Reload, a_new_host_begins_unseen)
{
    auto policy = small_policy(4);
    EXPECT_THAT(refusals(policy), IsEmpty());
    EXPECT_EQ(world.fleet().view(HostId{"compute4"})->state, "Unseen");
}

class Window : public Reload {
protected:
    void begin(Duration lasting)
    {
        OperatorOrder order{OrderId{77},  OperatorOrder::What::begin_maintenance,
                            HostId{it},   "alice",
                            "new memory", false};
        order.lasting = lasting;
        world.tell(order);
        world.run(1s);
        ASSERT_EQ(world.state(it), "Maintenance");
    }
    /// Out of the inventory, and in again so much later.
    void leave_for(Duration away, bool over_a_restart = false)
    {
        ASSERT_THAT(refusals(without_it()), IsEmpty());
        world.run(away / 2);
        if (over_a_restart) {
            world.restart_knelld();
        }
        world.run(away / 2);
        ASSERT_THAT(refusals(small_policy(3)), IsEmpty());
    }
};

TEST_F(Window, of_planned_work_is_the_hosts_again_when_it_comes_back_into_the_inventory)
{
    begin(30min);
    leave_for(10min);
    EXPECT_EQ(world.state(it), "Maintenance");
    const auto planned = world.fleet().view(HostId{it})->planned.value();
    EXPECT_EQ(planned.by, "alice");
    EXPECT_EQ(planned.reason, "new memory");
    EXPECT_GT(planned.until.value(), world.now() + 19min);
    EXPECT_LT(planned.until.value(), world.now() + 20min);
    world.run(5s);
    world.cut(it);
    world.run(10min);
    EXPECT_EQ(world.state(it), "Maintenance") << "and it is left alone";
}

TEST_F(Window, of_planned_work_that_ended_meanwhile_is_over_and_told)
{
    begin(5min);
    leave_for(10min);
    EXPECT_NE(world.state(it), "Maintenance");
    EXPECT_EQ(world.count(it, "! MAINTENANCE_ENDED"), 1U);
    EXPECT_EQ(world.count(it, "Record maintenance_ended"), 1U);
}

TEST_F(Window, of_planned_work_outlives_a_restart_that_found_its_host_out_of_the_inventory)
{
    begin(30min);
    leave_for(10min, true);
    EXPECT_EQ(world.state(it), "Maintenance");
    EXPECT_GT(view().planned.value().until.value(), world.now() + 19min);
    EXPECT_LT(view().planned.value().until.value(), world.now() + 20min);
    world.run(21min);
    EXPECT_NE(world.state(it), "Maintenance");
}

TEST_F(Window, of_planned_work_is_the_hosts_again_however_often_it_goes_and_comes)
{
    begin(30min);
    leave_for(4min, true);
    leave_for(4min);
    leave_for(4min, true);
    EXPECT_EQ(world.state(it), "Maintenance");
    EXPECT_GT(view().planned.value().until.value(), world.now() + 17min);
    EXPECT_LT(view().planned.value().until.value(), world.now() + 18min);
}

TEST_F(Window, of_a_goodbye_is_not_kept_for_only_a_host_that_was_heard_again_is_fenced)
{
    world.say_goodbye(it);
    world.run(1s);
    ASSERT_EQ(world.state(it), "Maintenance");
    leave_for(1min);
    EXPECT_EQ(world.state(it), "Unseen");
}

TEST_F(Window, that_an_operator_ended_is_not_taken_up_again)
{
    begin(30min);
    world.order(OperatorOrder::What::end_maintenance, it);
    leave_for(1min);
    EXPECT_EQ(world.state(it), "Unseen");
}

// ------------------------------------------------------------------ out at a start, and in again

TEST_F(Reload, an_episode_whose_host_was_out_of_the_inventory_at_a_start_is_taken_up_when_it_is_in)
{
    SmallWorld earlier{small_policy(3)};
    earlier.run(5s);
    earlier.cut(it);
    ASSERT_TRUE(earlier.run_until([&] { return earlier.state(it) == "Down"; }, 3min));
    earlier.run(1s);
    ASSERT_THAT(refusals(without_it()), IsEmpty());
    world.cut(it);
    world.set_flag_by_hand(it, true);
    host().owner = Owner::knell;
    world.restart_knelld_on(earlier.journal());
    world.list_services();
    world.run(1min);
    EXPECT_EQ(world.count(it, "! HOST_RESUMED"), 1U) << "that it is left open";
    ASSERT_THAT(refusals(small_policy(3)), IsEmpty());
    world.run(5s);
    world.list_services();
    world.run(5s);
    EXPECT_EQ(world.count(it, "! HOST_RESUMED"), 2U);
    EXPECT_EQ(world.state(it), "Down");
    EXPECT_EQ(world.count(it, "! FLAG_SET_BY_OTHERS"), 0U) << "it is ours";
    world.boot(it);
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_FALSE(host().flag);
}

TEST_F(Reload, readmissions_count_and_age_also_while_their_host_is_out_of_the_inventory)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot(it);
    ASSERT_TRUE(reaches("Healthy"));
    world.run(1s);
    ASSERT_THAT(refusals(without_it()), IsEmpty());
    world.restart_knelld();
    world.run(40min);
    ASSERT_THAT(refusals(small_policy(3)), IsEmpty());
    EXPECT_EQ(view().readmissions, 1U);
    world.run(25min);
    EXPECT_EQ(view().readmissions, 0U) << "an hour ago";
}

Policy inspected(Policy policy)
{
    for (auto& host : policy.hosts) {
        host.fence.inspect = 1min;
    }
    return policy;
}

class Inspected : public Story {
protected:
    Inspected() : Story{inspected(small_policy(3))} {}
};

TEST_F(Inspected, a_refused_password_is_not_tried_when_its_host_is_in_the_inventory_again)
{
    host().bmc = Bmc::locked;
    world.run(2min);
    ASSERT_THAT(world.reload(inspected(without_it())), IsEmpty());
    world.restart_knelld();
    forget_log();
    world.run(1min);
    ASSERT_THAT(world.reload(inspected(small_policy(3))), IsEmpty());
    world.run(1h);
    EXPECT_EQ(world.count(it, "Power bmc1"), 0U) << "accounts are locked by less";
    EXPECT_THAT(world.fleet().view(HostId{it})->not_ready,
                HasSubstr("it refused our password while an earlier knelld ran"));
}

// ------------------------------------------------------------------

TEST_F(Reload, the_mode_and_the_hold_of_operators_stay)
{
    world.order(OperatorOrder::What::disarm);
    world.order(OperatorOrder::What::hold);
    EXPECT_THAT(refusals(small_policy(3)), IsEmpty());
    EXPECT_EQ(world.fleet().view().mode, Mode::observe);
    EXPECT_THAT(world.fleet().view().hold, HasSubstr("alice"));
}

TEST_F(Reload, a_file_that_disarms_does_so)
{
    auto policy = small_policy(3);
    policy.gate.mode = Mode::observe;
    EXPECT_THAT(refusals(policy), IsEmpty());
    EXPECT_EQ(world.fleet().view().mode, Mode::observe);
    EXPECT_EQ(world.count("", "! MODE_CHANGED: observing"), 1U);
    world.cut(it);
    world.run(1min);
    EXPECT_EQ(world.state(it), "Held");
    EXPECT_THAT(refusals(small_policy(3)), IsEmpty());
    EXPECT_EQ(world.count("", "! MODE_CHANGED: armed"), 1U);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Reload, an_order_stands_against_the_file_also_after_a_restart)
{
    world.order(OperatorOrder::What::disarm);
    world.run(1s);
    for (int starts = 0; starts < 2; ++starts) {
        auto policy = small_policy(3);
        policy.nova.retry_most = 9s + 1s * starts;
        EXPECT_THAT(refusals(policy), IsEmpty());
        EXPECT_EQ(world.fleet().view().mode, Mode::observe);
        EXPECT_EQ(world.fleet().view().mode_by, "alice");
        world.restart_knelld();
    }
    EXPECT_EQ(world.count("", "! MODE_CHANGED"), 1U) << "the order's own";
}

TEST_F(Reload, a_new_host_is_complained_of_when_the_new_patience_is_over)
{
    auto policy = small_policy(4);
    policy.unseen_alarm = 10s;
    ASSERT_THAT(world.reload(policy), IsEmpty());
    for (std::size_t alarms = 0; alarms <= 1; ++alarms) {
        world.run(9s);
        world.tell(ProbeResult{HostId{"compute4"}, MonitorId{"icmp@mgmt"}, Pulse::silent,
                               world.now(), std::nullopt, ""});
        EXPECT_EQ(world.count("compute4", "! HOST_UNSEEN"), alarms);
    }
}

TEST_F(Reload, a_new_patience_with_nova_counts_from_the_next_question_on)
{
    auto policy = small_policy(3);
    policy.nova.reply = 1min;
    ASSERT_THAT(world.reload(policy), IsEmpty());
    world.cut(it);
    host().nova = Nova::mute;
    ASSERT_TRUE(reaches("Fenced"));
    world.run(1min);
    EXPECT_LE(world.count(it, "ReadForcedDown"), 2U);
}

TEST_F(Reload, a_new_sentinel_is_known)
{
    auto policy = small_policy(3);
    policy.vantage.sentinels.push_back({SentinelId{"switch"}, NetworkId{"mgmt"}});
    ASSERT_THAT(world.reload(policy), IsEmpty());
    EXPECT_EQ(world.fleet().view().sentinels.size(), 2U);
}

Policy alone_without_a_sentinel()
{
    auto policy = small_policy(1);
    policy.vantage.sentinels.clear();
    return policy;
}

class Alone : public Story {
protected:
    Alone() : Story{alone_without_a_sentinel()} {}
};

TEST_F(Alone, a_new_host_is_a_witness_from_its_first_beat_on)
{
    auto policy = small_policy(2);
    policy.vantage.sentinels.clear();
    ASSERT_THAT(world.reload(policy), IsEmpty());
    const auto fenced = [&] {
        for (int i = 0; i < 100 && world.state(it) != "Fencing"; ++i) {
            world.tell(ProbeResult{HostId{"compute2"}, MonitorId{"icmp@mgmt"}, Pulse::beating,
                                   world.now(), std::nullopt, ""});
            world.run(100ms);
        }
        return world.state(it) == "Fencing";
    };
    EXPECT_FALSE(fenced());
    world.cut(it);
    EXPECT_TRUE(fenced());
}

} // namespace
} // namespace knell::test
