// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/heartbeat_key.hpp"
#include "monitor/heartbeat_packet.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <string>

namespace knell::monitor {
namespace {

const Secret key{std::string(32, 'k')};

HeartbeatPacket example()
{
    HeartbeatPacket packet;
    packet.kind = HeartbeatPacket::Kind::beat;
    packet.nova_compute = true;
    packet.host = host_tag(HostId{"compute1"});
    packet.boot.fill(1);
    packet.session.fill(2);
    packet.sequence = 0x0102030405060708;
    packet.uptime = 99;
    packet.nonce.fill(3);
    packet.system_uuid = Bytes16{4};
    return packet;
}

TEST(HeartbeatSeal, opens_what_it_sealed)
{
    HeartbeatSeal seal{key};
    auto packet = example();
    for (const auto kind : {HeartbeatPacket::Kind::beat, HeartbeatPacket::Kind::goodbye,
                            HeartbeatPacket::Kind::challenge}) {
        packet.kind = kind;
        EXPECT_EQ(seal.open(seal.seal(packet)), packet);
    }
    packet.system_uuid.reset();
    packet.libvirt = true;
    packet.nova_compute = false;
    EXPECT_EQ(seal.open(seal.seal(packet)), packet);
}

TEST(HeartbeatSeal, the_layout_is_the_documented_one)
{
    HeartbeatSeal seal{key};
    const auto bytes = seal.seal(example());
    EXPECT_EQ(std::string(bytes.begin(), bytes.begin() + 4), "KNLL");
    EXPECT_EQ(bytes[4], 1);
    EXPECT_EQ(bytes[5], 1);
    EXPECT_EQ(bytes[7], 1 | 4);
    EXPECT_EQ(bytes[24], 1);
    EXPECT_EQ(bytes[40], 2);
    EXPECT_EQ(bytes[56], 1);
    EXPECT_EQ(bytes[63], 8);
    EXPECT_EQ(bytes[71], 99);
    EXPECT_EQ(bytes[72], 3);
    EXPECT_EQ(bytes[88], 4);
}

TEST(HeartbeatSeal, every_changed_bit_is_noticed)
{
    HeartbeatSeal seal{key};
    const auto good = seal.seal(example());
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        auto bad = good;
        bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1 << (bit % 8)));
        EXPECT_FALSE(seal.open(bad)) << bit;
    }
    EXPECT_TRUE(seal.open(good)) << "and the seal is none the worse for it";
}

TEST(HeartbeatSeal, any_other_length_is_refused)
{
    HeartbeatSeal seal{key};
    const auto good = seal.seal(example());
    std::vector<std::uint8_t> bytes(good.begin(), good.end());
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        EXPECT_FALSE(seal.open(std::span{bytes}.first(size)));
        EXPECT_FALSE(claimed_host(std::span{bytes}.first(size)));
    }
    bytes.push_back(0);
    EXPECT_FALSE(seal.open(bytes));
    EXPECT_FALSE(claimed_host(bytes));
}

TEST(HeartbeatSeal, another_hosts_key_does_not_open_it)
{
    HeartbeatSeal ours{derive_heartbeat_key(key, HostId{"compute1"})};
    HeartbeatSeal theirs{derive_heartbeat_key(key, HostId{"compute2"})};
    EXPECT_FALSE(ours.open(theirs.seal(example())));
}

TEST(HeartbeatSeal, an_unknown_kind_is_refused_though_it_is_signed)
{
    HeartbeatSeal seal{key};
    auto packet = example();
    for (const int kind : {0, 4, 255}) {
        packet.kind = static_cast<HeartbeatPacket::Kind>(kind);
        const auto bytes = seal.seal(packet);
        EXPECT_TRUE(seal.genuine(bytes));
        EXPECT_FALSE(seal.open(bytes));
    }
}

TEST(HeartbeatSeal, noise_is_never_genuine)
{
    HeartbeatSeal seal{key};
    std::mt19937 random{1}; // NOLINT: the same noise every time
    std::uniform_int_distribution<int> byte{0, 255};
    for (std::size_t round = 0; round < 20000; ++round) {
        std::vector<std::uint8_t> noise(round % 2 == 0 ? heartbeat_size : round % 300);
        std::generate(noise.begin(), noise.end(),
                      [&] { return static_cast<std::uint8_t>(byte(random)); });
        EXPECT_FALSE(seal.open(noise));
        EXPECT_FALSE(claimed_host(noise));
    }
}

TEST(HeartbeatKey, agrees_with_hkdf_computed_elsewhere)
{
    // openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt hexkey:0b0b... (32 bytes)
    //     -kdfopt info:"knell heartbeat compute1" HKDF
    const Secret site{std::string(32, '\x0b')};
    EXPECT_EQ(key_text(derive_heartbeat_key(site, HostId{"compute1"})).reveal(),
              "1b65fe6bc11fd2ea28e849192abbcc76265701074c163c6a0c56c93b86f04493");
}

TEST(HeartbeatKey, differs_from_host_to_host_and_from_site_to_site)
{
    const Secret other{std::string(32, 'x')};
    const auto one = derive_heartbeat_key(key, HostId{"compute1"});
    EXPECT_EQ(one.reveal(), derive_heartbeat_key(key, HostId{"compute1"}).reveal());
    EXPECT_NE(one.reveal(), derive_heartbeat_key(key, HostId{"compute11"}).reveal());
    EXPECT_NE(one.reveal(), derive_heartbeat_key(other, HostId{"compute1"}).reveal());
}

TEST(HeartbeatKey, is_read_as_it_is_written)
{
    const auto text = key_text(key);
    EXPECT_EQ(parse_key(text.reveal())->reveal(), key.reveal());
    EXPECT_EQ(parse_key(std::string{text.reveal()} + "\n")->reveal(), key.reveal());
    std::string upper = "ABCDEF";
    upper.resize(64, '0');
    EXPECT_TRUE(parse_key(upper));
}

TEST(HeartbeatKey, anything_but_64_digits_is_refused)
{
    const std::string digits(64, 'a');
    for (const auto& text : {std::string{}, digits.substr(1), digits + "a", digits + "\n\n",
                             digits.substr(1) + "g", " " + digits.substr(1)}) {
        EXPECT_FALSE(parse_key(text)) << text;
    }
}

TEST(Uuid, is_read_as_it_is_written)
{
    const std::string text = "0f0e0d0c-0b0a-0908-0706-050403020100";
    EXPECT_EQ(to_uuid(*parse_uuid(text)), text);
    EXPECT_EQ(to_uuid(*parse_uuid("0F0E0D0C-0B0A-0908-0706-050403020100\n")), text);
    for (const char* bad :
         {"", "0f0e0d0c", "0f0e0d0c-0b0a-0908-0706-05040302010g",
          "0f0e0d0c00b0a-0908-0706-050403020100", "-0f0e0d0c0b0a-0908-0706-050403020100"}) {
        EXPECT_FALSE(parse_uuid(bad)) << bad;
    }
}

TEST(HostTag, names_that_differ_in_anything_have_different_tags)
{
    EXPECT_NE(host_tag(HostId{"compute1"}), host_tag(HostId{"Compute1"}));
    EXPECT_NE(host_tag(HostId{"compute1"}), host_tag(HostId{"compute1.example.org"}));
}

} // namespace
} // namespace knell::monitor
