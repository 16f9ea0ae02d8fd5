// SPDX-License-Identifier: GPL-3.0-or-later
#include "heartbeat_bench.hpp"

#include <gtest/gtest.h>

namespace knell::monitor {
namespace {

TEST(HeartbeatLedger, an_unproven_beat_is_challenged_and_not_believed)
{
    Bench bench;
    FakeAgent agent;
    const auto challenge = bench.hear(start, agent.beat());
    EXPECT_TRUE(challenge);
    EXPECT_EQ(bench.pulses(), Pulses{});
    EXPECT_EQ(bench.ledger.counters().unproven, 1U);
}

TEST(HeartbeatLedger, a_beat_that_echoes_the_challenge_is_life_and_reports_the_host)
{
    Bench bench;
    FakeAgent agent;
    agent.packet.nova_compute = true;
    agent.packet.system_uuid = Bytes16{};
    bench.beat(start, agent);
    bench.beat(start + 10ms, agent);
    ASSERT_EQ(bench.events.size(), 1U);
    const auto& result = std::get<ProbeResult>(bench.events[0]);
    EXPECT_EQ(result.pulse, Pulse::beating);
    EXPECT_EQ(result.asked_at, start + 10ms);
    EXPECT_EQ(result.monitor, MonitorId{"heartbeat@mgmt"});
    ASSERT_TRUE(result.report);
    EXPECT_EQ(result.report->boot, BootId{"07070707-0707-0707-0707-070707070707"});
    EXPECT_EQ(result.report->uptime, 5s);
    EXPECT_TRUE(result.report->nova_compute);
    EXPECT_FALSE(result.report->libvirt);
    EXPECT_EQ(result.report->system_uuid, SystemUuid{"00000000-0000-0000-0000-000000000000"});
}

TEST(HeartbeatLedger, a_challenge_is_the_same_size_as_the_beat_and_bound_to_its_session)
{
    Bench bench;
    FakeAgent agent;
    const auto challenge = agent.seal.open(*bench.hear(start, agent.beat()));
    ASSERT_TRUE(challenge);
    EXPECT_EQ(challenge->kind, HeartbeatPacket::Kind::challenge);
    EXPECT_EQ(challenge->session, agent.packet.session);
    EXPECT_EQ(challenge->boot, agent.packet.boot);
    EXPECT_EQ(challenge->sequence, agent.packet.sequence);
}

TEST(HeartbeatLedger, the_same_packet_twice_is_life_once)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    const auto packet = agent.beat();
    bench.hear(start + interval, packet);
    bench.hear(start + interval, packet);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating});
    EXPECT_EQ(bench.ledger.counters().replay, 1U);
}

TEST(HeartbeatLedger, the_very_packet_that_proved_a_session_is_not_life_again)
{
    Bench bench;
    FakeAgent agent;
    bench.beat(start, agent);
    const auto proof = agent.beat();
    bench.hear(start, proof);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating});
    for (const auto when : {start + 1ms, start + 3s, start + 12s, start + 1h}) {
        bench.hear(when, proof);
        bench.hear(when, proof, storage);
    }
    EXPECT_EQ(bench.pulses(), Pulses{});
}

TEST(HeartbeatLedger, a_packet_of_one_path_replayed_on_the_other_is_not_life)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    std::vector<HeartbeatBytes> recorded;
    for (int i = 1; i <= 40; ++i) {
        recorded.push_back(agent.beat());
        bench.hear(start + i * interval, recorded.back());
    }
    bench.events.clear();
    for (const auto& packet : recorded) {
        bench.hear(start + 41 * interval, packet, storage);
    }
    EXPECT_EQ(bench.pulses(), Pulses{});
    EXPECT_EQ(bench.ledger.counters().replay, 40U);
}

