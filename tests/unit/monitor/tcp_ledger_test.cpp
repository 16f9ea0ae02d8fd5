// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/tcp_ledger.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace knell::monitor {
namespace {

constexpr Instant start{10s};
constexpr Duration interval = 200ms;
constexpr Duration patience = 150ms;
const HostId compute1{"compute1"};

TcpTarget target(std::uint16_t port = 22)
{
    return {{compute1, MonitorId{"tcp@mgmt"}}, "10.0.0.1", port, interval, patience};
}

const TcpAnswer accepted{.kind = TcpAnswer::Kind::accepted, .round_trip = 3ms, .detail = {}};
const TcpAnswer refused{.kind = TcpAnswer::Kind::refused, .round_trip = 4ms, .detail = {}};
const TcpAnswer unreachable{
    .kind = TcpAnswer::Kind::unreachable, .round_trip = {}, .detail = "host unreachable"};
const TcpAnswer fault{.kind = TcpAnswer::Kind::fault, .round_trip = {}, .detail = "no memory"};

/// One ledger, driven as the monitor drives it.
struct TcpBench {
    explicit TcpBench(const std::vector<TcpTarget>& targets = {target()}) : ledger{targets, start}
    {
    }

    std::vector<ProbeId> send(Instant now)
    {
        std::vector<ProbeId> sent;
        while (const auto due = ledger.due(now)) {
            ledger.sent(*due, now);
            sent.push_back(*due);
        }
        return sent;
    }
    void judge(Instant now)
    {
        ledger.wake(now);
        ledger.judge(now, events);
    }
    /// What was said since the last time, e.g. "beating: accepted".
    std::vector<std::string> said()
    {
        std::vector<std::string> all;
        for (const auto& event : events) {
            const auto& result = std::get<ProbeResult>(event);
            const auto* const pulse = result.pulse == Pulse::beating  ? "beating"
                                      : result.pulse == Pulse::silent ? "silent"
                                                                      : "inconclusive";
            all.push_back(std::string{pulse} + ": " + result.detail);
        }
        events.clear();
        return all;
    }

