// SPDX-License-Identifier: GPL-3.0-or-later
#include "ping_bench.hpp"

#include <gtest/gtest.h>

namespace knell::monitor {
namespace {

constexpr Duration dense = 50ms;
const HostId compute1{"compute1"};

using Times = std::vector<Instant>;

TEST(ProbePace, a_host_watched_closely_is_asked_at_once_and_every_dense_interval_from_then_on)
{
    PingBench bench;
    bench.send(start);
    const auto doubted = start + 120ms;
    bench.judge(doubted);
    bench.ledger.watch(doubted, compute1, true);
    EXPECT_EQ(bench.ledger.next_due(), doubted);
    EXPECT_EQ(bench.departures(doubted, doubted + 4 * dense),
              (Times{doubted, doubted + dense, doubted + 2 * dense, doubted + 3 * dense}));
}

TEST(ProbePace, the_usual_phase_comes_back_when_it_is_watched_closely_no_more)
{
    PingBench bench;
    bench.send(start);
    bench.ledger.watch(start + 120ms, compute1, true);
    bench.departures(start + 120ms, start + 330ms);
    bench.ledger.watch(start + 330ms, compute1, false);
    EXPECT_EQ(bench.departures(start + 330ms, start + 1s),
              (Times{start + 2 * interval + interval, start + 4 * interval}))
        << "the last dense probe left at 320ms, so 400ms would be too soon";
}

TEST(ProbePace, what_is_asked_densely_is_judged_each_by_its_own_patience)
{
    PingBench bench;
    bench.ledger.watch(start, compute1, true);
    std::vector<EchoProbe> sent;
    for (auto now = start; now < start + patience; now += dense) {
        bench.judge(now);
        const auto leaving = bench.send(now);
        sent.insert(sent.end(), leaving.begin(), leaving.end());
    }
    ASSERT_EQ(sent.size(), 3U) << "all of them in flight at once";
    bench.ledger.replied(bench.address, sent[1], start + patience, bench.events);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating});
    bench.judge(start + patience);
    EXPECT_EQ(std::get<ProbeResult>(bench.events.at(0)).asked_at, start);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
    bench.judge(start + patience + dense);
    EXPECT_EQ(bench.pulses(), Pulses{});
    bench.judge(start + patience + 2 * dense);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(ProbePace, a_loop_late_by_less_than_the_usual_interval_makes_no_dense_probe_inconclusive)
{
    auto quicker = host("compute2", "10.0.0.2");
    quicker.interval = quicker.patience = 20ms;
    PingBench bench{{host("compute1", "10.0.0.1"), quicker}};
    bench.ledger.watch(start, compute1, true);
    bench.send(start);
    bench.send(start + quicker.interval / 2);
    bench.judge(start + 30ms + interval);
    EXPECT_EQ(bench.pulses(), (Pulses{Pulse::inconclusive, Pulse::silent}))
        << "for compute2 it was late";
}

TEST(ProbePace, dense_probes_missed_by_a_late_loop_are_not_sent_in_a_burst)
{
    PingBench bench;
    bench.ledger.watch(start, compute1, true);
    bench.send(start);
    bench.judge(start + 190ms);
    EXPECT_EQ(bench.send(start + 190ms).size(), 0U);
    bench.judge(start + 200ms);
    EXPECT_EQ(bench.send(start + 200ms).size(), 1U);
    EXPECT_EQ(bench.ledger.counters().skipped, 3U);
}

TEST(ProbePace, only_the_host_in_doubt_is_asked_densely)
{
    PingBench bench{{host("compute1", "10.0.0.1"),
                     host("compute2", "10.0.0.2"),
                     {SentinelId{"compute1"}, "10.0.0.3", interval, patience}}};
    bench.ledger.watch(start, compute1, true);
    std::vector<std::size_t> sent(3, 0);
    for (auto now = start; now < start + 2 * interval; now += 1ms) {
        bench.judge(now);
        for (const auto& probe : bench.send(now)) {
            ++sent[probe.target];
        }
    }
    EXPECT_EQ(sent, (std::vector<std::size_t>{8, 2, 2}));
}

TEST(ProbePace, every_target_of_a_host_in_doubt_is_asked_densely)
{
    PingBench bench{{host("compute1", "10.0.0.1"), host("compute1", "10.1.0.1")}};
    bench.send(start);
    bench.ledger.watch(start + dense, compute1, true);
    EXPECT_EQ(bench.send(start + dense).size(), 2U);
}

TEST(ProbePace, a_dense_interval_longer_than_the_usual_one_slows_nothing_down)
{
    auto target = host("compute1", "10.0.0.1");
    target.dense_interval = 10 * interval;
    PingBench bench{{target}};
    bench.ledger.watch(start, compute1, true);
    EXPECT_EQ(bench.departures(start, start + 5 * interval).size(), 5U);
}

TEST(ProbePace, however_often_doubt_comes_and_goes_two_probes_are_never_closer_than_half_a_pace)
{
    PingBench bench;
    Times times;
    for (auto now = start; now < start + 2s; now += 3ms) {
        bench.ledger.watch(now, compute1, true);
        const auto some = bench.departures(now, now + 3ms);
        times.insert(times.end(), some.begin(), some.end());
        bench.ledger.watch(now + 3ms, compute1, false);
    }
    EXPECT_GE(times.size(), 10U);
    for (std::size_t i = 1; i < times.size(); ++i) {
        EXPECT_GE(times[i] - times[i - 1], dense / 2);
    }
}

TEST(ProbePace, to_be_told_the_same_twice_changes_nothing)
{
    PingBench bench;
    bench.ledger.watch(start, compute1, true);
    bench.send(start);
    bench.ledger.watch(start + 20ms, compute1, true);
    EXPECT_EQ(bench.departures(start + 20ms, start + 2 * dense + 1ms),
              (Times{start + dense, start + 2 * dense}));
}

TEST(ProbePace, a_host_without_targets_here_is_nobodys_business)
{
    PingBench bench;
    bench.ledger.watch(start, HostId{"compute9"}, true);
    EXPECT_EQ(bench.departures(start, start + 2 * interval), (Times{start, start + interval}));
}

TEST(ProbePace, while_nothing_can_be_judged_only_so_many_dense_probes_are_asked)
{
    PingBench bench;
    bench.ledger.watch(start, compute1, true);
    std::size_t sent = 0;
    for (auto now = start; now < start + 60s; now += dense) {
        sent += bench.send(now).size();
    }
    EXPECT_LT(sent, 30U);
    EXPECT_GE(sent, patience / dense);
}

TEST(ProbePace, when_half_the_world_is_in_doubt_only_so_many_are_asked_densely)
{
    std::vector<IcmpTarget> targets;
    targets.reserve(1500);
    for (int i = 0; i < 1500; ++i) {
        targets.push_back(host("compute" + std::to_string(i), "10.0.0.1"));
    }
    PingBench bench{targets};
    for (int i = 0; i < 1500; ++i) {
        bench.ledger.watch(start, HostId{"compute" + std::to_string(i)}, true);
    }
    std::size_t sent = 0;
    for (auto now = start; now < start + interval; now += 5ms) {
        bench.judge(now);
        sent += bench.send(now).size();
    }
    EXPECT_GT(sent, 4 * 1000 + 400U);
    EXPECT_LE(sent, 4 * 1000 + 500U);
    for (int i = 0; i < 1500; ++i) {
        bench.ledger.watch(start + interval, HostId{"compute" + std::to_string(i)}, false);
    }
    bench.ledger.watch(start + interval, HostId{"compute1499"}, true);
    EXPECT_EQ(bench.departures(start + interval, start + 2 * interval, 1499).size(), 4U)
        << "there is room again";
}

} // namespace
} // namespace knell::monitor
