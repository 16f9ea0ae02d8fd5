// SPDX-License-Identifier: GPL-3.0-or-later
// Reloads that no policy shows: another address of a host, another key of its agent, another place
// of its fence device.
#include "tests/unit/core/story.hpp"

#include <set>
#include <utility>

namespace knell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using What = OperatorOrder::What;

Moves of(const std::set<MonitorId>& monitors)
{
    Moves moves;
    moves.monitors[HostId{"compute1"}] = monitors;
    return moves;
}

const Moves another_key = of({MonitorId{"heartbeat@mgmt"}});
const Moves another_address = of({MonitorId{"heartbeat@mgmt"}, MonitorId{"icmp@mgmt"}});

Moves another_device()
{
    Moves moves;
    moves.devices.insert(HostId{"compute1"});
    return moves;
}

class Move : public Story {
protected:
    Move() = default;
    explicit Move(Policy policy) : Story{std::move(policy)} {}

    /// Taken up, and its agent does not know of it.
    void is_moved(const Moves& moves)
    {
        ASSERT_THAT(world.reload(world.policy(), moves), IsEmpty());
        host().other_key = true;
    }
    [[nodiscard]] std::string_view seen_by(const std::string& monitor) const
    {
        const auto view = *world.fleet().view(HostId{it});
        for (const auto& one : view.monitors) {
            if (one.id.get() == monitor) {
                return one.state;
            }
        }
        return "no such monitor";
    }
};

TEST_F(Move, a_host_that_dies_while_its_agent_lacks_the_new_key_is_fenced)
{
    is_moved(another_key);
    EXPECT_EQ(seen_by("heartbeat@mgmt"), "unseen");
    EXPECT_EQ(seen_by("icmp@mgmt"), "up") << "it looks where it looked";
    world.run(10s);
    EXPECT_EQ(world.state(it), "Healthy");
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Move, a_dead_host_whose_agent_lacked_the_new_key_does_not_beat_for_ever)
{
    host().bmc = Bmc::mute;
    is_moved(another_key);
    world.run(10s);
    world.cut(it);
    ASSERT_TRUE(reaches("FenceFailed"));
    world.order(What::confirm_off, it, true);
    EXPECT_TRUE(reaches("Down")) << "nothing of it answers";
}

TEST_F(Move, what_is_heard_with_the_new_key_is_watched_as_before)
{
    is_moved(another_key);
    host().other_key = false;
    world.run(2s);
    EXPECT_EQ(seen_by("heartbeat@mgmt"), "up");
    host().agent = false;
    EXPECT_TRUE(reaches("Suspected"));
    world.run(5min);
    EXPECT_EQ(world.count(it, "! HOST_USERSPACE_SILENT"), 1U);
    EXPECT_EQ(world.count("", "! KNELL_RELOADED"), 0U);
}