    TcpLedger ledger;
    TcpLedger::Events events;
};

using Said = std::vector<std::string>;

TEST(TcpLedger, accepted_and_refused_are_both_life_and_the_detail_says_which)
{
    TcpBench bench{{target(1), target(2)}};
    const auto first = bench.send(start);
    const auto second = bench.send(start + interval / 2);
    bench.ledger.concluded(first.at(0), accepted, bench.events);
    bench.ledger.concluded(second.at(0), refused, bench.events);
    EXPECT_EQ(bench.said(), (Said{"beating: accepted", "beating: refused"}));
    EXPECT_EQ(bench.ledger.paths().at(0).round_trip, 3ms);
    EXPECT_EQ(bench.ledger.paths().at(1).round_trip, 4ms);
}

TEST(TcpLedger, unreachable_is_no_life_and_no_earlier_silence)
{
    TcpBench bench;
    const auto sent = bench.send(start);
    bench.ledger.concluded(sent.at(0), unreachable, bench.events);
    bench.judge(start + patience - 1us);
    EXPECT_EQ(bench.said(), Said{});
    bench.judge(start + patience);
    EXPECT_EQ(bench.said(), Said{"silent: host unreachable"});
}

TEST(TcpLedger, an_answer_that_comes_in_spite_of_unreachable_is_life)
{
    TcpBench bench;
    const auto sent = bench.send(start);
    bench.ledger.concluded(sent.at(0), unreachable, bench.events);
    bench.ledger.concluded(sent.at(0), accepted, bench.events);
    bench.judge(start + patience);
    EXPECT_EQ(bench.said(), Said{"beating: accepted"});
}

TEST(TcpLedger, our_own_fault_is_inconclusive_once)
{
    TcpBench bench;
    const auto sent = bench.send(start);
    bench.ledger.concluded(sent.at(0), fault, bench.events);
    bench.judge(start + patience);
    EXPECT_EQ(bench.said(), Said{"inconclusive: no memory"});
    EXPECT_EQ(bench.ledger.counters().lost, 0U);
}

TEST(TcpLedger, a_judged_attempt_may_be_ended_and_its_answer_is_too_late)
{
    TcpBench bench;
    const auto sent = bench.send(start);
    bench.judge(start + patience);
    EXPECT_EQ(bench.ledger.ended(), sent);
    EXPECT_EQ(bench.said(), Said{"silent: "});
    bench.ledger.concluded(sent.at(0), accepted, bench.events);
    EXPECT_EQ(bench.said(), Said{});
    EXPECT_EQ(bench.ledger.counters().late, 1U);
    bench.ledger.wake(start + patience + 1ms);
    EXPECT_TRUE(bench.ledger.ended().empty()) << "and is named once";
}

TEST(TcpLedger, an_answered_attempt_is_not_named_among_those_to_be_ended)
{
    TcpBench bench;
    const auto sent = bench.send(start);
    bench.ledger.concluded(sent.at(0), refused, bench.events);
    bench.judge(start + patience);
    EXPECT_TRUE(bench.ledger.ended().empty());
}

TEST(TcpLedger, after_the_machine_was_suspended_an_unanswered_attempt_is_inconclusive)
{
    TcpBench bench;
    bench.send(start);
    bench.ledger.doubt(start + 100ms, Family::v4, "this machine was suspended");
    bench.judge(start + patience);
    EXPECT_EQ(bench.said(), Said{"inconclusive: this machine was suspended"});
}

TEST(TcpLedger, after_a_stall_longer_than_the_interval_attempts_are_inconclusive)
{
    TcpBench bench;
    const auto sent = bench.send(start);
    bench.judge(start + patience + interval + 1us);
    EXPECT_EQ(bench.said(), Said{"inconclusive: the loop was late by 200 ms"});
    EXPECT_EQ(bench.ledger.ended(), sent);
}

TEST(TcpLedger, the_next_attempt_waits_for_the_end_of_the_last_one)
{
    auto slow = target();
    slow.patience = interval;
    TcpBench bench{{slow}};
    const auto first = bench.ledger.due(start);
    bench.ledger.sent(*first, start + 3ms);
    bench.judge(start + interval);
    EXPECT_TRUE(bench.send(start + interval).empty());
    bench.judge(start + interval + 3ms);
    EXPECT_EQ(bench.said(), Said{"silent: "});
    EXPECT_EQ(bench.send(start + interval + 3ms).size(), 1U);
    EXPECT_EQ(bench.ledger.counters().skipped, 0U);
}

TEST(TcpLedger, the_next_attempt_does_not_wait_when_the_last_one_is_answered)
{
    auto slow = target();
    slow.patience = interval;
    TcpBench bench{{slow}};
    const auto first = bench.ledger.due(start);
    bench.ledger.sent(*first, start + 3ms);
    bench.ledger.concluded(*first, accepted, bench.events);
    EXPECT_EQ(bench.send(start + interval).size(), 1U);
}

TEST(TcpLedger, a_host_watched_closely_is_not_kept_waiting)
{
    TcpBench bench;
    bench.send(start);
    bench.ledger.watch(start + 100ms, compute1, true);
    EXPECT_EQ(bench.send(start + 100ms).size(), 1U);
    bench.judge(start + patience);
    EXPECT_EQ(bench.send(start + patience).size(), 1U);
    EXPECT_EQ(bench.said(), Said{"silent: "});
    bench.judge(start + 100ms + patience);
    EXPECT_EQ(bench.said(), Said{"silent: "});
}

TEST(TcpLedger, another_port_is_another_target)
{
    TcpBench bench;
    const auto sent = bench.send(start);
    bench.ledger.retarget(start + 1ms, {target(23)});
    EXPECT_EQ(bench.ledger.ended(), sent);
    EXPECT_EQ(bench.ledger.address(sent.at(0).target).port, 23);
}

TEST(TcpLedger, faulty_targets_are_named)
{
    auto bad = target();
    bad.address = "compute1.example.org";
    EXPECT_EQ(TcpLedger::fault_of({bad}),
              "host compute1: \"compute1.example.org\" is not a numeric IP address");
    EXPECT_EQ(TcpLedger::fault_of({target(0)}), "host compute1: a TCP port is from 1 to 65535");
    bad = target();
    bad.patience = interval + 1us;
    EXPECT_NE(TcpLedger::fault_of({bad}), "");
    bad.patience = interval;
    EXPECT_EQ(TcpLedger::fault_of({bad}), "");
    bad.dense_interval = 9ms;
    EXPECT_NE(TcpLedger::fault_of({bad}), "");
    EXPECT_EQ(TcpLedger::fault_of({target(65535)}), "");
}

} // namespace
} // namespace knell::monitor
