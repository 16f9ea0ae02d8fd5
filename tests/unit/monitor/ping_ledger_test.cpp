// SPDX-License-Identifier: GPL-3.0-or-later
#include "ping_bench.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace knell::monitor {
namespace {

TEST(PingLedger, an_answered_probe_beats_once_and_names_when_it_left)
{
    PingBench bench;
    const auto sent = bench.send(start);
    ASSERT_EQ(sent.size(), 1U);
    bench.ledger.replied(bench.address, sent[0], start, bench.events);
    ASSERT_EQ(bench.events.size(), 1U);
    const auto& result = std::get<ProbeResult>(bench.events[0]);
    EXPECT_EQ(result.pulse, Pulse::beating);
    EXPECT_EQ(result.asked_at, start);
    EXPECT_EQ(result.host, HostId{"compute1"});
    EXPECT_EQ(result.monitor, MonitorId{"icmp@mgmt"});
    bench.events.clear();
    bench.judge(start + patience);
    EXPECT_EQ(bench.pulses(), Pulses{});
}

TEST(PingLedger, silence_is_declared_at_the_end_of_patience_and_not_a_microsecond_before)
{
    PingBench bench;
    bench.send(start);
    bench.judge(start + patience - 1us);
    EXPECT_EQ(bench.pulses(), Pulses{});
    bench.judge(start + patience);
    ASSERT_EQ(bench.events.size(), 1U);
    EXPECT_EQ(std::get<ProbeResult>(bench.events[0]).asked_at, start);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(PingLedger, a_reply_found_in_the_socket_before_judging_is_life_however_late_we_look)
{
    PingBench bench;
    const auto sent = bench.send(start);
    bench.ledger.wake(start + 5s);
    bench.ledger.replied(bench.address, sent[0], start, bench.events);
    bench.ledger.judge(start + 5s, bench.events);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating});
}

TEST(PingLedger, a_second_reply_to_the_same_probe_says_nothing)
{
    PingBench bench;
    const auto sent = bench.send(start);
    bench.ledger.replied(bench.address, sent[0], start, bench.events);
    bench.ledger.replied(bench.address, sent[0], start, bench.events);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating});
    EXPECT_EQ(bench.ledger.counters().duplicate, 1U);
}

TEST(PingLedger, a_reply_after_the_verdict_does_not_change_it)
{
    PingBench bench;
    const auto sent = bench.send(start);
    bench.judge(start + patience);
    bench.ledger.replied(bench.address, sent[0], start, bench.events);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
    EXPECT_EQ(bench.ledger.counters().late, 1U);
}

TEST(PingLedger, a_reply_from_another_source_is_not_life)
{
    PingBench bench;
    const auto sent = bench.send(start);
    bench.ledger.replied(*parse_address("10.0.0.2"), sent[0], start, bench.events);
    bench.ledger.replied(*parse_address("fd00::1"), sent[0], start, bench.events);
    EXPECT_EQ(bench.ledger.counters().foreign, 2U);
    bench.judge(start + patience);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(PingLedger, a_reply_to_a_probe_that_was_never_sent_is_not_life)
{
    PingBench bench;
    const auto sent = bench.send(start);
    for (auto probe : {EchoProbe{1, 0, start}, EchoProbe{0, 1, start}, EchoProbe{0, 0, start + 1us},
                       EchoProbe{4000000000, 0, start}}) {
        bench.ledger.replied(bench.address, probe, start, bench.events);
    }
    EXPECT_EQ(bench.pulses(), Pulses{});
    EXPECT_EQ(bench.ledger.counters().foreign, 4U);
}

TEST(PingLedger, a_probe_that_could_not_be_sent_is_inconclusive_and_says_why)
{
    PingBench bench;
    const auto due = bench.ledger.due(start);
    ASSERT_TRUE(due);
    bench.ledger.not_sent(*due, start, "could not send: No route", bench.events);
    ASSERT_EQ(bench.events.size(), 1U);
    EXPECT_EQ(std::get<ProbeResult>(bench.events[0]).detail, "could not send: No route");
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::inconclusive});
    bench.judge(start + patience);
    EXPECT_EQ(bench.pulses(), Pulses{});
}

