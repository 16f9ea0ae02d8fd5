// SPDX-License-Identifier: GPL-3.0-or-later
#include "heartbeat_bench.hpp"

#include <gtest/gtest.h>

namespace knell::monitor {
namespace {

TEST(HeartbeatSilence, before_the_first_accepted_beat_nothing_is_said)
{
    Bench bench;
    FakeAgent agent;
    bench.hear(start, agent.beat());
    bench.judge(start + 1h);
    EXPECT_TRUE(bench.events.empty());
    EXPECT_FALSE(bench.ledger.next_due());
}

TEST(HeartbeatSilence, a_path_never_heard_is_not_silent_though_the_other_path_beats)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    for (int i = 1; i <= 10; ++i) {
        bench.beat(start + i * interval, agent);
        bench.judge(start + i * interval);
    }
    EXPECT_EQ(bench.pulses(), Pulses(10, Pulse::beating));
}

TEST(HeartbeatSilence, silence_comes_once_per_owed_interval_half_an_interval_after_it)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.judge(start + 300ms - 1us);
    EXPECT_TRUE(bench.events.empty());
    bench.judge(start + 300ms);
    ASSERT_EQ(bench.events.size(), 1U);
    EXPECT_EQ(std::get<ProbeResult>(bench.events[0]).asked_at, start);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
    bench.judge(start + 500ms - 1us);
    EXPECT_TRUE(bench.events.empty());
    bench.judge(start + 500ms);
    EXPECT_EQ(std::get<ProbeResult>(bench.events.at(0)).asked_at, start + 200ms);
    bench.judge(start + 700ms);
    EXPECT_EQ(bench.pulses(), (Pulses{Pulse::silent, Pulse::silent}));
}

TEST(HeartbeatSilence, a_beat_ends_the_waiting_and_the_next_interval_counts_from_it)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.beat(start + 250ms, agent);
    bench.judge(start + 300ms);
    bench.judge(start + 250ms + 299ms);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating});
    bench.judge(start + 250ms + 300ms);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(HeartbeatSilence, rejected_packets_do_not_end_the_waiting)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    FakeAgent unproven{"compute1", 5};
    bench.hear(start + 250ms, unproven.beat());
    bench.judge(start + 300ms);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(HeartbeatSilence, after_a_stall_the_waiting_is_inconclusive_once_and_starts_again)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.judge(start + 30s);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::inconclusive});
    bench.judge(start + 30s + 299ms);
    EXPECT_EQ(bench.pulses(), Pulses{});
    bench.judge(start + 30s + 300ms);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(HeartbeatSilence, beats_that_waited_in_the_socket_through_a_long_stall_are_not_life_now)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.ledger.wake(start + 30s);
    for (int i = 0; i < 50; ++i) {
        bench.hear(start + 30s, agent.beat());
    }
    bench.ledger.judge(start + 30s, bench.events);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::inconclusive});
}

TEST(HeartbeatSilence, a_wake_up_late_by_just_the_interval_is_no_stall)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.judge(start + 300ms + interval);
    EXPECT_EQ(bench.pulses(), (Pulses{Pulse::silent, Pulse::silent}));
}

TEST(HeartbeatSilence, an_overflow_voids_the_waiting_that_it_fell_into_and_no_later_one)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.ledger.doubt(start + 100ms, "overflow");
    bench.judge(start + 300ms);
    EXPECT_EQ(std::get<ProbeResult>(bench.events.at(0)).detail, "overflow");
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::inconclusive});
    bench.judge(start + 500ms);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(HeartbeatSilence, a_goodbye_is_told_once_however_often_it_is_sent)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    for (int i = 0; i < 3; ++i) {
        bench.hear(start + 1ms, agent.beat(HeartbeatPacket::Kind::goodbye));
        bench.hear(start + 1ms, agent.beat(HeartbeatPacket::Kind::goodbye), storage);
    }
    ASSERT_EQ(bench.events.size(), 1U);
    const auto& goodbye = std::get<Goodbye>(bench.events[0]);
    EXPECT_EQ(goodbye.host, HostId{"compute1"});
    EXPECT_EQ(goodbye.boot, BootId{"07070707-0707-0707-0707-070707070707"});
}

TEST(HeartbeatSilence, an_unproven_goodbye_is_not_believed)
{
    Bench bench;
    FakeAgent agent;
    bench.hear(start, agent.beat(HeartbeatPacket::Kind::goodbye));
    EXPECT_TRUE(bench.events.empty());
}

TEST(HeartbeatSilence, faulty_peers_are_named)
{
    auto bad = peer("compute1", "mgmt.compute1");
    EXPECT_EQ(HeartbeatLedger::fault_of({bad}),
              "host compute1: \"mgmt.compute1\" is not a numeric IP address");
    EXPECT_NE(HeartbeatLedger::fault_of({peer("compute1", "10.0.0.1", "10.0.0.1")}), "");
    EXPECT_NE(HeartbeatLedger::fault_of({peer("a", "10.0.0.1"), peer("a", "10.0.0.2")}), "");
    bad = peer("compute1", "10.0.0.1");
    bad.key = Secret{"short"};
    EXPECT_NE(HeartbeatLedger::fault_of({bad}), "");
    bad = peer("compute1", "10.0.0.1");
    bad.paths[0].interval = 9ms;
    EXPECT_NE(HeartbeatLedger::fault_of({bad}), "");
    EXPECT_EQ(HeartbeatLedger::fault_of({peer("compute1", "10.0.0.1", "fd00::1")}), "");
}

} // namespace
} // namespace knell::monitor
