// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/tcp_ledger.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <rapidcheck.h>

namespace knell::monitor {
namespace {

constexpr Instant start{10s};

/// What a connector would do: every attempt that left has a socket, until it is answered or named
/// among the ended.
struct TcpWorld {
    TcpWorld()
        : interval{*rc::gen::inRange(10, 500) * 1ms}, patience{std::min<Duration>(
                                                          interval,
                                                          *rc::gen::inRange(10, 500) * 1ms)},
          dense{*rc::gen::inRange(10, 200) * 1ms}, ledger{{target(1)}, start}
    {
    }

    TcpTarget target(std::uint16_t port) const
    {
        return {{HostId{"a"}, MonitorId{"m"}}, "10.0.0.1", port, interval, patience, dense};
    }

    void step()
    {
        const auto due = *ledger.next_due();
        const bool stalled = *rc::gen::inRange(0, 15) == 0;
        now = std::max(now, due) + Duration{*rc::gen::inRange(0, stalled ? 3'000'000 : 8000)};
        ledger.wake(now);
        drain();
        const auto late = now - due;
        TcpLedger::Events judged;
        ledger.judge(now, judged);
        for (const auto& event : judged) {
            const auto& result = std::get<ProbeResult>(event);
            RC_ASSERT(result.pulse != Pulse::beating);
            RC_ASSERT((result.pulse == Pulse::inconclusive ||
                       (now - result.asked_at >= patience && late <= interval)));
        }
        RC_ASSERT(judged.size() == close_ended());
        send();
        if (*rc::gen::inRange(0, 8) == 0) {
            watched = *rc::gen::arbitrary<bool>();
            ledger.watch(now, HostId{"a"}, watched);
        }
        if (*rc::gen::inRange(0, 30) == 0) {
            ledger.retarget(now, {target(*rc::gen::inRange<std::uint16_t>(1, 3))});
            close_ended();
        }
    }

    void drain()
    {
        TcpLedger::Events events;
        std::size_t pulses = 0;
        for (auto socket = sockets.begin(); socket != sockets.end();) {
            const auto kind = static_cast<TcpAnswer::Kind>(*rc::gen::inRange(0, 8));
            if (kind > TcpAnswer::Kind::fault) {
                ++socket; // nothing has happened to it
                continue;
            }
            ledger.concluded({socket->first.first, socket->first.second},
                             {.kind = kind, .round_trip = 1ms, .detail = {}}, events);
            const bool over = kind != TcpAnswer::Kind::unreachable;
            pulses += over ? 1 : 0;
            socket = over ? sockets.erase(socket) : std::next(socket);
        }
        RC_ASSERT(events.size() == pulses);
    }

    std::size_t close_ended()
    {
        std::size_t closed = 0;
        for (const auto& probe : ledger.ended()) {
            closed += sockets.erase({probe.target, probe.sequence});
        }
        return closed;
    }

    void send()
    {
        while (const auto due = ledger.due(now)) {
            RC_ASSERT((watched || sockets.empty()));
            ledger.sent(*due, now);
            RC_ASSERT(sockets.emplace(std::pair{due->target, due->sequence}, now).second);
        }
        // Beyond these somebody was forgotten, and a daemon that runs for years has none left.
        RC_ASSERT(sockets.size() <=
                  static_cast<std::size_t>(2 * (patience / std::min(dense, interval)) + 3));
    }

    Duration interval;
    Duration patience;
    Duration dense;
    TcpLedger ledger;
    bool watched = false;
    Instant now = start;
    std::map<std::pair<std::uint32_t, std::uint32_t>, Instant> sockets;
};

TEST(TcpLedgerProperty, no_world_loses_a_socket_or_has_two_at_the_usual_pace)
{
    EXPECT_TRUE(rc::check([] {
        TcpWorld world;
        for (int i = 0; i < 200; ++i) {
            world.step();
        }
    }));
}

} // namespace
} // namespace knell::monitor