TEST(PingLedger, an_icmp_error_is_no_life_and_no_earlier_silence)
{
    PingBench bench;
    const auto sent = bench.send(start);
    bench.ledger.refused(sent[0], "host unreachable");
    bench.judge(start + patience - 1us);
    EXPECT_EQ(bench.pulses(), Pulses{});
    bench.judge(start + patience);
    EXPECT_EQ(std::get<ProbeResult>(bench.events.at(0)).detail, "host unreachable");
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(PingLedger, an_icmp_error_about_a_probe_that_was_never_sent_says_nothing)
{
    PingBench bench;
    bench.send(start);
    bench.ledger.refused({0, 0, start + 1us}, "host unreachable");
    bench.ledger.refused({7, 0, start}, "host unreachable");
    bench.judge(start + patience);
    EXPECT_EQ(std::get<ProbeResult>(bench.events.at(0)).detail, "");
}

TEST(PingLedger, an_icmp_error_does_not_undo_a_reply)
{
    PingBench bench;
    const auto sent = bench.send(start);
    bench.ledger.refused(sent[0], "host unreachable");
    bench.ledger.replied(bench.address, sent[0], start, bench.events);
    bench.ledger.refused(sent[0], "host unreachable");
    bench.judge(start + patience);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating});
}

TEST(PingLedger, an_overflow_voids_the_misses_of_what_was_sent_before_it_and_only_those)
{
    PingBench bench;
    bench.send(start);
    bench.ledger.doubt(start + 100ms, Family::v4, "overflow");
    bench.judge(start + patience);
    EXPECT_EQ(std::get<ProbeResult>(bench.events.at(0)).detail, "overflow");
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::inconclusive});
    bench.send(start + interval);
    bench.judge(start + interval + patience);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(PingLedger, an_overflow_of_the_other_family_voids_nothing)
{
    PingBench bench;
    bench.send(start);
    bench.ledger.doubt(start + 100ms, Family::v6, "overflow");
    bench.judge(start + patience);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(PingLedger, after_a_stall_longer_than_the_interval_waiting_probes_are_inconclusive)
{
    PingBench bench;
    bench.send(start); // to be judged at 150 ms
    bench.judge(start + patience + interval + 1us);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::inconclusive});
}

