// SPDX-License-Identifier: GPL-3.0-or-later
#include "datagrams.hpp"
#include "heartbeat_bench.hpp"
#include "monitor/icmp_packet.hpp"
#include "monitor/socket_filter.hpp"

#include <algorithm>
#include <functional>
#include <random>

namespace knell::monitor {
namespace {

constexpr std::uint16_t identifier = 0x1234;
constexpr int rounds = 20000;
constexpr std::size_t udp_header = 8;

using Generator = std::mt19937_64;

std::size_t below(Generator& chance, std::size_t end)
{
    return std::uniform_int_distribution<std::size_t>{0, end - 1}(chance);
}

/// As on its way from somebody careless to somebody malicious.
Bytes spoilt(Bytes bytes, Generator& chance)
{
    for (auto times = below(chance, 4); times > 0 && !bytes.empty(); --times) {
        // Most of what is looked at stands in front.
        const auto reach = below(chance, 2) == 0 ? std::size_t{64} : bytes.size();
        auto& byte = bytes[below(chance, std::min(reach, bytes.size()))];
        byte = below(chance, 2) == 0 ? static_cast<std::uint8_t>(below(chance, 256))
                                     : static_cast<std::uint8_t>(byte ^ (1U << below(chance, 8)));
    }
    if (below(chance, 4) == 0) {
        bytes.resize(below(chance, 200));
    }
    return bytes;
}

Bytes bytes_of(std::span<const std::uint8_t> bytes)
{
    return {bytes.begin(), bytes.end()};
}

Bytes behind(Bytes head, std::span<const std::uint8_t> tail)
{
    head.insert(head.end(), tail.begin(), tail.end());
    return head;
}

/// Whatever `accepts` takes passes through the filter, and not for lack of one.
void never_stricter(const FilterCode& code, const Bytes& valid,
                    const std::function<bool(std::span<const std::uint8_t>)>& accepts)
{
    const Pipe pipe;
    ASSERT_TRUE(attach(pipe.descriptor(), code));
    Generator chance{7412};
    int accepted = 0;
    int dropped = 0;
    ASSERT_TRUE(accepts(valid));
    for (int n = 0; n < rounds; ++n) {
        const auto bytes = spoilt(valid, chance);
        const bool wanted = accepts(bytes);
        const bool passes = pipe.lets_through(bytes);
        ASSERT_TRUE(passes || !wanted) << "variation " << n;
        accepted += wanted ? 1 : 0;
        dropped += passes ? 0 : 1;
    }
    EXPECT_GT(accepted, rounds / 10);
    EXPECT_GT(dropped, rounds / 10);
}

TEST(SocketFilter, every_beat_that_the_ledger_could_take_passes)
{
    FakeAgent agent;
    for (const auto kind : {HeartbeatPacket::Kind::beat, HeartbeatPacket::Kind::goodbye}) {
        never_stricter(beat_filter(Family::v4, nullptr),
                       behind(Bytes(udp_header), agent.beat(kind)),
                       [](std::span<const std::uint8_t> datagram) {
                           if (datagram.size() < udp_header) {
                               return false;
                           }
                           const auto packet = parse_genuine(datagram.subspan(udp_header));
                           return packet && packet->kind != HeartbeatPacket::Kind::challenge;
                       });
    }
}

class IcmpFilter : public testing::TestWithParam<Family> {
protected:
    [[nodiscard]] static Family family() { return GetParam(); }
    [[nodiscard]] Bytes reply()
    {
        auto bytes = bytes_of(seal.request(family(), identifier, {7, 70000, Instant{99s}}));
        bytes[0] = echo_types(family()).reply;
        return bytes;
    }
    [[nodiscard]] Bytes error()
    {
        const auto request = seal.request(family(), identifier, {7, 70000, Instant{99s}});
        Bytes head(8);
        head[0] = echo_types(family()).unreachable;
        head[1] = 1;
        return behind(behind(head, ip_header(family(), 24)), request);
    }
    /// A raw socket sees it before an ICMP message over IPv4 only.
    [[nodiscard]] static Bytes seen_by_raw(const Bytes& message)
    {
        return family() == Family::v4 ? behind(ip_header(Family::v4, 24), message) : message;
    }
    /// What our monitor makes of it, and with our identifier, which every real answer bears.
    [[nodiscard]] bool wanted(std::span<const std::uint8_t> message)
    {
        const auto answer = seal.read(family(), message);
        if (std::holds_alternative<NotOurs>(answer)) {
            return false;
        }
        if (std::holds_alternative<EchoReply>(answer)) {
            return message[4] == identifier >> 8 && message[5] == (identifier & 255);
        }
        const std::size_t quoted =
            8 + (family() == Family::v4 ? 4 * static_cast<std::size_t>(message[8] & 15) : 40);
        return message[quoted + 4] == identifier >> 8 && message[quoted + 5] == (identifier & 255);
    }
    [[nodiscard]] bool wanted_raw(std::span<const std::uint8_t> bytes)
    {
        return wanted(family() == Family::v4 ? behind_ipv4_header(bytes) : bytes);
    }
    /// IPv4: with options, so that nothing stands where it usually does.
    static Bytes ip_header(Family family, std::size_t ipv4_size)
    {
        Bytes header(family == Family::v4 ? ipv4_size : 40);
        header[0] = family == Family::v4 ? static_cast<std::uint8_t>(0x40 | ipv4_size / 4) : 0x60;
        header[family == Family::v4 ? 9 : 6] = family == Family::v4 ? 1 : 58;
        return header;
    }

