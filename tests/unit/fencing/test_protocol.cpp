// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/protocol.hpp"
#include "fencing/lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace knell::fencing::ipmi {
namespace {

using testing::HasSubstr;
using testing::Not;

const SystemUuid uuid{"00112233-4455-6677-8899-aabbccddeeff"};

IpmiDevice device_with_password(std::string password)
{
    return {.id = DeviceId{"compute1-bmc"},
            .address = "fe80::11%eth0",
            .port = 6230,
            .username = "knell user",
            .password = Secret{std::move(password)},
            .k_g = Secret{std::string("k\0g", 3)},
            .cipher_suites = {17, 3},
            .privilege = Privilege::administrator,
            .workarounds = {"opensesspriv", "sun20"},
            .session_timeout = 5900ms,
            .retransmission_timeout = 1s};
}

std::string device_line()
{
    return std::string{write_device(device_with_password("s3cret")).reveal()};
}

std::string with(std::string line, std::string_view from, std::string_view to)
{
    const auto at = line.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return line.replace(at, from.size(), to);
}

TEST(Protocol, a_device_survives_the_journey)
{
    const auto before = device_with_password(" %=\n\x7f\xff,");
    const auto after = read_device(write_device(before).reveal());
    ASSERT_TRUE(after) << after.error().text;
    EXPECT_EQ(after->address, before.address);
    EXPECT_EQ(after->port, before.port);
    EXPECT_EQ(after->username, before.username);
    EXPECT_EQ(after->password.reveal(), before.password.reveal());
    ASSERT_TRUE(after->k_g);
    EXPECT_EQ(after->k_g->reveal(), before.k_g->reveal());
    EXPECT_EQ(after->cipher_suites, before.cipher_suites);
    EXPECT_EQ(after->privilege, before.privilege);
    EXPECT_EQ(after->workarounds, before.workarounds);
    EXPECT_EQ(after->session_timeout, before.session_timeout);
    EXPECT_EQ(after->retransmission_timeout, before.retransmission_timeout);
}

TEST(Protocol, the_longest_device_fits_into_a_line)
{
    auto device = device_with_password(std::string(20, '\xff'));
    device.username.assign(16, '\xff');
    device.k_g = Secret{std::string(20, '\0')};
    device.address = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%enp0s31f6abcdef";
    device.cipher_suites = {17, 16, 15, 12, 11, 8, 7, 6};
    device.workarounds = {"authcap",         "intel20",      "supermicro20",
                          "sun20",           "opensesspriv", "integritycheckvalue",
                          "nochecksumcheck", "none"};
    const auto line = write_device(device);
    EXPECT_LE(line.reveal().size(), Lines::longest);
    EXPECT_TRUE(read_device(line.reveal()));
}

TEST(Protocol, a_device_without_k_g_has_none_on_the_other_side)
{
    auto device = device_with_password("x");
    device.k_g.reset();
    EXPECT_FALSE(read_device(write_device(device).reveal())->k_g);
}

TEST(Protocol, a_hostile_or_damaged_device_line_is_refused)
{
    const auto good = device_line();
    ASSERT_TRUE(read_device(good));
    for (const auto& bad : {std::string{},
                            std::string{" "},
                            good + " ",
                            good + " more=1",
                            " " + good,
                            with(good, "ipmi 1", "ipmi 2"),
                            with(good, " port", "  port"),
                            with(good, "6230", "0"),
                            with(good, "6230", "65536"),
                            with(good, "6230", "+623"),
                            with(good, "6230", "06230"),
                            with(good, "suites=17,3", "suites=17,0"),
                            with(good, "suites=17,3", "suites="),
                            with(good, "suites=17,3", "suites=17,"),
                            with(good, "administrator", "root"),
                            with(good, "opensesspriv", "idzero"),
                            with(good, "session=5900", "session=0"),
                            with(good, "session=5900", "session=99999999999999999999"),
                            with(good, "retransmission=1000", "retransmission=5900"),
                            with(good, "s3cret", "s3 cret"),
                            with(good, "s3cret", "s3%cret"),
                            with(good, "s3cret", "s3%2"),
                            with(good, "s3cret", "s3%"),
                            with(good, "s3cret", "%00"),
                            with(good, "s3cret", "%41"),
                            with(good, "s3cret", "%2a"),
                            with(good, "s3cret", ""),
                            with(good, "s3cret", std::string(21, 'x')),
                            with(good, "password=", "passwort="),
                            with(good, "address=", "address"),
                            with(good, "%25eth0", "%25"),
                            with(good, "fe80::11%25eth0", "bmc.example.org")}) {
        EXPECT_FALSE(read_device(bad)) << bad;
    }
}

TEST(Protocol, no_complaint_quotes_the_line)
{
    const auto good = device_line();
    for (const auto& bad : {good + " ", with(good, "6230", "x"), with(good, "17,3", "0")}) {
        EXPECT_THAT(read_device(bad).error().text, Not(HasSubstr("s3cret")));
    }
}

TEST(Protocol, a_request_survives_the_journey)
{
    for (const auto action :
         {PowerAction::prepare, PowerAction::off, PowerAction::read, PowerAction::on}) {
        const Request named{action, AttemptId{18446744073709551615U}, uuid};
        EXPECT_EQ(*read_request(write_request(named)), named);
        const Request waived{action, AttemptId{0}, std::nullopt};
        EXPECT_EQ(*read_request(write_request(waived)), waived);
    }
    EXPECT_EQ(write_request({PowerAction::off, AttemptId{8}, uuid}),
              "off 8 identity=00112233-4455-6677-8899-aabbccddeeff");
    EXPECT_EQ(write_request({PowerAction::read, AttemptId{9}, {}}), "read 9 identity=waived");
    EXPECT_EQ(write_request({PowerAction::on, AttemptId{10}, {}}), "on 10 identity=waived");
}

TEST(Protocol, an_inspection_is_asked_for_with_the_time_that_it_may_take)
{
    for (const auto patience : {Duration{1ms}, Duration{8s}, longest_patience}) {
        const Request request{PowerAction::inspect, AttemptId{11}, uuid, patience};
        ASSERT_TRUE(read_request(write_request(request)));
        EXPECT_EQ(*read_request(write_request(request)), request);
    }
    EXPECT_EQ(write_request({PowerAction::inspect, AttemptId{11}, {}, 8s}),
              "inspect 11 identity=waived patience=8000");
    for (const char* bad :
         {"inspect 11 identity=waived", "inspect 11 identity=waived ",
          "inspect 11 identity=waived patience=", "inspect 11 patience=8000",
          "inspect 11 identity=waived patience=0", "inspect 11 identity=waived patience=08000",
          "inspect 11 identity=waived patience=-1", "inspect 11 identity=waived patience=8s",
          "inspect 11 identity=waived patience=600001",
          "inspect 11 identity=waived patience=99999999999999999999",
          "inspect 11 identity=waived patience=8000 ", "inspect 11 patience=8000 identity=waived",
          "off 11 identity=waived patience=8000"}) {
        EXPECT_FALSE(read_request(bad)) << bad;
    }
}

TEST(Protocol, there_is_no_word_for_cycle_reset_or_a_forgotten_identity)
{
    for (const char* bad : {"",
                            "cycle 1 identity=waived",
                            "reset 1 identity=waived",
                            "on 1",
                            "ON 1 identity=waived",
                            "soft 1 identity=waived",
                            "OFF 1 identity=waived",
                            "off 1",
                            "off 1 ",
                            "off 1 identity=",
                            "off 1 identity",
                            "off identity=waived",
                            "off -1 identity=waived",
                            "off 01 identity=waived",
                            "off 18446744073709551616 identity=waived",
                            "off 1 identity=waived ",
                            "off 1 identity=waived off",
                            "off  1 identity=waived",
                            "off 1 identity=0011",
                            "off 1 identity=WAIVED",
                            "off 1 guid=waived",
                            "off\t1 identity=waived",
                            "off 1 identity=00112233-4455-6677-8899-aabbccddeef%66"}) {
        EXPECT_FALSE(read_request(bad)) << bad;
    }
    EXPECT_FALSE(read_request(std::string("off 1 identity=waived\0", 22)));
    EXPECT_FALSE(read_request("off 1 identity=" + std::string(2000, 'a')));
}

TEST(Protocol, a_reply_survives_the_journey)
{
    const PowerReply off{AttemptId{9}, PowerState::off, PowerFault::none, "chassis is off"};
    EXPECT_EQ(write_reply(off), "reply 9 off none chassis%20is%20off");
    const auto after = read_reply(write_reply(off));
    ASSERT_TRUE(after);
    EXPECT_EQ(after->attempt, off.attempt);
    EXPECT_EQ(after->state, off.state);
    EXPECT_EQ(after->fault, off.fault);
    EXPECT_EQ(after->detail, off.detail);
    for (const auto fault :
         {PowerFault::none, PowerFault::silent, PowerFault::refused, PowerFault::busy,
          PowerFault::wrong_credentials, PowerFault::wrong_identity}) {
        EXPECT_EQ(read_reply(write_reply({AttemptId{1}, PowerState::unknown, fault, ""}))->fault,
                  fault);
    }
}

TEST(Protocol, what_an_inspection_found_survives_the_journey)
{
    const std::optional<bool> nothing;
    for (const auto& may : {nothing, std::optional{true}, std::optional{false}}) {
        for (const auto& zero : {nothing, std::optional{true}, std::optional{false}}) {
            for (const char* policy : {"", "always-on", "previous", "always-off"}) {
                DeviceFacts facts{may, zero, {}};
                if (*policy) {
                    facts.on_restore = policy;
                    facts.system_guid = SystemUuid{"4c4c4544-0034-4310-8051-b4c04f4e3132"};
                }
                const PowerReply before{AttemptId{11}, PowerState::unknown, PowerFault::none,
                                        "session open", facts};
                const auto after = read_reply(write_reply(before));
                ASSERT_TRUE(after) << write_reply(before);
                EXPECT_EQ(after->facts, before.facts);
                EXPECT_EQ(after->detail, before.detail);
            }
        }
    }
    EXPECT_EQ(write_reply({AttemptId{11}, PowerState::unknown, PowerFault::none, "ok",
                           DeviceFacts{true, {}, "always-on"}}),
              "reply 11 unknown none ok may_power_off=yes cipher_zero=unknown "
              "on_restore=always-on system_guid=unknown");
    EXPECT_FALSE(read_reply("reply 11 unknown none ok")->facts) << "none told, none made up";
}

TEST(Protocol, facts_that_nobody_can_have_found_are_refused)
{
    const std::string facts =
        " may_power_off=yes cipher_zero=no on_restore=previous system_guid=unknown";
    for (const char* good : {"none", "refused", "wrong_credentials"}) {
        EXPECT_TRUE(read_reply("reply 1 unknown " + std::string{good} + " x" + facts)) << good;
    }
    for (const char* bad : {"silent", "busy", "wrong_identity"}) {
        EXPECT_FALSE(read_reply("reply 1 unknown " + std::string{bad} + " x" + facts)) << bad;
    }
    EXPECT_FALSE(read_reply("reply 1 off none x" + facts)) << "an inspection reads no power";
    EXPECT_FALSE(read_reply("reply 1 on none x" + facts));
}

TEST(Protocol, damaged_facts_are_refused_whole)
{
    const std::string good = "reply 1 unknown none x may_power_off=yes cipher_zero=no "
                             "on_restore=previous system_guid=unknown";
    ASSERT_TRUE(read_reply(good));
    for (const auto& bad :
         {good + " ", good + " more=1", with(good, "=yes", "=maybe"), with(good, "=yes", "="),
          with(good, "=no", "=NO"), with(good, "=previous", "="), with(good, "=previous", "=on"),
          with(good, "=previous", "=" + std::string(500, 'a')), with(good, " cipher_zero=no", ""),
          with(good, " on_restore=previous", ""), with(good, " on_restore=previous", " "),
          with(good, " may_power_off=yes", ""), with(good, "x may", "x  may"),
          with(good, "may_power_off=yes cipher_zero=no", "cipher_zero=no may_power_off=yes"),
          with(good, "may_power_off", "may_power_on"), with(good, "=previous", "=previou%73"),
          with(good, " system_guid=unknown", ""), with(good, "guid=unknown", "guid=4c4c4544")}) {
        EXPECT_FALSE(read_reply(bad)) << bad;
    }
}

TEST(Protocol, the_longest_reply_fits_into_a_line)
{
    const auto line = write_reply({AttemptId{18446744073709551615U}, PowerState::unknown,
                                   PowerFault::wrong_credentials, std::string(5000, ' '),
                                   DeviceFacts{{}, {}, "always-off"}});
    EXPECT_LE(line.size(), Lines::longest);
    EXPECT_TRUE(read_reply(line));
}

TEST(Protocol, an_endless_detail_is_cut_and_a_dirty_one_is_cleaned)
{
    const auto line = write_reply(
        {AttemptId{1}, PowerState::unknown, PowerFault::silent, std::string(5000, ' ')});
    EXPECT_LE(line.size(), Lines::longest);
    EXPECT_TRUE(read_reply(line));
    EXPECT_EQ(read_reply("reply 1 unknown refused a%0Ab%1B%5B31m%FF")->detail, "a?b?[31m?");
}

TEST(Protocol, a_hostile_reply_is_no_reading)
{
    for (const char* bad : {"",
                            "reply",
                            "reply 9",
                            "reply 9 off",
                            "reply 9 off none",
                            "reply 9 off none x y",
                            "reply 9 off none x ",
                            "reply 9 off silent x",
                            "reply 9 on wrong_identity x",
                            "reply 9 maybe none x",
                            "reply 9 OFF none x",
                            "reply 9 off nothing x",
                            "reply x off none x",
                            "reply 9 off none %zz",
                            "reply 9 off none \n",
                            "Reply 9 off none x",
                            " reply 9 off none x",
                            "reply 9  off none x",
                            "reply -9 off none x",
                            "reply 9 off none\tx"}) {
        EXPECT_FALSE(read_reply(bad)) << bad;
    }
    EXPECT_TRUE(read_reply("reply 9 off none "));
}

TEST(Protocol, no_line_of_noise_is_understood_or_does_harm)
{
    std::mt19937 dice{7}; // the same noise each time
    const std::string alphabet = "reply offnw123 =%:-\n\t\\ABCF";
    for (int round = 0; round < 20'000; ++round) {
        std::string line(dice() % 60, ' ');
        for (char& c : line) {
            c = alphabet[dice() % alphabet.size()];
        }
        EXPECT_FALSE(read_device(line));
        EXPECT_FALSE(read_request(line));
        EXPECT_FALSE(read_reply(line));
    }
}

TEST(Protocol, one_damaged_byte_never_turns_a_reading_into_its_opposite)
{
    const std::string on = "reply 9 on none x";
    for (std::size_t i = 0; i < on.size(); ++i) {
        for (int byte = 0; byte < 256; ++byte) {
            auto line = on;
            line[i] = static_cast<char>(byte);
            const auto reply = read_reply(line);
            EXPECT_TRUE(!reply || reply->state != PowerState::off);
        }
    }
}

} // namespace
} // namespace knell::fencing::ipmi