TEST(PingLedger, a_wake_up_late_by_just_the_interval_is_no_stall)
{
    PingBench bench;
    bench.send(start);
    bench.judge(start + patience + interval);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(PingLedger, what_should_have_left_during_a_stall_is_skipped_and_not_replayed)
{
    PingBench bench;
    bench.send(start);
    bench.judge(start + 30s + 7ms);
    EXPECT_TRUE(bench.send(start + 30s + 7ms).size() <= 1);
    std::size_t sent = 0;
    for (auto now = start + 30s + 10ms; now < start + 31s; now += 5ms) {
        sent += bench.send(now).size();
    }
    EXPECT_LE(sent, 6U);
    EXPECT_GE(sent, 4U);
    EXPECT_GT(bench.ledger.counters().skipped, 140U);
}

TEST(PingLedger, after_a_stall_all_targets_keep_their_phase_instead_of_leaving_together)
{
    std::vector<IcmpTarget> targets;
    for (int i = 0; i < 200; ++i) {
        targets.push_back(host("compute" + std::to_string(i), "10.0.0." + std::to_string(i)));
    }
    PingBench bench{targets};
    for (auto now = start; now < start + 1s; now += 1ms) {
        bench.judge(now);
        EXPECT_LE(bench.send(now).size(), 2U);
    }
    for (auto now = start + 11s; now < start + 12s; now += 1ms) {
        bench.judge(now);
        EXPECT_LE(bench.send(now).size(), 2U + (now == start + 11s ? 200U : 0U));
    }
}

TEST(PingLedger, first_probes_are_spread_over_the_interval)
{
    PingBench bench{{host("a", "10.0.0.1"), host("b", "10.0.0.2")}};
    EXPECT_EQ(bench.send(start).size(), 1U);
    EXPECT_EQ(bench.send(start + interval / 2 - 1us).size(), 0U);
    EXPECT_EQ(bench.send(start + interval / 2).size(), 1U);
}

TEST(PingLedger, probes_of_one_target_are_never_closer_than_half_an_interval)
{
    PingBench bench;
    bench.send(start);
    std::vector<Instant> times;
    for (auto now = start + interval + 130ms; now < start + 3s; now += 70ms) {
        bench.judge(now);
        if (!bench.send(now).empty()) {
            times.push_back(now);
        }
    }
    for (std::size_t i = 1; i < times.size(); ++i) {
        EXPECT_GE(times[i] - times[i - 1], interval / 2);
    }
}

TEST(PingLedger, while_nothing_can_be_judged_only_so_many_probes_are_asked)
{
    PingBench bench;
    std::size_t sent = 0;
    for (auto now = start; now < start + 60s; now += interval) {
        sent += bench.send(now).size();
    }
    EXPECT_LT(sent, 20U);
    bench.judge(start + 60s);
    EXPECT_EQ(bench.pulses(), Pulses(sent, Pulse::inconclusive));
    EXPECT_EQ(bench.send(start + 60s).size(), 1U);
}

TEST(PingLedger, patience_may_be_longer_than_the_interval)
{
    auto patient = host("compute1", "10.0.0.1");
    patient.patience = 1s;
    PingBench bench{{patient}};
    std::vector<EchoProbe> sent;
    for (int i = 0; i < 5; ++i) {
        bench.judge(start + i * interval);
        sent.push_back(bench.send(start + i * interval).at(0));
    }
    bench.ledger.replied(bench.address, sent[0], start, bench.events);
    bench.ledger.replied(bench.address, sent[4], start, bench.events);
    bench.judge(start + 2s - 200ms);
    const auto pulses = bench.pulses();
    EXPECT_EQ(std::count(pulses.begin(), pulses.end(), Pulse::beating), 2);
}

TEST(PingLedger, a_sentinel_is_reported_as_such)
{
    PingBench bench{{IcmpTarget{SentinelId{"gateway"}, "10.0.0.1", interval, patience}}};
    const auto sent = bench.send(start);
    bench.ledger.replied(bench.address, sent[0], start, bench.events);
    const auto* result = std::get_if<SentinelResult>(&bench.events.at(0));
    ASSERT_NE(result, nullptr);
    EXPECT_EQ(result->sentinel, SentinelId{"gateway"});
    EXPECT_EQ(result->pulse, Pulse::beating);
}

TEST(PingLedger, without_targets_nothing_is_ever_due)
{
    PingBench bench{{}};
    EXPECT_FALSE(bench.ledger.next_due());
    bench.judge(start + 1h);
    EXPECT_TRUE(bench.send(start + 1h).empty());
}

TEST(PingLedger, tells_the_next_moment_that_matters)
{
    PingBench bench;
    EXPECT_EQ(bench.ledger.next_due(), start);
    bench.send(start);
    EXPECT_EQ(bench.ledger.next_due(), start + patience);
    bench.judge(start + patience);
    EXPECT_EQ(bench.ledger.next_due(), start + interval);
}

TEST(PingLedger, faulty_targets_are_named)
{
    auto bad = host("compute1", "compute1.example.org");
    EXPECT_EQ(PingLedger::fault_of({bad}),
              "host compute1: \"compute1.example.org\" is not a numeric IP address");
    bad = host("compute1", "10.0.0.1");
    bad.interval = 9ms;
    EXPECT_NE(PingLedger::fault_of({bad}), "");
    bad = host("compute1", "10.0.0.1");
    bad.patience = 21s;
    EXPECT_NE(PingLedger::fault_of({bad}), "");
    EXPECT_EQ(PingLedger::fault_of({host("compute1", "fd00::1")}), "");
}

} // namespace
} // namespace knell::monitor
