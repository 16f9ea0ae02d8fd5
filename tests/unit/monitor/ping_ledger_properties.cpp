// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/ping_ledger.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck.h>
#include <set>

namespace knell::monitor {
namespace {

constexpr Instant start{10s};

/// A world with losses, duplicates, reordering, forged sources, refused sends, overflows, stalls,
/// doubt that comes and goes, targets that do as well, and a second book beside the ledger's.
struct World {
    struct Fact {
        bool answered = false;
        bool doubted = false;
        bool pulsed = false;
        bool forgotten = false;
    };
    struct InFlight {
        EchoProbe probe;
        std::string host;
    };

    World()
        : interval{*rc::gen::inRange(10, 500) * 1ms}, patience{std::min<Duration>(
                                                          *rc::gen::inRange(10, 1500) * 1ms,
                                                          100 * interval)},
          dense{*rc::gen::inRange(10, 200) * 1ms}, ledger{targets({"a", "b"}), start}
    {
    }

    std::vector<IcmpTarget> targets(const std::set<std::string>& hosts)
    {
        wanted = hosts;
        std::vector<IcmpTarget> all;
        all.reserve(hosts.size());
        for (const auto& host : hosts) {
            all.push_back({HostProbe{HostId{host}, MonitorId{"m"}}, address_of(host), interval,
                           patience, dense});
        }
        return all;
    }

    void step()
    {
        const auto due = ledger.next_due().value_or(now + 1s);
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
        if (*rc::gen::inRange(0, 10) == 0) {
            ledger.watch(now, HostId{*rc::gen::elementOf(std::string{"abc"}) + std::string{}},
                         *rc::gen::arbitrary<bool>());
        }
        if (*rc::gen::inRange(0, 25) == 0) {
            retarget();
        }
    }

    void retarget()
    {
        std::set<std::string> hosts;
        for (const char* host : {"a", "b", "c"}) {
            if (*rc::gen::inRange(0, 3) != 0) {
                hosts.insert(host);
            }
        }
        for (auto& [probe, fact] : facts) {
            fact.forgotten = fact.forgotten || hosts.count(probe.first) == 0;
        }
        for (const auto& host : wanted) {
            if (hosts.count(host) == 0) {
                last_sent.erase(host);
            }
        }
        ledger.retarget(now, targets(hosts));
        RC_ASSERT(ledger.size() == hosts.size());
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
        for (auto& [probe, host] : in_flight) {
            const auto fate = *rc::gen::inRange(0, 6);
            if (fate == 1) {
                ledger.refused(probe, "unreachable");
                continue;
            }
            for (int copies = fate == 2 ? 3 : 1; copies > 0; --copies) {
                ledger.replied(*parse_address(fate == 0 ? "10.0.0.9" : address_of(host)), probe,
                               now, events);
            }
            if (fate != 0) {
                facts[{host, probe.sent_at}].answered = true;
            }
        }
        in_flight.clear();
        for (const auto& event : events) {
            const auto& result = std::get<ProbeResult>(event);
            RC_ASSERT(result.pulse == Pulse::beating);
            RC_ASSERT(pulse_of(result).answered);
        }
    }

    void check(const PingLedger::Events& judged, Duration late)
    {
        for (const auto& event : judged) {
            const auto& result = std::get<ProbeResult>(event);
            const Fact& fact = pulse_of(result);
            RC_ASSERT(result.pulse != Pulse::beating);
            if (result.pulse == Pulse::silent) {
                RC_ASSERT(!fact.answered);
                RC_ASSERT(!fact.doubted);
                RC_ASSERT(now - result.asked_at >= patience);
                RC_ASSERT(late <= interval);
            }
        }
    }

    Fact& pulse_of(const ProbeResult& result)
    {
        Fact& fact = facts.at({result.host.get(), result.asked_at});
        RC_ASSERT(!fact.pulsed);
        RC_ASSERT(!fact.forgotten);
        fact.pulsed = true;
        return fact;
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
            const auto host = host_at(ledger.address(due->target).address);
            RC_ASSERT(wanted.count(host) == 1);
            const auto before = last_sent.find(host);
            // In brackets of its own, or RapidCheck would look at both sides whatever the first is.
            RC_ASSERT((before == last_sent.end() ||
                       now - before->second >= std::min(interval, dense) / 2));
            last_sent[host] = now;
            const auto [fact, first] = facts.try_emplace({host, now});
            RC_ASSERT((first || fact->second.forgotten));
            fact->second = {};
            if (*rc::gen::inRange(0, 3) != 0) {
                in_flight.push_back({probe, host});
            }
        }
    }

    static std::string address_of(const std::string& host)
    {
        return "10.0.0." + std::to_string(1 + host[0] - 'a');
    }
    static std::string host_at(const Address& address)
    {
        return {static_cast<char>('a' + address.bytes[3] - 1)};
    }

    Duration interval;
    Duration patience;
    Duration dense;
    std::set<std::string> wanted;
    PingLedger ledger;
    Instant now = start;
    std::map<std::pair<std::string, Instant>, Fact> facts;
    std::map<std::string, Instant> last_sent;
    std::vector<InFlight> in_flight;
};

TEST(PingLedgerProperty, no_world_makes_a_silence_of_a_probe_not_fully_waited_for)
{
    EXPECT_TRUE(rc::check([] {
        World world;
        for (int i = 0; i < 150; ++i) {
            world.step();
        }
        // Every probe that left was judged exactly once, but for those still waiting or forgotten.
        for (const auto& [probe, fact] : world.facts) {
            RC_ASSERT(
                (fact.pulsed || fact.forgotten || world.now - probe.second < world.patience + 1s));
        }
    }));
}

} // namespace
} // namespace knell::monitor
