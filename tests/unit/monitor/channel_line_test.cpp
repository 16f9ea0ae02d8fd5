// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/agent_channel_line.hpp"

#include <gtest/gtest.h>

namespace knell::monitor {
namespace {

using End = ChannelLine::End;

constexpr Instant start{100s};

struct ChannelLineTest : testing::Test {
    /// Connected long enough to be the agent's.
    void keep()
    {
        line.connected(now);
        now += ChannelLine::settled;
    }
    std::optional<std::string> ends(End how) { return line.ended(now, how); }

    ChannelLine line{{.first_pause = 1s, .longest_pause = 15s}};
    Instant now = start;
};

TEST_F(ChannelLineTest, closed_or_reset_means_that_the_agent_is_gone)
{
    keep();
    EXPECT_EQ(ends(End::closed), "connection closed: the kernel lives, the agent is gone");
    keep();
    EXPECT_EQ(ends(End::reset), "connection reset: the kernel lives, the agent is gone");
}

TEST_F(ChannelLineTest, one_loss_is_told_once_however_often_it_is_refused_afterwards)
{
    keep();
    EXPECT_TRUE(ends(End::reset));
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(ends(End::refused));
    }
    keep();
    EXPECT_TRUE(ends(End::reset)) << "but the next loss is another one";
}

TEST_F(ChannelLineTest, a_timeout_means_nothing)
{
    keep();
    EXPECT_FALSE(ends(End::other));
    EXPECT_FALSE(ends(End::other));
}

TEST_F(ChannelLineTest, a_refusal_right_behind_a_timeout_means_that_the_agent_is_gone)
{
    keep();
    EXPECT_FALSE(ends(End::other));
    EXPECT_EQ(ends(End::refused),
              "connection lost, then refused: the kernel lives, the agent is gone");
    EXPECT_FALSE(ends(End::refused));
}

TEST_F(ChannelLineTest, a_refusal_long_behind_a_timeout_may_be_another_boot_and_means_nothing)
{
    keep();
    EXPECT_FALSE(ends(End::other));
    EXPECT_FALSE(ends(End::other));
    EXPECT_FALSE(ends(End::refused));
}

TEST_F(ChannelLineTest, where_it_never_was_connected_a_refusal_means_nothing)
{
    EXPECT_FALSE(ends(End::refused));
    EXPECT_FALSE(ends(End::reset));
}

TEST_F(ChannelLineTest, an_icmp_refusal_of_a_kept_connection_means_nothing)
{
    keep();
    EXPECT_FALSE(ends(End::refused));
}

TEST_F(ChannelLineTest, what_ends_as_soon_as_it_is_connected_was_never_the_agents)
{
    line.connected(now);
    now += ChannelLine::settled - Duration{1};
    EXPECT_FALSE(ends(End::closed));
    EXPECT_FALSE(ends(End::refused));
    EXPECT_EQ(line.pause(), 4s) << "and it is not tried again at once, over and over";
}

TEST_F(ChannelLineTest, it_is_open_from_its_beginning_to_its_end)
{
    EXPECT_FALSE(line.open());
    line.connected(now);
    EXPECT_TRUE(line.open());
    ends(End::other);
    EXPECT_FALSE(line.open());
}

TEST_F(ChannelLineTest,
       the_pause_doubles_up_to_its_longest_and_begins_anew_behind_a_kept_connection)
{
    std::vector<Duration> pauses;
    for (int i = 0; i < 6; ++i) {
        ends(End::other);
        pauses.push_back(line.pause());
    }
    EXPECT_EQ(pauses, (std::vector<Duration>{2s, 4s, 8s, 15s, 15s, 15s}));
    keep();
    ends(End::reset);
    EXPECT_EQ(line.pause(), 1s);
}

} // namespace
} // namespace knell::monitor
