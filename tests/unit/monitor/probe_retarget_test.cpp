// SPDX-License-Identifier: GPL-3.0-or-later
#include "ping_bench.hpp"

#include <gtest/gtest.h>

namespace knell::monitor {
namespace {

using Times = std::vector<Instant>;

const auto one = host("compute1", "10.0.0.1");
const auto two = host("compute2", "10.0.0.2");

TEST(Retarget, what_stays_keeps_its_probe_in_flight_and_its_phase)
{
    PingBench bench{{one}};
    const auto sent = bench.send(start);
    bench.ledger.retarget(start + 50ms, {two, one});
    bench.ledger.replied(bench.address, sent[0], start + 60ms, bench.events);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::beating});
    EXPECT_EQ(bench.departures(start + 60ms, start + 500ms),
              (Times{start + interval, start + 2 * interval}));
}

TEST(Retarget, what_stays_is_judged_as_if_nothing_had_happened)
{
    PingBench bench{{one}};
    bench.send(start);
    bench.ledger.retarget(start + 50ms, {one, two});
    bench.judge(start + patience);
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(Retarget, what_is_gone_is_neither_judged_nor_believed_nor_asked)
{
    PingBench bench{{one, two}};
    const auto sent = bench.send(start);
    ASSERT_EQ(sent.size(), 1U);
    bench.ledger.retarget(start + 50ms, {two});
    EXPECT_EQ(bench.ledger.ended(), (std::vector{ProbeId{0, 0}}));
    EXPECT_EQ(bench.ledger.size(), 1U);
    bench.ledger.replied(bench.address, sent[0], start + 60ms, bench.events);
    EXPECT_EQ(bench.ledger.counters().foreign, 1U);
    EXPECT_EQ(bench.departures(start + 60ms, start + 1s, 0), Times{});
    for (const auto& event : bench.events) {
        EXPECT_EQ(std::get<ProbeResult>(event).host, HostId{"compute2"});
    }
}

TEST(Retarget, without_targets_nothing_is_asked_until_there_are_some_again)
{
    PingBench bench{{one}};
    bench.send(start);
    bench.ledger.retarget(start + 50ms, {});
    EXPECT_EQ(bench.departures(start + 50ms, start + 1s), Times{});
    EXPECT_EQ(bench.pulses(), Pulses{});
    bench.ledger.retarget(start + 1s, {one});
    EXPECT_EQ(bench.departures(start + 1s, start + 1s + interval), Times{start + 1s});
}

TEST(Retarget, who_takes_a_free_place_takes_neither_its_replies_nor_its_silences)
{
    PingBench bench{{one}};
    const auto old = bench.send(start);
    // Of the same address, so only the number of the probe tells them apart.
    bench.ledger.retarget(start + 10ms, {host("compute9", "10.0.0.1")});
    const auto fresh = bench.send(start + 10ms);
    ASSERT_EQ(fresh.size(), 1U);
    EXPECT_EQ(fresh[0].target, old[0].target);
    bench.ledger.replied(bench.address, old[0], start + 20ms, bench.events);
    EXPECT_EQ(bench.pulses(), Pulses{});
    bench.judge(start + patience);
    EXPECT_EQ(bench.pulses(), Pulses{});
    bench.judge(start + patience + 10ms);
    EXPECT_EQ(std::get<ProbeResult>(bench.events.at(0)).host, HostId{"compute9"});
    EXPECT_EQ(bench.pulses(), Pulses{Pulse::silent});
}

TEST(Retarget, another_address_or_timing_makes_it_a_new_target)
{
    auto elsewhere = one;
    elsewhere.address = "10.0.0.7";
    auto slower = one;
    slower.interval = 2 * interval;
    auto patient = one;
    patient.patience = 2 * patience;
    auto other = one;
    other.subject = HostProbe{HostId{"compute1"}, MonitorId{"icmp@storage"}};
    for (const auto& changed : {elsewhere, slower, patient, other}) {
        PingBench bench{{one}};
        bench.send(start);
        bench.ledger.retarget(start + 50ms, {changed});
        EXPECT_EQ(bench.ledger.ended().size(), 1U);
        EXPECT_EQ(bench.send(start + 50ms).size(), 1U) << "its first probe";
    }
}

TEST(Retarget, first_probes_of_what_is_new_are_spread_over_the_interval)
{
    PingBench bench{{one}};
    bench.send(start);
    std::vector<IcmpTarget> more{one};
    for (int i = 0; i < 100; ++i) {
        more.push_back(host("more" + std::to_string(i), "10.0.1." + std::to_string(i)));
    }
    bench.ledger.retarget(start + 1ms, more);
    for (auto now = start + 1ms; now < start + 1ms + interval; now += 2ms) {
        EXPECT_LE(bench.send(now).size(), 2U);
    }
    EXPECT_EQ(bench.ledger.counters().sent, 101U);
}

TEST(Retarget, a_host_in_doubt_stays_watched_closely_and_so_are_its_new_targets)
{
    PingBench bench{{one, two}};
    bench.ledger.watch(start, HostId{"compute1"}, true);
    bench.send(start);
    bench.ledger.retarget(start + 10ms, {one, two, host("compute1", "10.1.0.1")});
    EXPECT_EQ(bench.departures(start + 10ms, start + 10ms + interval, 2).size(), 4U);
    bench.ledger.retarget(start + 1s, {two, host("compute1", "10.1.0.7")});
    EXPECT_EQ(bench.departures(start + 1s, start + 1s + interval, 1).size(), 1U) << "compute2";
    bench.ledger.watch(start + 2s, HostId{"compute1"}, false);
    bench.pulses();
    bench.departures(start + 2s, start + 3s);
    const auto sent = bench.ledger.counters().sent;
    bench.departures(start + 3s, start + 3s + interval);
    EXPECT_EQ(bench.ledger.counters().sent, sent + 2) << "both at their usual pace";
}

TEST(Retarget, what_is_gone_makes_room_for_others_to_be_watched_closely)
{
    std::vector<IcmpTarget> crowd;
    crowd.reserve(1000);
    for (int i = 0; i < 1000; ++i) {
        crowd.push_back(host("compute" + std::to_string(i), "10.0.0.9"));
    }
    PingBench bench{crowd};
    for (int i = 0; i < 1000; ++i) {
        bench.ledger.watch(start, HostId{"compute" + std::to_string(i)}, true);
    }
    bench.ledger.retarget(start, {});
    bench.ledger.retarget(start, {host("another", "10.0.0.1")});
    bench.ledger.watch(start, HostId{"another"}, true);
    bench.departures(start, start + interval);
    EXPECT_EQ(bench.ledger.counters().sent, 4U);
}

TEST(PathReport, tells_the_last_round_trip_and_what_was_lost_of_every_host_and_no_sentinel)
{
    PingBench bench{{one, {SentinelId{"gateway"}, "10.0.0.3", interval, patience}}};
    const auto sent = bench.send(start);
    ASSERT_EQ(bench.ledger.paths().size(), 1U);
    EXPECT_EQ(bench.ledger.paths()[0].round_trip, std::nullopt);
    bench.ledger.replied(bench.address, sent[0], start + 345us, bench.events);
    bench.departures(start + 1ms, start + interval + patience + 1ms);
    const auto paths = bench.ledger.paths();
    ASSERT_EQ(paths.size(), 1U);
    EXPECT_EQ(paths[0].host, HostId{"compute1"});
    EXPECT_EQ(paths[0].monitor, MonitorId{"icmp@mgmt"});
    EXPECT_EQ(paths[0].round_trip, 345us);
    EXPECT_EQ(paths[0].sent, 2U);
    EXPECT_EQ(paths[0].lost, 1U);
    bench.ledger.retarget(start + 1s, {one, two});
    EXPECT_EQ(bench.ledger.paths()[0].sent, 2U) << "what stays keeps its counts";
}

TEST(PathReport, a_stamp_from_before_the_probe_left_is_no_negative_round_trip)
{
    PingBench bench{{one}};
    const auto sent = bench.send(start);
    bench.ledger.replied(bench.address, sent[0], start - 5s, bench.events);
    EXPECT_EQ(bench.ledger.paths().at(0).round_trip, 0us);
}

} // namespace
} // namespace knell::monitor
