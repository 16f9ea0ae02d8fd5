// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/icmp_packet.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace knell::monitor {
namespace {

constexpr EchoProbe probe{.target = 7, .sequence = 70000, .sent_at = Instant{123456789us}};

std::vector<std::uint8_t> bytes_of(const EchoBytes& bytes)
{
    return {bytes.begin(), bytes.end()};
}

/// What the kernel of the target makes of a request: RFC 792, "Echo or Echo Reply Message".
std::vector<std::uint8_t> reply_to(Family family, const EchoBytes& request)
{
    auto reply = bytes_of(request);
    reply[0] = family == Family::v4 ? 0 : 129;
    return reply;
}

std::vector<std::uint8_t> behind(std::vector<std::uint8_t> head,
                                 const std::vector<std::uint8_t>& tail)
{
    head.insert(head.end(), tail.begin(), tail.end());
    return head;
}

std::vector<std::uint8_t> ipv4_header(std::uint8_t protocol)
{
    std::vector<std::uint8_t> header(20, 0);
    header[0] = 0x45;
    header[9] = protocol;
    return header;
}

std::vector<std::uint8_t> ipv6_header(std::uint8_t next)
{
    std::vector<std::uint8_t> header(40, 0);
    header[0] = 0x60;
    header[6] = next;
    return header;
}

TEST(Checksum, agrees_with_the_example_of_rfc_1071)
{
    const std::vector<std::uint8_t> words = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
    EXPECT_EQ(internet_checksum(words), static_cast<std::uint16_t>(~0xddf2));
}

TEST(Checksum, an_odd_byte_is_padded_with_zero)
{
    EXPECT_EQ(internet_checksum(std::vector<std::uint8_t>{0xab}),
              internet_checksum(std::vector<std::uint8_t>{0xab, 0x00}));
    EXPECT_EQ(internet_checksum({}), 0xffff);
}

TEST(EchoSeal, a_request_is_an_echo_request_with_a_good_checksum)
{
    EchoSeal seal;
    const auto v4 = seal.request(Family::v4, 0x1234, probe);
    EXPECT_EQ(v4[0], 8);
    EXPECT_EQ(v4[1], 0);
    EXPECT_EQ(v4[4], 0x12);
    EXPECT_EQ(v4[5], 0x34);
    EXPECT_EQ(internet_checksum(v4), 0);
    EXPECT_EQ(seal.request(Family::v6, 0x1234, probe)[0], 128);
}

TEST(EchoSeal, a_reply_names_its_probe)
{
    EchoSeal seal;
    for (const auto family : {Family::v4, Family::v6}) {
        const auto answer = seal.read(family, reply_to(family, seal.request(family, 1, probe)));
        const auto* reply = std::get_if<EchoReply>(&answer);
        ASSERT_NE(reply, nullptr);
        EXPECT_EQ(reply->probe, probe);
    }
}

TEST(EchoSeal, our_own_request_is_no_reply)
{
    EchoSeal seal;
    EXPECT_TRUE(
        std::holds_alternative<NotOurs>(seal.read(Family::v4, seal.request(Family::v4, 1, probe))));
}

TEST(EchoSeal, a_reply_of_the_other_family_is_not_ours)
{
    EchoSeal seal;
    EXPECT_TRUE(std::holds_alternative<NotOurs>(
        seal.read(Family::v6, reply_to(Family::v4, seal.request(Family::v4, 1, probe)))));
}

TEST(EchoSeal, a_reply_to_another_process_is_not_ours)
{
    EchoSeal ours;
    EchoSeal theirs;
    EXPECT_TRUE(std::holds_alternative<NotOurs>(
        ours.read(Family::v4, reply_to(Family::v4, theirs.request(Family::v4, 1, probe)))));
}

TEST(EchoSeal, every_changed_bit_of_the_payload_breaks_the_cookie)
{
    EchoSeal seal;
    const auto good = reply_to(Family::v4, seal.request(Family::v4, 1, probe));
    for (std::size_t bit = 8 * 8; bit < good.size() * 8; ++bit) {
        auto bad = good;
        bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_TRUE(std::holds_alternative<NotOurs>(seal.read(Family::v4, bad))) << bit;
    }
}

TEST(EchoSeal, a_cut_off_reply_is_not_ours)
{
    EchoSeal seal;
    const auto good = reply_to(Family::v4, seal.request(Family::v4, 1, probe));
    for (std::size_t size = 0; size < good.size(); ++size) {
        const std::span<const std::uint8_t> cut{good.data(), size};
        EXPECT_TRUE(std::holds_alternative<NotOurs>(seal.read(Family::v4, cut))) << size;
    }
}

TEST(EchoSeal, unreachable_names_the_probe_it_quotes)
{
    EchoSeal seal;
    const auto request = bytes_of(seal.request(Family::v4, 1, probe));
    const auto v4 = behind({3, 1, 0, 0, 0, 0, 0, 0}, behind(ipv4_header(1), request));
    const auto answer = seal.read(Family::v4, v4);
    const auto* refused = std::get_if<EchoRefused>(&answer);
    ASSERT_NE(refused, nullptr);
    EXPECT_EQ(refused->probe, probe);
    EXPECT_EQ(describe(Family::v4, *refused), "host unreachable");

    const auto request6 = bytes_of(seal.request(Family::v6, 1, probe));
    const auto v6 = behind({1, 3, 0, 0, 0, 0, 0, 0}, behind(ipv6_header(58), request6));
    const auto answer6 = seal.read(Family::v6, v6);
    ASSERT_TRUE(std::holds_alternative<EchoRefused>(answer6));
    EXPECT_EQ(describe(Family::v6, std::get<EchoRefused>(answer6)), "address unreachable");
}

TEST(EchoSeal, unreachable_about_something_else_is_not_ours)
{
    EchoSeal seal;
    const auto request = bytes_of(seal.request(Family::v4, 1, probe));
    const std::vector<std::uint8_t> head = {3, 1, 0, 0, 0, 0, 0, 0};
    EXPECT_TRUE(std::holds_alternative<NotOurs>(
        seal.read(Family::v4, behind(head, behind(ipv4_header(17), request)))));
    auto too_long = ipv4_header(1);
    too_long[0] = 0x4f;
    EXPECT_TRUE(std::holds_alternative<NotOurs>(
        seal.read(Family::v4, behind(head, behind(too_long, request)))));
    EXPECT_TRUE(std::holds_alternative<NotOurs>(seal.read(Family::v4, head)));
}

TEST(Ipv4Header, a_header_longer_than_the_packet_is_refused)
{
    auto packet = ipv4_header(1);
    EXPECT_TRUE(behind_ipv4_header(packet).empty());
    packet.push_back(9);
    EXPECT_EQ(behind_ipv4_header(packet).size(), 1U);
    packet[0] = 0x4f;
    EXPECT_TRUE(behind_ipv4_header(packet).empty());
    packet[0] = 0x44; // shorter than any header is
    EXPECT_TRUE(behind_ipv4_header(packet).empty());
    packet[0] = 0x65;
    EXPECT_TRUE(behind_ipv4_header(packet).empty());
}

TEST(EchoSeal, noise_is_never_ours)
{
    EchoSeal seal;
    std::mt19937 random{1}; // NOLINT: the same noise every time
    std::uniform_int_distribution<int> byte{0, 255};
    for (int round = 0; round < 20000; ++round) {
        std::vector<std::uint8_t> noise(static_cast<std::size_t>(round % 200));
        std::generate(noise.begin(), noise.end(),
                      [&] { return static_cast<std::uint8_t>(byte(random)); });
        if (!noise.empty()) {
            noise[0] = round % 2 == 0 ? 3 : 0;
        }
        EXPECT_TRUE(std::holds_alternative<NotOurs>(seal.read(Family::v4, noise)));
        EXPECT_TRUE(
            std::holds_alternative<NotOurs>(seal.read(Family::v4, behind_ipv4_header(noise))));
        if (!noise.empty()) {
            noise[0] = round % 2 == 0 ? 129 : 1;
        }
        EXPECT_TRUE(std::holds_alternative<NotOurs>(seal.read(Family::v6, noise)));
    }
}

} // namespace
} // namespace knell::monitor