TEST(HeartbeatLedger, a_straggler_within_the_window_counts_and_one_behind_it_does_not)
{
    for (const unsigned behind : {HeartbeatLedger::window - 1, HeartbeatLedger::window}) {
        Bench bench;
        FakeAgent agent;
        bench.introduce(start, agent);
        const auto straggler = agent.beat();
        for (unsigned i = 0; i < behind; ++i) {
            bench.beat(start + 1ms, agent);
        }
        bench.events.clear();
        bench.hear(start + 2ms, straggler, storage);
        EXPECT_EQ(bench.pulses().size(), behind < HeartbeatLedger::window ? 1U : 0U);
    }
}

TEST(HeartbeatLedger, on_one_path_an_overtaken_packet_does_not_count)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    const auto slow = agent.beat();
    bench.beat(start + 1ms, agent);
    bench.events.clear();
    bench.hear(start + 2ms, slow);
    EXPECT_EQ(bench.pulses(), Pulses{});
}

TEST(HeartbeatLedger, both_paths_of_a_proven_session_beat_without_another_proof)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.beat(start + 1ms, agent, storage);
    ASSERT_EQ(bench.events.size(), 1U);
    EXPECT_EQ(std::get<ProbeResult>(bench.events[0]).monitor, MonitorId{"heartbeat@storage"});
}

TEST(HeartbeatLedger, a_recording_played_to_a_restarted_controller_is_not_life)
{
    FakeAgent agent;
    std::vector<HeartbeatBytes> recorded;
    {
        Bench before;
        for (int i = 0; i < 30; ++i) {
            recorded.push_back(agent.beat());
            agent.answer(before.hear(start + i * interval, recorded.back()));
        }
        EXPECT_GT(before.pulses().size(), 25U);
    }
    Bench restarted{{peer("compute1", "10.0.0.1", "fd00::1")}, 100};
    for (const auto& packet : recorded) {
        restarted.hear(start, packet);
    }
    EXPECT_EQ(restarted.pulses(), Pulses{});
    EXPECT_EQ(restarted.ledger.counters().unproven, 30U);
    restarted.beat(start + 10s, agent);
    restarted.beat(start + 11s, agent);
    EXPECT_EQ(restarted.pulses(), Pulses{Pulse::beating}) << "the live agent proves itself";
}

TEST(HeartbeatLedger, a_session_unheard_for_long_must_be_proven_again)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    const auto withheld = agent.beat();
    bench.hear(start + HeartbeatLedger::lapse + 1us, withheld);
    EXPECT_EQ(bench.pulses(), Pulses{});
    bench.beat(start + 3s, agent);
    bench.beat(start + 3s, agent);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating});
}

TEST(HeartbeatLedger, packets_held_back_over_a_lapse_stay_dead_even_when_the_agent_returns)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    std::vector<HeartbeatBytes> withheld;
    for (int i = 0; i < 20; ++i) {
        withheld.push_back(agent.beat());
    }
    bench.introduce(start + 5s, agent);
    for (const auto& packet : withheld) {
        bench.hear(start + 5s, packet);
        bench.hear(start + 5s, packet, storage);
    }
    EXPECT_EQ(bench.pulses(), Pulses{});
}

TEST(HeartbeatLedger, a_beat_just_before_the_lapse_keeps_the_session)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.hear(start + HeartbeatLedger::lapse, agent.beat());
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating});
}

TEST(HeartbeatLedger, a_restarted_agent_is_believed_after_one_challenge_and_its_past_is_not)
{
    Bench bench;
    FakeAgent first{"compute1", 1};
    bench.introduce(start, first);
    const auto old = first.beat();
    FakeAgent second{"compute1", 2};
    bench.beat(start + interval, second);
    bench.beat(start + interval + 100ms, second);
    // The challenge_pause may have swallowed the first challenge; the second is answered by now.
    bench.beat(start + 2 * interval, second);
    EXPECT_FALSE(bench.pulses().empty());
    bench.hear(start + 3 * interval, old);
    bench.hear(start + 3 * interval, old, storage);
    EXPECT_EQ(bench.pulses(), Pulses{});
}

