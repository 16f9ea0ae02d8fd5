// SPDX-License-Identifier: GPL-3.0-or-later
// Losses that come together: nothing can make knell fence many hosts by mistake.
#include "tests/unit/core/story.hpp"

#include <algorithm>

namespace knell::test {
namespace {

using testing::HasSubstr;

const DomainId rack1{"rack1"};

/// Eight hosts; the first four share rack1. Brakes as they come.
Policy with_a_rack()
{
    auto policy = small_policy(8);
    policy.gate.storm_hosts = 5;
    policy.gate.storm_share = 0;
    policy.gate.budget = 8;
    policy.gate.domains = {{rack1, DomainPolicy::Action::hold, 2, 1}};
    for (std::size_t i = 0; i < 4; ++i) {
        policy.hosts[i].domains = {rack1};
    }
    return policy;
}

std::string name(int number)
{
    return "compute" + std::to_string(number);
}

class Rack : public Story {
protected:
    Rack() : Rack{with_a_rack()} {}
    explicit Rack(Policy policy) : Story{std::move(policy)} {}
    void cut(int from, int to)
    {
        for (int i = from; i <= to; ++i) {
            world.cut(name(i));
        }
    }
    [[nodiscard]] int count_in(const std::string& state) const
    {
        const auto view = world.fleet().view();
        return static_cast<int>(std::count_if(view.hosts.begin(), view.hosts.end(),
                                              [&](const auto& one) { return one.state == state; }));
    }
    void approve(std::vector<HostId> hosts)
    {
        OperatorOrder order{OrderId{99},      OperatorOrder::What::approve,
                            std::nullopt,     "alice",
                            "the rack burns", false};
        order.hosts = std::move(hosts);
        world.tell(order);
    }
    void hold(bool on)
    {
        world.tell(OperatorOrder{OrderId{98},
                                 on ? OperatorOrder::What::hold : OperatorOrder::What::unhold,
                                 std::nullopt, "alice", "datacentre work", false});
    }
};

TEST_F(Rack, what_falls_silent_while_nobody_answers_us_is_no_storm)
{
    world.cut(it);
    world.run(300ms);
    world.sentinels_answer = false;
    for (int i = 2; i <= 8; ++i) {
        world.host(name(i)).wired = false;
    }
    world.run(1min);
    world.sentinels_answer = true;
    for (int i = 2; i <= 8; ++i) {
        world.host(name(i)).wired = true;
    }
    EXPECT_TRUE(reaches("Down", 30s)) << "the one that is really dead waits for nobody";
    EXPECT_EQ(world.count("", "! FENCING_FROZEN"), 0U);
    EXPECT_EQ(world.count("", "! DOMAIN_LOST"), 0U);
}

TEST_F(Rack, a_rack_whose_switch_dies_is_one_event_and_nobody_is_fenced)
{
    cut(1, 4);
    world.run(10min);
    EXPECT_EQ(count_in("Held"), 4);
    EXPECT_EQ(world.count("", "! DOMAIN_LOST"), 1U);
    for (int i = 1; i <= 4; ++i) {
        EXPECT_LE(world.count(name(i), "! HOST_HELD"), 1U) << "said once, not for ten minutes";
    }
    EXPECT_EQ(world.fleet().view().domains.at(0).lost,
              "4 of the 4 hosts of rack1 are silent at the same time");
    EXPECT_TRUE(world.fleet().view(HostId{it})->in_plan);
}

TEST_F(Rack, as_many_as_make_a_storm_are_all_held_and_one_less_are_fenced)
{
    cut(5, 8);
    world.run(1min);
    EXPECT_EQ(count_in("Down"), 4);
    for (int i = 5; i <= 8; ++i) {
        world.boot(name(i));
    }
    world.run(5min);
    ASSERT_EQ(count_in("Healthy"), 8);
    forget_log();
    cut(4, 8);
    world.run(1min);
    EXPECT_EQ(world.count("", "! FENCING_FROZEN"), 1U);
    EXPECT_EQ(count_in("Held"), 5);
}

TEST_F(Rack, a_part_of_the_plan_may_be_approved_and_only_that_is_fenced)
{
    cut(1, 4);
    world.run(1min);
    approve({HostId{name(2)}, HostId{name(3)}, HostId{name(7)}});
    world.run(1min);
    EXPECT_EQ(count_in("Down"), 2);
    EXPECT_EQ(world.state(name(2)), "Down");
    EXPECT_EQ(world.state(name(3)), "Down");
    EXPECT_EQ(count_in("Held"), 2);
    world.run(30min);
    EXPECT_EQ(count_in("Held"), 2) << "nothing expires into fencing";
}

TEST_F(Rack, who_is_held_for_another_reason_than_the_plan_cannot_be_approved)
{
    hold(true);
    world.cut(it);
    ASSERT_TRUE(reaches("Held"));
    ASSERT_FALSE(world.fleet().view(HostId{it})->in_plan);
    approve({HostId{it}});
    EXPECT_EQ(world.count(it, "! ORDER_ACCEPTED"), 0U);
    EXPECT_THAT(world.log().back().text, HasSubstr("refused: nothing was approved"));
}

TEST_F(Rack, an_approval_is_answered_once_when_it_is_durable)
{
    cut(1, 4);
    world.run(1min);
    world.journal_holds = true;
    approve({HostId{name(2)}, HostId{name(3)}});
    world.run(1s);
    EXPECT_EQ(world.count("", "accepted: approved"), 0U);
    world.release_journal();
    world.run(1s);
    EXPECT_EQ(world.count("", "accepted: approved: compute2, compute3"), 1U);
    EXPECT_EQ(world.count(name(2), "accepted"), 0U);
}

TEST_F(Rack, an_approved_host_that_lives_by_then_is_not_fenced)
{
    cut(1, 4);
    world.run(1min);
    world.boot_time = 0s;
    for (int i = 1; i <= 4; ++i) {
        world.boot(name(i));
    }
    world.run(200ms);
    approve({HostId{name(1)}});
    world.run(1min);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    EXPECT_EQ(count_in("Healthy"), 8);
}

TEST_F(Rack, an_approval_ends_when_its_host_is_heard)
{
    for (int i = 1; i <= 4; ++i) {
        world.host(name(i)).wired = false;
    }
    host().bmc = Bmc::dumb;
    world.run(1min);
    approve({HostId{it}});
    ASSERT_TRUE(reaches("FenceFailed", 5min));
    host().agent = false; // its kernel alone: the episode goes on
    host().wired = true;
    world.run(5s);
    ASSERT_EQ(world.state(it), "FenceFailed");
    host().wired = false;
    host().bmc = Bmc::honest;
    world.run(10min);
    EXPECT_EQ(world.state(it), "Held");
    EXPECT_TRUE(host().power);
    approve({HostId{it}});
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Rack, a_single_host_of_a_rack_is_fenced_and_the_next_one_waits_for_the_racks_budget)
{
    world.cut(name(1));
    ASSERT_TRUE(reaches("Down"));
    world.cut(name(2));
    world.run(20s);
    EXPECT_EQ(world.state(name(2)), "Held");
    EXPECT_THAT(world.fleet().view(HostId{name(2)})->why, HasSubstr("in rack1 is spent"));
    world.cut(name(7));
    world.run(20s);
    EXPECT_EQ(world.state(name(7)), "Down") << "it does not share the rack";
}

TEST_F(Rack, half_of_all_hosts_at_once_freeze_fencing_until_an_operator_has_looked)
{
    cut(3, 8);
    world.run(20min);
    EXPECT_EQ(count_in("Held"), 6);
    EXPECT_EQ(world.count("", "! FENCING_FROZEN"), 1U);
    for (int i = 3; i <= 8; ++i) {
        EXPECT_LE(world.count(name(i), "! HOST_HELD"), 3U) << "only when the reason changes";
    }
    EXPECT_THAT(world.fleet().view().storm, HasSubstr("6 of 8 hosts are silent at the same time"));
    world.boot_time = 0s;
    for (int i = 3; i <= 7; ++i) {
        world.boot(name(i));
    }
    world.run(20min);
    EXPECT_EQ(world.count("", "! FENCING_THAWED"), 1U);
    EXPECT_EQ(world.state(name(8)), "Held") << "one that stays silent from a storm is not fenced";
    approve({HostId{name(8)}});
    world.run(1min);
    EXPECT_EQ(world.state(name(8)), "Down");
}

TEST_F(Rack, a_restart_in_a_storm_fences_nobody_either)
{
    cut(3, 8);
    world.run(1min);
    world.restart_knelld();
    world.run(10min);
    EXPECT_EQ(count_in("Unseen"), 6);
    EXPECT_EQ(world.count(name(5), "! HOST_UNSEEN"), 1U);
}

TEST_F(Rack, the_budget_is_remembered_over_a_restart)
{
    auto fences = [&] {
        int all = 0;
        for (int i = 1; i <= 8; ++i) {
            all += static_cast<int>(world.count(name(i), "! HOST_FENCED"));
        }
        return all;
    };
    world.cut(name(1));
    ASSERT_TRUE(reaches("Down"));
    world.boot_time = 0s;
    world.boot(it);
    ASSERT_TRUE(reaches("Healthy"));
    world.restart_knelld();
    world.run(5s);
    world.cut(name(2));
    world.run(20s);
    EXPECT_EQ(world.state(name(2)), "Held");
    EXPECT_EQ(fences(), 1);
}

TEST_F(Rack, hold_stops_everything_at_once_and_nothing_is_lost_by_it)
{
    hold(true);
    world.cut(it);
    world.run(5min);
    EXPECT_EQ(world.state(it), "Held");
    EXPECT_THAT(world.fleet().view().hold, HasSubstr("by alice: datacentre work"));
    world.restart_knelld();
    EXPECT_THAT(world.fleet().view().hold, HasSubstr("by alice")) << "a restart forgets no hold";
}

TEST_F(Rack, hold_between_proof_and_nova_keeps_nova_from_being_told)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Fenced"));
    hold(true);
    world.run(2min);
    EXPECT_EQ(world.state(it), "Fenced");
    EXPECT_FALSE(host().flag);
    hold(false);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Rack, hold_before_power_off_left_cancels_it)
{
    world.journal_holds = true;
    world.cut(it);
    ASSERT_TRUE(reaches("Fencing"));
    hold(true);
    world.release_journal();
    world.run(10s);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    EXPECT_EQ(world.count(it, "! FENCE_CANCELLED"), 1U);
    hold(false);
    EXPECT_TRUE(reaches("Down"));
}

Policy with_a_precious_host()
{
    auto policy = with_a_rack();
    policy.hosts[0].precious = "it runs etcd";
    return policy;
}

class Precious : public Rack {
protected:
    Precious() : Rack{with_a_precious_host()} {}
};

TEST_F(Precious, a_host_that_knell_itself_depends_on_is_never_fenced_automatically)
{
    world.cut(it);
    world.run(10min);
    EXPECT_EQ(world.state(it), "Held");
    EXPECT_THAT(world.fleet().view(HostId{it})->why, HasSubstr("it runs etcd"));
    approve({HostId{it}});
    world.run(1min);
    EXPECT_EQ(world.state(it), "Held") << "it is in no plan either";
    world.order(OperatorOrder::What::fence, it);
    EXPECT_TRUE(reaches("Down")) << "an operator's order is something else";
}

Policy with_at_most_two_down()
{
    auto policy = small_policy(6);
    policy.gate.budget = 6;
    policy.gate.down_most = 2;
    return policy;
}

class AtMostTwoDown : public Rack {
protected:
    AtMostTwoDown() : Rack{with_at_most_two_down()} {}
};

TEST_F(AtMostTwoDown, no_more_hosts_are_down_by_knells_hand_than_may_be)
{
    for (int i = 1; i <= 3; ++i) {
        world.cut(name(i));
        world.run(1min);
    }
    EXPECT_EQ(count_in("Down"), 2);
    EXPECT_EQ(world.state(name(3)), "Held");
    world.boot_time = 0s;
    world.boot(name(1));
    world.run(2min);
    EXPECT_EQ(world.state(name(1)), "Healthy");
    EXPECT_EQ(world.state(name(3)), "Down") << "a place is free again";
}

TEST_F(AtMostTwoDown, one_that_is_being_fenced_counts_as_down_already)
{
    for (int i = 1; i <= 3; ++i) {
        world.host(name(i)).nova = Nova::dead; // so that all of them stay on the way
    }
    cut(1, 3);
    world.run(2min);
    EXPECT_EQ(count_in("Fenced"), 2);
    EXPECT_EQ(count_in("Held"), 1);
}

Policy with_two_that_nobody_can_fence()
{
    auto policy = small_policy(8);
    policy.gate.storm_hosts = 3;
    policy.hosts[1].precious = "it runs etcd";
    policy.hosts[2].devices.clear();
    return policy;
}

class TwoThatNobodyCanFence : public Rack {
protected:
    TwoThatNobodyCanFence() : Rack{with_two_that_nobody_can_fence()} {}
};

TEST_F(TwoThatNobodyCanFence, make_no_storm_of_a_death_a_week_later_nor_after_a_stall)
{
    cut(2, 3);
    world.run(20min);
    ASSERT_EQ(count_in("Held"), 2);
    world.stop_knelld(10s); // whatever was counted is void, and counted anew
    world.run(1min);
    world.cut(it);
    EXPECT_TRUE(reaches("Down", 30s));
    EXPECT_EQ(world.count("", "! FENCING_FROZEN"), 0U);
}

TEST_F(TwoThatNobodyCanFence, and_a_third_within_the_window_are_a_storm)
{
    cut(2, 3);
    world.run(9min);
    world.cut(it);
    world.run(1min);
    EXPECT_EQ(world.state(it), "Held");
    EXPECT_EQ(world.count("", "! FENCING_FROZEN"), 1U);
}

} // namespace
} // namespace knell::test
