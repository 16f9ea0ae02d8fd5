// SPDX-License-Identifier: GPL-3.0-or-later
// What we fail to see is no failure of anybody.
#include "core/fleet.hpp"
#include "tests/unit/core/story.hpp"

#include <algorithm>

namespace knell::test {
namespace {

TEST_F(Story, nobody_is_fenced_when_every_host_and_the_sentinel_fall_silent_at_once)
{
    world.sentinels_answer = false;
    for (auto& [name, one] : world.hosts()) {
        one.wired = false;
    }
    world.run(5min);
    for (const auto& [name, one] : world.hosts()) {
        EXPECT_EQ(world.count(name.get(), "Power " + one.policy.devices[0].get() + " off"), 0U);
        EXPECT_EQ(world.state(name.get()), "Suspected");
    }
    EXPECT_EQ(world.count("", "! VANTAGE_LOST"), 1U);

    for (auto& [name, one] : world.hosts()) {
        one.wired = true;
    }
    world.sentinels_answer = true;
    world.run(20s);
    for (const auto& [name, one] : world.hosts()) {
        EXPECT_EQ(world.state(name.get()), "Healthy");
        EXPECT_TRUE(one.power);
    }
    EXPECT_EQ(world.count("", "! VANTAGE_CLEAR"), 1U);
}

TEST_F(Story, nobody_is_fenced_in_the_moment_in_which_the_sentinel_answers_first)
{
    world.sentinels_answer = false;
    for (auto& [name, one] : world.hosts()) {
        one.wired = false;
    }
    world.run(1min);
    world.sentinels_answer = true;
    world.run(1100ms);
    for (auto& [name, one] : world.hosts()) {
        one.wired = true;
    }
    world.run(1min);
    for (const auto& [name, one] : world.hosts()) {
        EXPECT_TRUE(one.power) << name.get();
    }
}

TEST_F(Story, nobody_is_fenced_after_knelld_was_stopped_for_30_s)
{
    world.stop_knelld(30s);
    world.run(1min);
    EXPECT_EQ(world.count("", "! KNELL_STALLED"), 1U);
    for (const auto& [name, one] : world.hosts()) {
        EXPECT_EQ(world.state(name.get()), "Healthy");
        EXPECT_TRUE(one.power);
        EXPECT_EQ(world.count(name.get(), "Record fencing"), 0U);
    }
}

TEST_F(Story, a_stop_between_verdict_and_record_cancels)
{
    host().wired = false;
    world.journal_holds = true;
    ASSERT_TRUE(reaches("Fencing"));
    world.stop_knelld(30s);
    world.release_journal();
    host().wired = true;
    world.run(1min);
    EXPECT_EQ(world.state(it), "Healthy");
    EXPECT_TRUE(host().power);
}

TEST_F(Story, a_host_that_truly_died_while_knelld_was_stopped_is_still_found)
{
    world.stop_knelld(30s);
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Story, one_lost_monitor_is_doubt_and_not_death)
{
    host().agent = false;
    world.run(2min);
    EXPECT_EQ(world.state(it), "Suspected");
    EXPECT_EQ(world.count(it, "! HOST_USERSPACE_SILENT"), 1U);
    EXPECT_EQ(world.count(it, "Record fencing"), 0U);
    host().agent = true;
    EXPECT_TRUE(reaches("Healthy"));
}

TEST_F(Story, a_host_never_heard_is_never_fenced)
{
    SmallWorld dark{small_policy(2)};
    dark.cut(it);
    dark.restart_knelld();
    dark.run(5min);
    EXPECT_EQ(dark.state(it), "Unseen");
    EXPECT_EQ(dark.count(it, "Power"), 0U);
}

Policy with_a_slow_host()
{
    auto policy = small_policy(3);
    for (auto& monitor : policy.hosts[2].monitors) {
        monitor.interval = 10s;
    }
    return policy;
}

class BesideASlowHost : public Story {
protected:
    BesideASlowHost() : Story{with_a_slow_host()} {}
};

TEST_F(BesideASlowHost, the_sentinel_proves_that_we_see_as_quickly_as_ever)
{
    world.cut(it);
    EXPECT_TRUE(reaches("Fencing", 5s));
}

/// Six hosts, a budget of three in a minute.
class StoryOfSix : public Story {
protected:
    StoryOfSix() : Story{small_policy(6)} {}
};

TEST_F(StoryOfSix, two_that_are_tried_in_turn_have_spent_two_of_the_budget_after_a_restart)
{
    for (const auto* name : {"compute1", "compute2"}) {
        world.host(name).bmc = Bmc::dumb;
        world.cut(name);
    }
    world.run(50s);
    EXPECT_GE(world.count("compute1", "Record fencing"), 2U);
    world.restart_knelld();
    world.run(1s);
    EXPECT_EQ(world.fleet().view().budget_used, 2U);
}

TEST_F(StoryOfSix, the_budget_holds_the_rest_until_its_window_has_passed)
{
    for (auto& [name, one] : world.hosts()) {
        if (name != HostId{"compute6"}) {
            world.cut(name.get());
        }
    }
    world.run(30s);
    unsigned down = 0;
    unsigned held = 0;
    for (const auto& [name, one] : world.hosts()) {
        down += world.state(name.get()) == "Down" ? 1U : 0U;
        held += world.state(name.get()) == "Held" ? 1U : 0U;
    }
    EXPECT_EQ(down, 3U);
    EXPECT_EQ(held, 2U);
    EXPECT_EQ(world.fleet().view().budget_used, 3U);
    world.run(1min);
    for (const auto& [name, one] : world.hosts()) {
        EXPECT_EQ(world.state(name.get()), name == HostId{"compute6"} ? "Healthy" : "Down");
    }
}

/// Nobody knows which machine the BMC belongs to.
class StoryWithoutIdentity : public Story {
protected:
    StoryWithoutIdentity() : Story{nameless()} {}
    static Policy nameless()
    {
        auto policy = small_policy(3);
        for (auto& host : policy.hosts) {
            host.identity.reset();
            host.monitors.pop_back(); // and no agent that could tell
        }
        return policy;
    }
};

TEST_F(StoryWithoutIdentity, a_host_whose_device_cannot_be_told_from_another_is_held)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Held"));
    world.run(1min);
    EXPECT_EQ(world.count(it, "Power"), 0U) << "not even a session";
}

/// No sentinel: the other hosts of the fleet serve as such.
class StoryWithoutSentinel : public Story {
protected:
    StoryWithoutSentinel() : Story{alone()} {}
    static Policy alone()
    {
        auto policy = small_policy(3);
        policy.vantage.sentinels.clear();
        return policy;
    }
};

TEST_F(StoryWithoutSentinel, a_neighbour_that_answers_is_sight_enough)
{
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(StoryWithoutSentinel, nobody_is_fenced_when_all_fall_silent_at_once)
{
    for (auto& [name, one] : world.hosts()) {
        one.wired = false;
    }
    world.run(5min);
    for (const auto& [name, one] : world.hosts()) {
        EXPECT_TRUE(one.power);
    }
}

/// As daemon/ticker.hpp: a deadline that has moved later is slept for again.
TEST(FleetClock, what_time_alone_brings_comes_while_events_keep_coming)
{
    auto policy = small_policy(2);
    policy.unseen_alarm = 10s;
    Fleet fleet{policy, Recollection{}};
    Instant now{1h};
    (void)fleet.begin(now);
    auto wake = fleet.deadline();
    std::size_t alarms = 0;
    const auto count = [&](const Effects& effects) {
        for (const auto& effect : effects) {
            const auto* notice = std::get_if<Notice>(&effect);
            alarms += notice != nullptr && notice->id == "HOST_UNSEEN" ? 1U : 0U;
        }
    };
    for (const auto end = now + 11s; now < end; now += 50ms) {
        if (now >= wake) {
            if (now >= fleet.deadline()) {
                count(fleet.on_time(now));
            }
            wake = fleet.deadline();
        }
        count(fleet.on_event(now, SentinelResult{SentinelId{"gateway"}, Pulse::beating, now}));
        wake = std::min(wake, fleet.deadline());
    }
    EXPECT_EQ(alarms, 2U);
}

} // namespace
} // namespace knell::test
