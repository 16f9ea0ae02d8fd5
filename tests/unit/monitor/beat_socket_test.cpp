// SPDX-License-Identifier: GPL-3.0-or-later
#include "datagrams.hpp"
#include "heartbeat_bench.hpp"
#include "monitor/beat_socket.hpp"
#include "monitor/socket_filter.hpp"

namespace knell::monitor {
namespace {

class Ear : public testing::Test {
protected:
    Ear() : ear{std::get<BeatSocket>(BeatSocket::open("127.0.0.1:0"))}
    {
        const int small = 4096;
        setsockopt(ear.descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        attach(ear.descriptor(), beat_filter(Family::v4, nullptr));
    }
    BeatSocket::Drain drain()
    {
        heard = 0;
        return ear.drain(inbox, [this](const Inbox::Packet&) { ++heard; });
    }
    void say(int times, std::span<const std::uint8_t> bytes, const Endpoint& to)
    {
        for (int n = 0; n < times; ++n) {
            speaker.say(to, bytes);
        }
        settle();
    }
    [[nodiscard]] Endpoint endpoint() const { return {*parse_address("127.0.0.1"), ear.port()}; }

    BeatSocket ear;
    Inbox inbox;
    Speaker speaker{"127.0.0.11:0"};
    FakeAgent agent;
    int heard = 0;
};

TEST_F(Ear, what_the_filter_drops_is_counted_and_is_no_overflow)
{
    say(100, Bytes(128), endpoint());
    const auto result = drain();
    EXPECT_TRUE(result.complete);
    EXPECT_FALSE(result.overflowed);
    EXPECT_EQ(result.refused, 100U);
    EXPECT_EQ(heard, 0);
    EXPECT_EQ(drain().refused, 0U);
}

TEST_F(Ear, a_full_queue_is_an_overflow_and_is_told_once)
{
    say(100, agent.beat(), endpoint());
    const auto result = drain();
    EXPECT_TRUE(result.complete);
    EXPECT_TRUE(result.overflowed);
    EXPECT_GT(heard, 0);
    EXPECT_LT(heard, 100);
    const auto next = drain();
    EXPECT_FALSE(next.overflowed);
}

TEST_F(Ear, among_what_the_filter_drops_an_overflow_is_seen)
{
    say(50, Bytes(128), endpoint());
    say(100, agent.beat(), endpoint());
    const auto result = drain();
    EXPECT_TRUE(result.overflowed);
    EXPECT_GE(result.refused, 50U);
    EXPECT_LT(result.refused, 60U);
}

TEST_F(Ear, the_full_queue_of_another_socket_is_not_ours)
{
    const Speaker other{"127.0.0.1:0"};
    const int small = 4096;
    setsockopt(other.descriptor(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    say(100, Bytes(128), other.endpoint());
    say(5, Bytes(128), endpoint());
    const auto result = drain();
    EXPECT_FALSE(result.overflowed);
    EXPECT_EQ(result.refused, 5U);
}

TEST_F(Ear, is_read_up_to_what_waited_even_if_it_never_gets_empty)
{
    say(3, agent.beat(), endpoint());
    Draining draining{ear.descriptor()};
    EXPECT_FALSE(draining.over(Inbox::More::yes, 2));
    EXPECT_FALSE(draining.complete());
    EXPECT_FALSE(draining.over(Inbox::More::unsure, 1000)) << "nobody knows";
    EXPECT_TRUE(draining.over(Inbox::More::yes, 1));
    EXPECT_TRUE(draining.complete());
    EXPECT_TRUE(draining.was_deep()) << "so much may have filled it";
}

TEST_F(Ear, is_not_read_for_longer_than_the_loop_can_wait)
{
    say(3, agent.beat(), endpoint());
    Draining draining{ear.descriptor()};
    const auto begun = std::chrono::steady_clock::now();
    while (!draining.over(Inbox::More::unsure, 0)) {
    }
    EXPECT_FALSE(draining.complete());
    EXPECT_GE(std::chrono::steady_clock::now() - begun, 20ms);
}

} // namespace
} // namespace knell::monitor