TEST(HeartbeatLedger, a_new_boot_is_reported_as_such)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    FakeAgent rebooted{"compute1", 9};
    rebooted.packet.boot.fill(8);
    bench.beat(start + 60s, rebooted);
    bench.beat(start + 61s, rebooted);
    ASSERT_EQ(bench.events.size(), 1U);
    EXPECT_EQ(std::get<ProbeResult>(bench.events[0]).report->boot,
              BootId{"08080808-0808-0808-0808-080808080808"});
}

TEST(HeartbeatLedger, another_hosts_key_is_not_life)
{
    Bench bench{{peer("compute1", "10.0.0.1"), peer("compute2", "10.0.0.2")}};
    FakeAgent thief{"compute2"};
    thief.packet.host = host_tag(HostId{"compute1"});
    bench.beat(start, thief);
    bench.beat(start, thief);
    EXPECT_EQ(bench.pulses(), Pulses{});
    EXPECT_EQ(bench.ledger.counters().hmac, 2U);
}

TEST(HeartbeatLedger, a_beat_from_an_address_of_another_host_is_not_life)
{
    Bench bench{{peer("compute1", "10.0.0.1"), peer("compute2", "10.0.0.2")}};
    FakeAgent agent;
    bench.introduce(start, agent);
    bench.beat(start + 1ms, agent, *parse_address("10.0.0.2"));
    EXPECT_EQ(bench.pulses(), Pulses{});
    EXPECT_EQ(bench.ledger.counters().source, 1U);
}

TEST(HeartbeatLedger, unknown_hosts_and_foreign_packets_are_counted_and_dropped)
{
    Bench bench;
    FakeAgent stranger{"compute9"};
    EXPECT_FALSE(bench.hear(start, stranger.beat()));
    EXPECT_FALSE(
        bench.ledger.receive(start, mgmt, std::vector<std::uint8_t>(128, 0), bench.events));
    EXPECT_FALSE(bench.ledger.receive(start, mgmt, {}, bench.events));
    EXPECT_EQ(bench.ledger.counters().unknown_host, 1U);
    EXPECT_EQ(bench.ledger.counters().format, 2U);
}

TEST(HeartbeatLedger, our_own_challenge_thrown_back_is_not_life)
{
    Bench bench;
    FakeAgent agent;
    const auto challenge = bench.hear(start, agent.beat());
    ASSERT_TRUE(challenge);
    EXPECT_FALSE(bench.hear(start, *challenge));
    EXPECT_EQ(bench.pulses(), Pulses{});
    EXPECT_EQ(bench.ledger.counters().format, 1U);
}

TEST(HeartbeatLedger, a_flood_from_a_hosts_own_address_drowns_none_of_its_beats)
{
    Bench bench;
    FakeAgent forger{"compute2"};
    forger.packet.host = host_tag(HostId{"compute1"});
    const auto forged = forger.beat();
    FakeAgent agent;
    bench.introduce(start, agent);
    for (int beat = 1; beat <= 5; ++beat) {
        for (int i = 0; i < 10000; ++i) {
            bench.hear(start + beat * interval, forged);
        }
        bench.beat(start + beat * interval, agent);
    }
    EXPECT_EQ(bench.pulses(), Pulses(5, Pulse::beating));
    EXPECT_EQ(bench.ledger.counters().hmac, 50000U);
}

TEST(HeartbeatLedger, challenges_are_repeated_every_ten_seconds_and_not_with_every_beat)
{
    Bench bench;
    FakeAgent agent;
    bench.introduce(start, agent);
    int challenges = 0;
    for (int i = 1; i <= 150; ++i) { // 30 s
        const auto challenge = bench.hear(start + i * interval, agent.beat());
        agent.answer(challenge);
        challenges += challenge ? 1 : 0;
    }
    EXPECT_GE(challenges, 2);
    EXPECT_LE(challenges, 3);
    EXPECT_EQ(bench.pulses().size(), 150U);
}

} // namespace
} // namespace knell::monitor
