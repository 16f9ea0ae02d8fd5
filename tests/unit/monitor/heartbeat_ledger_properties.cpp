// SPDX-License-Identifier: GPL-3.0-or-later
#include "heartbeat_bench.hpp"

#include <gtest/gtest.h>
#include <map>
#include <rapidcheck.h>

namespace knell::monitor {
namespace {

TEST(HeartbeatLedgerProperty, no_packet_is_ever_life_twice_nor_on_two_paths_nor_after_a_restart)
{
    EXPECT_TRUE(rc::check([] {
        auto bench = std::make_unique<Bench>();
        auto agent = std::make_unique<FakeAgent>();
        std::vector<HeartbeatBytes> recorded;
        std::map<std::size_t, int> counted;
        std::uint8_t sessions = 1;
        std::uint64_t nonces = 1;
        Instant now = start;
        const auto play = [&](std::size_t index) {
            bench->events.clear();
            const auto& from = *rc::gen::arbitrary<bool>() ? mgmt : storage;
            const auto challenge = bench->hear(now, recorded[index], from);
            if (!bench->events.empty()) {
                RC_ASSERT(++counted[index] == 1);
            }
            return challenge;
        };
        for (int i = 0; i < 200; ++i) {
            now += Duration{*rc::gen::inRange(0, 1'500'000)};
            switch (*rc::gen::inRange(0, 14)) {
            case 0: // the agent restarts
                agent = std::make_unique<FakeAgent>("compute1", ++sessions);
                break;
            case 1: // the controller restarts
                nonces += 1'000'000;
                bench = std::make_unique<Bench>(
                    std::vector{peer("compute1", "10.0.0.1", "fd00::1")}, nonces);
                break;
            case 2: // long quiet
                now += 5s;
                break;
            case 12: // the controller is told of other hosts, of fewer paths, or of none of ours
                bench->ledger.retarget(
                    {peer("compute2", "10.0.0.2"), peer("compute1", "10.0.0.1")});
                break;
            case 13:
                if (*rc::gen::arbitrary<bool>()) {
                    bench->ledger.retarget({});
                }
                bench->ledger.retarget({peer("compute1", "10.0.0.1", "fd00::1")});
                break;
            case 3: // sent, and held back by somebody
                recorded.push_back(agent->beat());
                break;
            case 4:
            case 5: // somebody plays what he has
                if (!recorded.empty()) {
                    play(*rc::gen::inRange<std::size_t>(0, recorded.size()));
                }
                break;
            default:
                recorded.push_back(agent->beat());
                agent->answer(play(recorded.size() - 1));
            }
        }
    }));
}

TEST(HeartbeatLedgerProperty, no_world_makes_a_silence_that_was_not_waited_for)
{
    EXPECT_TRUE(rc::check([] {
        Bench bench;
        FakeAgent agent;
        bench.introduce(start, agent);
        Instant now = start;
        Instant last_life = start;
        std::optional<Instant> doubted;
        for (int i = 0; i < 200; ++i) {
            const auto due = bench.ledger.next_due().value_or(now); // none: never heard there
            const bool stall = *rc::gen::inRange(0, 15) == 0;
            now = std::max(now, *rc::gen::inRange(0, 3) == 0 ? due : now) +
                  Duration{*rc::gen::inRange(0, stall ? 5'000'000 : 150'000)};
            const bool stalled = now - due > interval;
            bench.ledger.wake(now);
            bench.events.clear();
            if (*rc::gen::inRange(0, 2) == 0) {
                bench.beat(now, agent);
            }
            if (!bench.pulses().empty()) {
                last_life = now;
            }
            if (*rc::gen::inRange(0, 20) == 0) {
                bench.ledger.doubt(now, "overflow");
                doubted = now;
            }
            if (*rc::gen::inRange(0, 10) == 0) {
                // Hosts come and go around this one, and its second path does.
                std::vector<HeartbeatPeer> peers;
                if (*rc::gen::arbitrary<bool>()) {
                    peers.push_back(peer("compute0", "10.0.0.9"));
                }
                peers.push_back(
                    peer("compute1", "10.0.0.1", *rc::gen::arbitrary<bool>() ? "fd00::1" : ""));
                bench.ledger.retarget(peers);
            }
            bench.ledger.judge(now, bench.events);
            for (const auto& event : bench.events) {
                const auto& result = std::get<ProbeResult>(event);
                RC_ASSERT(result.pulse != Pulse::beating);
                RC_ASSERT(result.asked_at >= last_life);
                if (result.pulse == Pulse::silent) {
                    RC_ASSERT(!stalled);
                    RC_ASSERT(now - result.asked_at >= interval + interval / 2);
                    RC_ASSERT(result.asked_at > doubted.value_or(Instant::min()));
                }
            }
        }
    }));
}

} // namespace
} // namespace knell::monitor
