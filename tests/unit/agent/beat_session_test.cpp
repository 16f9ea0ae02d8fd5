// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/beat_session.hpp"
#include "monitor/heartbeat_ledger.hpp"

#include <gtest/gtest.h>

namespace knell::agent {
namespace {

using monitor::HeartbeatPacket;

const Secret key{std::string(32, 'k')};

BeatSession::Identity identity(std::uint8_t session = 2)
{
    BeatSession::Identity result{HostId{"compute1"}, {}, {}, std::nullopt};
    result.boot.fill(1);
    result.session.fill(session);
    return result;
}

struct BeatSessionTest : testing::Test {
    monitor::HeartbeatBytes challenge(std::uint64_t sequence, std::uint8_t nonce)
    {
        HeartbeatPacket packet;
        packet.kind = HeartbeatPacket::Kind::challenge;
        packet.host = monitor::host_tag(HostId{"compute1"});
        packet.boot = identity().boot;
        packet.session = identity().session;
        packet.sequence = sequence;
        packet.nonce.fill(nonce);
        return change(packet);
    }
    monitor::HeartbeatBytes change(const HeartbeatPacket& packet) { return seal.seal(packet); }
    HeartbeatPacket beat(std::size_t controller = 0)
    {
        return *seal.open(session.beat(controller, 3s, {.nova_compute = true, .libvirt = false}));
    }

    monitor::HeartbeatSeal seal{key};
    BeatSession session{identity(), key, 2};
};

TEST_F(BeatSessionTest, every_packet_has_a_sequence_of_its_own_whoever_it_is_for)
{
    EXPECT_EQ(beat(0).sequence, 1U);
    EXPECT_EQ(beat(1).sequence, 2U);
    EXPECT_EQ(seal.open(session.goodbye(0, 3s, {}))->sequence, 3U);
}

TEST_F(BeatSessionTest, a_beat_tells_of_the_host)
{
    const auto packet = beat();
    EXPECT_EQ(packet.kind, HeartbeatPacket::Kind::beat);
    EXPECT_TRUE(packet.nova_compute);
    EXPECT_EQ(packet.uptime, 3'000'000U);
    EXPECT_EQ(packet.nonce, monitor::Bytes16{});
}

TEST_F(BeatSessionTest, a_challenge_is_echoed_to_the_controller_that_sent_it_and_to_no_other)
{
    const auto asked = beat(0).sequence;
    EXPECT_TRUE(session.challenged(0, challenge(asked, 9)));
    EXPECT_EQ(beat(0).nonce[0], 9);
    EXPECT_EQ(beat(1).nonce[0], 0);
}

TEST_F(BeatSessionTest, an_old_challenge_played_again_is_ignored)
{
    const auto first = beat().sequence;
    const auto second = beat().sequence;
    EXPECT_TRUE(session.challenged(0, challenge(second, 9)));
    EXPECT_FALSE(session.challenged(0, challenge(first, 8)));
    EXPECT_FALSE(session.challenged(0, challenge(second, 8)));
    EXPECT_EQ(beat().nonce[0], 9);
}

TEST_F(BeatSessionTest, a_challenge_to_another_session_boot_host_or_to_the_future_is_ignored)
{
    const auto asked = beat().sequence;
    auto packet = *seal.open(challenge(asked, 9));
    packet.session.fill(7);
    EXPECT_FALSE(session.challenged(0, change(packet)));
    packet = *seal.open(challenge(asked, 9));
    packet.boot.fill(7);
    EXPECT_FALSE(session.challenged(0, change(packet)));
    packet = *seal.open(challenge(asked, 9));
    packet.host.fill(7);
    EXPECT_FALSE(session.challenged(0, change(packet)));
    EXPECT_FALSE(session.challenged(0, challenge(asked + 1, 9)));
}

TEST_F(BeatSessionTest, what_is_no_genuine_challenge_is_ignored)
{
    const auto asked = beat().sequence;
    auto bytes = challenge(asked, 9);
    bytes[72] = static_cast<std::uint8_t>(bytes[72] ^ 1);
    EXPECT_FALSE(session.challenged(0, bytes));
    EXPECT_FALSE(session.challenged(0, session.beat(0, 1s, {})));
    EXPECT_FALSE(session.challenged(0, {}));
}

TEST_F(BeatSessionTest, agent_and_ledger_understand_each_other)
{
    monitor::HeartbeatLedger ledger{
        {{HostId{"compute1"}, key, {{MonitorId{"m"}, "10.0.0.1", 200ms}}}}};
    const auto address = *monitor::parse_address("10.0.0.1");
    monitor::HeartbeatLedger::Events events;
    const Instant now{5s};
    const auto challenged = ledger.receive(now, address, session.beat(0, 1s, {}), events);
    ASSERT_TRUE(challenged);
    EXPECT_TRUE(session.challenged(0, *challenged));
    ledger.receive(now, address, session.beat(0, 1s, {}), events);
    ledger.receive(now, address, session.goodbye(0, 1s, {}), events);
    ASSERT_EQ(events.size(), 2U);
    EXPECT_TRUE(std::holds_alternative<ProbeResult>(events[0]));
    EXPECT_TRUE(std::holds_alternative<Goodbye>(events[1]));
}

} // namespace
} // namespace knell::agent
