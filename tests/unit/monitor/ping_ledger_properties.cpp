// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/ping_ledger.hpp"

#include <gtest/gtest.h>
#include <map>
#include <rapidcheck.h>
#include <set>

namespace knell::monitor {
namespace {

constexpr Instant start{10s};

/// A world with losses, duplicates, reordering, forged sources, refused sends, overflows and
/// stalls, and a second book kept beside the ledger's.
struct World {
    struct Fact {
        bool answered = false;
        bool doubted = false;
        bool pulsed = false;
    };

    World()
        : interval{*rc::gen::inRange(10, 500) * 1ms}, patience{*rc::gen::inRange(10, 1500) * 1ms},
          ledger{{IcmpTarget{HostProbe{HostId{"a"}, MonitorId{"m"}}, "10.0.0.1", interval,
                             std::min<Duration>(patience, 100 * interval)},
                  IcmpTarget{HostProbe{HostId{"b"}, MonitorId{"m"}}, "10.0.0.2", interval,
                             std::min<Duration>(patience, 100 * interval)}},
                 start}
    {
        patience = std::min<Duration>(patience, 100 * interval);
    }

    void step()
    {
        const auto due = *ledger.next_due();
        const bool stalled = *rc::gen::inRange(0, 12) == 0;
        const Duration late = stalled ? Duration{*rc::gen::inRange(0, 3'000'000)}
                                      : Duration{*rc::gen::inRange(0, 8000)};
        now = std::max(now, due) + late;
        ledger.wake(now);
        drain();
        PingLedger::Events judged;
        ledger.judge(now, judged);
        check(judged, now - due);
        send();
    }

    void drain()
    {
        PingLedger::Events events;
        if (*rc::gen::inRange(0, 20) == 0) {
            ledger.doubt(now, Family::v4, "overflow");
            for (auto& [probe, fact] : facts) {
                fact.doubted = true;
            }
        }
        for (auto& probe : in_flight) {
            const auto fate = *rc::gen::inRange(0, 6);
            const auto source = fate == 0           ? "10.0.0.9"
                                : probe.target == 0 ? "10.0.0.1"
                                                    : "10.0.0.2";
            if (fate == 1) {
                ledger.refused(probe, "unreachable");
            }
            if (fate <= 1 && fate != 0) {
                continue;
            }
            for (int copies = fate == 2 ? 3 : 1; copies > 0; --copies) {
                ledger.replied(*parse_address(source), probe, events);
            }
            if (fate != 0) {
                facts[key(probe)].answered = true;
            }
        }
        in_flight.clear();
        for (const auto& event : events) {
            const auto& result = std::get<ProbeResult>(event);
            RC_ASSERT(result.pulse == Pulse::beating);
            Fact& fact = facts.at({result.host.get() == "a" ? 0U : 1U, result.asked_at});
            RC_ASSERT(fact.answered);
            RC_ASSERT(!fact.pulsed);
            fact.pulsed = true;
        }
    }

    void check(const PingLedger::Events& judged, Duration late)
    {
        for (const auto& event : judged) {
            const auto& result = std::get<ProbeResult>(event);
            Fact& fact = facts.at({result.host.get() == "a" ? 0U : 1U, result.asked_at});
            RC_ASSERT(!fact.pulsed);
            fact.pulsed = true;
            RC_ASSERT(result.pulse != Pulse::beating);
            if (result.pulse == Pulse::silent) {
                RC_ASSERT(!fact.answered);
                RC_ASSERT(!fact.doubted);
                RC_ASSERT(now - result.asked_at >= patience);
                RC_ASSERT(late <= interval);
            }
        }
    }

    void send()
    {
        while (const auto due = ledger.due(now)) {
            PingLedger::Events events;
            if (*rc::gen::inRange(0, 10) == 0) {
                ledger.not_sent(*due, now, "no buffer", events);
                RC_ASSERT(events.size() == 1U);
                RC_ASSERT(std::get<ProbeResult>(events[0]).pulse == Pulse::inconclusive);
                continue;
            }
            ledger.sent(*due, now);
            const EchoProbe probe{due->target, due->sequence, now};
            RC_ASSERT(facts.emplace(key(probe), Fact{}).second);
            if (*rc::gen::inRange(0, 3) != 0) {
                in_flight.push_back(probe);
            }
        }
    }

    static std::pair<std::uint32_t, Instant> key(const EchoProbe& probe)
    {
        return {probe.target, probe.sent_at};
    }

    Duration interval;
    Duration patience;
    PingLedger ledger;
    Instant now = start;
    std::map<std::pair<std::uint32_t, Instant>, Fact> facts;
    std::vector<EchoProbe> in_flight;
};

TEST(PingLedgerProperty, no_world_makes_a_silence_of_a_probe_not_fully_waited_for)
{
    EXPECT_TRUE(rc::check([] {
        World world;
        for (int i = 0; i < 150; ++i) {
            world.step();
        }
        // Every probe that left was judged exactly once, but for those still waiting.
        for (const auto& [probe, fact] : world.facts) {
            RC_ASSERT(fact.pulsed || world.now - probe.second < world.patience + 1s);
        }
    }));
}

} // namespace
} // namespace knell::monitor