    EchoSeal seal;
};

TEST_P(IcmpFilter, every_reply_that_the_monitor_would_take_passes)
{
    never_stricter(ping_filter(family(), nullptr), reply(),
                   [&](std::span<const std::uint8_t> bytes) {
                       return std::holds_alternative<EchoReply>(seal.read(family(), bytes));
                   });
    never_stricter(raw_filter(family(), identifier, nullptr), seen_by_raw(reply()),
                   [&](std::span<const std::uint8_t> bytes) { return wanted_raw(bytes); });
}

TEST_P(IcmpFilter, every_error_that_the_monitor_would_take_passes)
{
    never_stricter(raw_filter(family(), identifier, nullptr), seen_by_raw(error()),
                   [&](std::span<const std::uint8_t> bytes) { return wanted_raw(bytes); });
}

TEST_P(IcmpFilter, what_answers_somebody_else_is_dropped)
{
    const Pipe pipe;
    ASSERT_TRUE(attach(pipe.descriptor(), raw_filter(family(), identifier, nullptr)));
    EXPECT_TRUE(pipe.lets_through(seen_by_raw(reply())));
    EXPECT_TRUE(pipe.lets_through(seen_by_raw(error())));
    EXPECT_FALSE(pipe.lets_through({}));
    for (const auto& message : {reply(), error()}) {
        for (std::size_t size = 0; size < message.size(); ++size) {
            EXPECT_FALSE(pipe.lets_through(seen_by_raw({message.begin(), message.begin() + size})));
        }
        auto stranger = seen_by_raw(message);
        stranger[stranger.size() - echo_size + 5] ^= 1;
        EXPECT_FALSE(pipe.lets_through(stranger)) << "another's identifier";
    }
    auto request = reply();
    request[0] = echo_types(family()).request;
    EXPECT_FALSE(pipe.lets_through(seen_by_raw(request)));
    auto coded = reply();
    coded[1] = 1;
    EXPECT_FALSE(pipe.lets_through(seen_by_raw(coded)));
}

TEST_P(IcmpFilter, a_ping_socket_gets_replies_with_room_for_our_cookie_and_nothing_else)
{
    const Pipe pipe;
    ASSERT_TRUE(attach(pipe.descriptor(), ping_filter(family(), nullptr)));
    auto message = reply();
    EXPECT_TRUE(pipe.lets_through(message));
    EXPECT_FALSE(pipe.lets_through(error()));
    message.push_back(0);
    EXPECT_TRUE(pipe.lets_through(message)) << "some pad";
    message.resize(echo_size - 1);
    EXPECT_FALSE(pipe.lets_through(message));
}

INSTANTIATE_TEST_SUITE_P(Families, IcmpFilter, testing::Values(Family::v4, Family::v6),
                         [](const auto& one) { return one.param == Family::v4 ? "v4" : "v6"; });

TEST(SocketFilter, of_heartbeats_takes_our_protocol_from_agents)
{
    const Speaker ear{"127.0.0.1:0"};
    const Speaker agent{"127.0.0.11:0"};
    ASSERT_TRUE(attach(ear.descriptor(), beat_filter(Family::v4, nullptr)));
    FakeAgent made;
    const auto good = made.beat();
    const auto passes = [&](std::span<const std::uint8_t> bytes) {
        agent.say(ear.endpoint(), bytes);
        settle();
        return take_one(ear.descriptor()).has_value();
    };
    EXPECT_TRUE(passes(good));
    EXPECT_TRUE(passes(made.beat(HeartbeatPacket::Kind::goodbye)));
    EXPECT_FALSE(passes(made.beat(HeartbeatPacket::Kind::challenge)));
    EXPECT_FALSE(passes(std::span{good}.first(127)));
    EXPECT_FALSE(passes(behind(bytes_of(good), Bytes{0})));
    EXPECT_FALSE(passes({}));
    for (const std::size_t at : {0U, 1U, 2U, 3U, 4U, 5U}) {
        auto other = good;
        other[at] ^= 4;
        EXPECT_FALSE(passes(other)) << at;
    }
    auto unsigned_one = good;
    unsigned_one[127] ^= 1;
    EXPECT_TRUE(passes(unsigned_one)) << "signatures are not the kernel's business";
}

TEST(SocketFilter, of_known_sources_takes_each_of_them_and_nobody_else)
{
    FakeAgent made;
    const auto beat = made.beat();
    for (const std::size_t count : {0U, 1U, 2U, 16U, 17U, 33U, 100U, 250U}) {
        const Speaker ear{"127.0.0.1:0"};
        std::vector<Address> known;
        for (std::size_t n = 0; n < count; ++n) { // every second one
            known.push_back(*parse_address("127.0.7." + std::to_string(2 * (n % 127) + 1)));
            known.push_back(*parse_address("fd00::" + std::to_string(n)));
        }
        const auto sources = KnownSources::of(Family::v4, known);
        ASSERT_TRUE(sources);
        ASSERT_TRUE(attach(ear.descriptor(), beat_filter(Family::v4, &*sources)));
        for (int last = 0; last<256; last += count> 33 ? 5 : 1) {
            const auto text = "127.0.7." + std::to_string(last);
            Speaker{text + ":0"}.say(ear.endpoint(), beat);
            settle();
            const bool is_known =
                std::find(known.begin(), known.end(), *parse_address(text)) != known.end();
            EXPECT_EQ(take_one(ear.descriptor()).has_value(), is_known) << text;
        }
    }
}

TEST(SocketFilter, of_known_sources_knows_ipv6_as_well)
{
    FakeAgent made;
    const Speaker ear{"[::1]:0"};
    const Speaker agent{"[::1]:0"};
    for (const auto* known : {"::1", "fd00::1"}) {
        const std::vector<Address> addresses{*parse_address("fd12:3456:789a::77"),
                                             *parse_address(known), *parse_address("0.0.0.1")};
        const auto sources = KnownSources::of(Family::v6, addresses);
        ASSERT_TRUE(attach(ear.descriptor(), beat_filter(Family::v6, &*sources)));
        agent.say(ear.endpoint(), made.beat());
        settle();
        EXPECT_EQ(take_one(ear.descriptor()).has_value(), std::string{known} == "::1");
    }
}

TEST(SocketFilter, as_many_sources_as_allowed_are_one_program_and_one_more_is_refused)
{
    std::vector<Address> known;
    for (std::size_t n = 0; n < KnownSources::at_most; ++n) {
        known.push_back(*parse_address("10." + std::to_string(n / 65536) + "." +
                                       std::to_string(n / 256 % 256) + "." +
                                       std::to_string(n % 256)));
    }
    known.push_back(known.front());
    const auto sources = KnownSources::of(Family::v4, known);
    ASSERT_TRUE(sources) << "twice the same is one";
    for (const auto& code :
         {beat_filter(Family::v4, &*sources), raw_filter(Family::v6, 1, &*sources)}) {
        EXPECT_LE(code.size(), static_cast<std::size_t>(BPF_MAXINSNS));
    }
    known.push_back(*parse_address("192.0.2.1"));
    EXPECT_FALSE(KnownSources::of(Family::v4, known));
    EXPECT_TRUE(KnownSources::of(Family::v6, known)) << "each family by itself";
}

TEST(SocketFilter, that_the_kernel_refuses_leaves_none_behind)
{
    const Pipe pipe;
    ASSERT_TRUE(attach(pipe.descriptor(), ping_filter(Family::v4, nullptr)));
    EXPECT_FALSE(pipe.lets_through(Bytes(4)));
    EXPECT_FALSE(
        attach(pipe.descriptor(), FilterCode(5000, sock_filter{BPF_RET | BPF_K, 0, 0, 0})));
    EXPECT_TRUE(pipe.lets_through(Bytes(4)));
}

} // namespace
} // namespace knell::monitor
