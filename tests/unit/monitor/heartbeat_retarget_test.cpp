// SPDX-License-Identifier: GPL-3.0-or-later
#include "heartbeat_bench.hpp"

#include <gtest/gtest.h>

namespace knell::monitor {
namespace {

const auto one = peer("compute1", "10.0.0.1", "fd00::1");
const auto two = peer("compute2", "10.0.0.2");

TEST(HeartbeatRetarget, what_stays_keeps_its_session_wherever_it_stands_in_the_list)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.ledger.retarget({two, one});
    EXPECT_FALSE(bench.hear(start + interval, agent.beat())) << "no need of a challenge";
    ASSERT_EQ(bench.events.size(), 1U);
    EXPECT_EQ(std::get<ProbeResult>(bench.events[0]).host, HostId{"compute1"});
    FakeAgent other{"compute2"};
    bench.introduce(start + interval, other, *parse_address("10.0.0.2"));
    bench.beat(start + interval, other, *parse_address("10.0.0.2"));
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating});
}

TEST(HeartbeatRetarget, what_stays_is_missed_exactly_when_it_would_have_been)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.ledger.retarget({two, one});
    EXPECT_EQ(bench.ledger.next_due(), start + 300ms);
    bench.judge(start + 300ms - 1us);
    EXPECT_EQ(bench.pulses(), Pulses{});
    bench.judge(start + 300ms);
    EXPECT_EQ(std::get<ProbeResult>(bench.events.at(0)).host, HostId{"compute1"});
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
    bench.ledger.retarget({one, two});
    bench.judge(start + 500ms);
    EXPECT_EQ(std::get<ProbeResult>(bench.events.at(0)).asked_at, start + 200ms);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(HeartbeatRetarget, what_stays_does_not_hear_an_old_packet_twice)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    const auto packet = agent.beat();
    bench.hear(start + 1ms, packet);
    bench.ledger.retarget({two, one});
    bench.events.clear();
    bench.hear(start + 2ms, packet);
    bench.hear(start + 2ms, packet, storage);
    EXPECT_EQ(bench.pulses(), Pulses{});
}

TEST(HeartbeatRetarget, what_stays_said_its_goodbye_once)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.hear(start + 1ms, agent.beat(HeartbeatPacket::Kind::goodbye));
    bench.ledger.retarget({one, two});
    bench.hear(start + 2ms, agent.beat(HeartbeatPacket::Kind::goodbye));
    EXPECT_EQ(bench.events.size(), 1U);
}

TEST(HeartbeatRetarget, what_is_gone_is_neither_heard_nor_missed)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.ledger.retarget({two});
    EXPECT_FALSE(bench.hear(start + 1ms, agent.beat()));
    bench.judge(start + 1h);
    EXPECT_TRUE(bench.events.empty());
    EXPECT_FALSE(bench.ledger.next_due());
    EXPECT_EQ(bench.ledger.counters().unknown_host, 1U);
}

TEST(HeartbeatRetarget, who_was_gone_and_is_back_must_prove_himself_again)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    const auto withheld = agent.beat();
    bench.ledger.retarget({two});
    bench.ledger.retarget({one});
    bench.hear(start + 1ms, withheld);
    bench.judge(start + 1h);
    EXPECT_TRUE(bench.events.empty());
    bench.introduce(start + 1h, agent);
    bench.beat(start + 1h, agent);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating});
}

TEST(HeartbeatRetarget, with_another_key_a_host_is_not_missed_before_it_is_heard_with_that_key)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    auto changed = one;
    changed.key = derive_heartbeat_key(Secret{std::string(32, 'z')}, HostId{"compute1"});
    bench.ledger.retarget({changed});
    bench.hear(start + interval, agent.beat());
    EXPECT_EQ(bench.ledger.counters().hmac, 1U);
    bench.judge(start + 10s);
    EXPECT_EQ(bench.pulses(), Pulses{}) << "its agent may not have the new key yet";
    agent.seal = HeartbeatSeal{changed.key};
    EXPECT_TRUE(bench.hear(start + 10s, agent.beat()))
        << "a challenge, though the session is known";
    EXPECT_EQ(bench.pulses(), Pulses{});
    bench.introduce(start + 11s, agent);
    bench.judge(start + 11s + 300ms);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent}) << "from now on it is";
}

TEST(HeartbeatRetarget, of_a_path_that_changed_nothing_is_said_before_its_first_beat)
{
    auto slower = one;
    slower.paths[0].interval = 2 * interval;
    auto renamed = one;
    renamed.paths[0].monitor = MonitorId{"heartbeat@other"};
    for (const auto& changed : {slower, renamed}) {
        Bench bench;
        FakeAgent agent;
        bench.introduce(start, agent);
        bench.ledger.retarget({changed});
        bench.judge(start + 1s);
        EXPECT_EQ(bench.pulses(), Pulses{});
        bench.hear(start + 1s, agent.beat());
        EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating}) << "the session is the same";
    }
}

TEST(HeartbeatRetarget, a_path_that_moved_to_another_address_is_heard_from_there_and_only_there)
{
    Bench bench{{peer("compute1", "10.0.0.1")}};
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.ledger.retarget({peer("compute1", "10.0.0.7")});
    bench.hear(start + 1ms, agent.beat());
    EXPECT_EQ(bench.ledger.counters().source, 1U);
    bench.hear(start + 2ms, agent.beat(), *parse_address("10.0.0.7"));
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating});
}

TEST(HeartbeatRetarget, what_was_said_before_a_path_came_is_no_news_on_it)
{
    Bench bench{{peer("compute1", "10.0.0.1")}};
    FakeAgent agent;
    bench.introduce(start, agent);
    const auto overtaken = agent.beat();
    bench.beat(start + 1ms, agent);
    bench.ledger.retarget({one});
    bench.events.clear();
    bench.hear(start + 2ms, overtaken, storage);
    EXPECT_EQ(bench.pulses(), Pulses{});
    bench.beat(start + 3ms, agent, storage);
    ASSERT_EQ(bench.events.size(), 1U);
    EXPECT_EQ(std::get<ProbeResult>(bench.events[0]).monitor, MonitorId{"heartbeat@storage"});
}

} // namespace
} // namespace knell::monitor