TEST_F(Move, what_looks_elsewhere_has_time_to_be_heard_before_the_rest_convicts)
{
    is_moved(another_key);
    world.cut(it);
    world.run(3500ms);
    EXPECT_EQ(world.state(it), "Suspected");
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Move, that_time_begins_again_when_knelld_itself_was_stopped)
{
    is_moved(another_key);
    world.cut(it);
    world.run(1s);
    world.stop_knelld(10s);
    world.run(10s + 2500ms);
    EXPECT_EQ(world.state(it), "Suspected");
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(Move, a_host_at_a_wrong_address_is_unseen_and_told_of_and_not_fenced)
{
    is_moved(another_address);
    EXPECT_EQ(world.state(it), "Unseen");
    host().wired = false;
    world.run(10min);
    EXPECT_EQ(world.state(it), "Unseen");
    EXPECT_EQ(world.count(it, "! HOST_UNSEEN: not heard since it is watched anew"), 1U);
    EXPECT_EQ(world.count("", "! KNELL_RELOADED"), 0U) << "which that says already";
    EXPECT_EQ(world.count(it, "Record fencing"), 0U);
    host().wired = true;
    host().other_key = false;
    EXPECT_TRUE(reaches("Healthy"));
}

TEST_F(Move, after_a_restart_in_an_episode_too_a_host_at_a_wrong_address_is_unseen)
{
    host().bmc = Bmc::mute;
    host().wired = false;
    ASSERT_TRUE(reaches("FenceFailed"));
    world.restart_knelld();
    world.run(1s);
    host().wired = true;
    ASSERT_TRUE(reaches("Healthy")) << "an earlier knelld had seen it, and so has this one";
    world.run(10s);
    is_moved(another_address);
    host().wired = false;
    world.run(10min);
    EXPECT_EQ(world.state(it), "Unseen");
}

TEST_F(Move, what_is_not_heard_is_told_of_once_when_the_patience_with_the_unseen_is_over)
{
    is_moved(another_key);
    world.run(119s);
    EXPECT_EQ(world.count("", "! KNELL_RELOADED"), 0U);
    world.run(10min);
    EXPECT_EQ(world.count("", "! KNELL_RELOADED: nothing was heard of compute1 heartbeat@mgmt "
                              "since a reload"),
              1U);
    EXPECT_EQ(world.count("", "! KNELL_RELOADED"), 1U);
}

TEST_F(Move, no_host_in_mid_episode_is_watched_or_fenced_elsewhere)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Fencing"));
    EXPECT_THAT(world.reload(world.policy(), another_key),
                ElementsAre(HasSubstr("compute1 is Fencing (episode 1) and would be watched at "
                                      "another address, or with another key")));
    EXPECT_THAT(world.reload(world.policy(), another_device()),
                ElementsAre(HasSubstr("would be fenced at another address")));
    EXPECT_TRUE(reaches("Down")) << "and the fence went its way";
}

TEST_F(Move, the_fence_device_of_a_host_that_is_well_may_be_elsewhere)
{
    EXPECT_THAT(world.reload(world.policy(), another_device()), IsEmpty());
    EXPECT_EQ(world.state(it), "Healthy");
}

TEST_F(Move, a_reload_that_is_refused_swallows_nothing_of_what_time_has_brought)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Fencing"));
    world.stop_knelld(5s);
    world.run(4s);
    ASSERT_EQ(world.reload(world.policy(), another_key).size(), 1U);
    world.run(3s);
    EXPECT_EQ(world.count("", "! KNELL_STALLED"), 1U);
}

// ------------------------------------------------------------------ beats alone, and two networks

Policy beats_alone()
{
    auto policy = small_policy(3);
    for (auto& host : policy.hosts) {
        host.monitors.erase(host.monitors.begin());
    }
    return policy;
}

class MoveOfBeats : public Move {
protected:
    MoveOfBeats() : Move{beats_alone()} {}
};

TEST_F(MoveOfBeats, a_host_that_is_watched_by_nothing_else_is_unseen_until_its_agent_has_the_key)
{
    is_moved(another_key);
    EXPECT_EQ(world.state(it), "Unseen");
    world.run(10min);
    EXPECT_EQ(world.count(it, "! HOST_UNSEEN: not heard since it is watched anew"), 1U);
    EXPECT_EQ(world.count(it, "Record fencing"), 0U);
    host().other_key = false;
    ASSERT_TRUE(reaches("Healthy"));
    world.cut(it);
    EXPECT_TRUE(reaches("Down"));
}

Policy on_two_networks()
{
    auto policy = small_policy(3);
    const NetworkId storage{"storage"};
    for (auto& host : policy.hosts) {
        host.monitors.push_back(
            {MonitorId{"icmp@storage"}, MonitorKind::icmp, storage, 500ms, 3, 2});
    }
    policy.vantage.sentinels.push_back({SentinelId{"switch"}, storage, 500ms});
    return policy;
}

class MoveOnOneNetwork : public Move {
protected:
    MoveOnOneNetwork() : Move{on_two_networks()} {}
};

TEST_F(MoveOnOneNetwork, the_other_one_convicts_only_when_this_one_had_time_to_be_heard)
{
    is_moved(another_address);
    world.cut(it);
    world.run(3s);
    EXPECT_EQ(world.state(it), "Suspected");
    EXPECT_TRUE(reaches("Down"));
}

} // namespace
} // namespace knell::test
