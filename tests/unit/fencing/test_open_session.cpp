// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/open_session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>

namespace knell::fencing::ipmi {
namespace {

using testing::ElementsAreArray;
using Verdict = OpenSessionResponse::Verdict;

constexpr std::uint8_t tag = 0x42;
constexpr std::uint32_t console = 0xa1b2c3d4;

/// What a BMC answers that opens session 0x11223344 with suite 0.
Bytes acceptance()
{
    return {0x06, 0x00, 0xff, 0x07, 0x06, 0x11, 0,    0,    0,    0,    0,    0,
            0,    0,    36,   0,                                                    // wrapper
            tag,  0x00, 0x04, 0x00, 0xd4, 0xc3, 0xb2, 0xa1, 0x44, 0x33, 0x22, 0x11, // sessions
            0,    0,    0,    8,    0,    0,    0,    0,                            // none
            1,    0,    0,    8,    0,    0,    0,    0,                            // none
            2,    0,    0,    8,    0,    0,    0,    0};                           // none
}

Bytes refusal(std::uint8_t status)
{
    return {0x06, 0x00, 0xff, 0x07, 0x06, 0x11,   0,    0,    0,    0,    0,    0,
            0,    0,    8,    0,    tag,  status, 0x00, 0x00, 0xd4, 0xc3, 0xb2, 0xa1};
}

std::optional<OpenSessionResponse> read(const Bytes& datagram)
{
    return read_open_session_response(datagram, tag, console, {});
}

TEST(OpenSession, the_request_for_suite_0_names_no_user_and_no_password)
{
    EXPECT_THAT(open_session_request(tag, console, {}),
                ElementsAreArray(Bytes{0x06, 0x00, 0xff, 0x07, 0x06, 0x10, 0,    0,
                                       0,    0,    0,    0,    0,    0,    32,   0,    //
                                       tag,  0,    0,    0,    0xd4, 0xc3, 0xb2, 0xa1, //
                                       0,    0,    0,    8,    0,    0,    0,    0,    //
                                       1,    0,    0,    8,    0,    0,    0,    0,    //
                                       2,    0,    0,    8,    0,    0,    0,    0}));
}

TEST(OpenSession, other_suites_are_named_by_their_algorithms)
{
    const auto request = open_session_request(tag, console, {3, 4, 1});
    EXPECT_EQ(request.at(28), 3);
    EXPECT_EQ(request.at(36), 4);
    EXPECT_EQ(request.at(44), 1);
}

TEST(OpenSession, an_opened_session_is_an_acceptance)
{
    const auto response = read(acceptance());
    ASSERT_TRUE(response);
    EXPECT_EQ(response->verdict, Verdict::accepted);
    EXPECT_EQ(response->managed, 0x11223344U);
}

TEST(OpenSession, a_session_with_other_algorithms_accepts_nothing_and_has_to_be_let_go)
{
    for (const std::size_t at : {32U, 40U, 48U}) {
        auto other = acceptance();
        other.at(at) = 1;
        const auto response = read(other);
        ASSERT_TRUE(response);
        EXPECT_EQ(response->verdict, Verdict::unknown);
        EXPECT_EQ(response->managed, 0x11223344U);
    }
    auto brief = acceptance();
    brief.resize(28);
    brief.at(14) = 12;
    EXPECT_EQ(read(brief)->verdict, Verdict::unknown) << "it does not say which";
}

TEST(OpenSession, only_a_refusal_of_an_algorithm_is_a_refusal)
{
    for (unsigned status = 1; status < 256; ++status) {
        const auto response = read(refusal(static_cast<std::uint8_t>(status)));
        ASSERT_TRUE(response) << status;
        const bool algorithm =
            (status >= 0x04 && status <= 0x07) || status == 0x10 || status == 0x11;
        EXPECT_EQ(response->verdict, algorithm ? Verdict::refused : Verdict::unknown) << status;
        EXPECT_EQ(response->managed, 0U);
    }
}

TEST(OpenSession, a_refusal_of_two_bytes_is_one_too)
{
    auto brief = refusal(0x04);
    brief.resize(18);
    brief.at(14) = 2;
    EXPECT_EQ(read(brief)->verdict, Verdict::refused) << "as ipmi_sim answers";
}

TEST(OpenSession, an_answer_to_another_request_is_none)
{
    for (const auto at : {0U, 3U, 4U, 5U, 14U, 15U, 16U, 20U, 23U}) {
        auto stray = acceptance();
        stray.at(at) ^= 0x40;
        EXPECT_FALSE(read(stray)) << at;
    }
}

TEST(OpenSession, a_cut_answer_is_none)
{
    for (const auto& whole : {acceptance(), refusal(0x11)}) {
        for (std::size_t size = 0; size < whole.size(); ++size) {
            EXPECT_FALSE(read({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}));
        }
    }
}

TEST(OpenSession, letting_go_is_an_error_status_and_no_proof)
{
    EXPECT_THAT(
        abandon_session(tag, 0x11223344),
        ElementsAreArray(Bytes{0x06, 0x00, 0xff, 0x07, 0x06, 0x14, 0, 0, 0,    0,    0,    0,
                               0,    0,    8,    0,    tag,  0x01, 0, 0, 0x44, 0x33, 0x22, 0x11}));
}

TEST(CipherSuites, the_request_is_as_it_may_be_sent_outside_a_session)
{
    EXPECT_THAT(cipher_suites_request(5, 1),
                ElementsAreArray(Bytes{0x06, 0x00, 0xff, 0x07, 0x00, 0,    0,    0,    0,
                                       0,    0,    0,    0,    10,   0x20, 0x18, 0xc8, //
                                       0x81, 0x14, 0x54, 0x0e, 0x00, 0x81, 0x88}));
}

/// With both checksums.
Bytes part(std::uint8_t sequence, std::uint8_t completion, const Bytes& records)
{
    Bytes message{0x81, 0x1c,      0x63, 0x20, static_cast<std::uint8_t>(sequence << 2),
                  0x54, completion};
    if (completion == 0) {
        message.push_back(1);
        message.insert(message.end(), records.begin(), records.end());
    }
    unsigned sum = 0;
    for (std::size_t i = 3; i < message.size(); ++i) {
        sum += message[i];
    }
    message.push_back(static_cast<std::uint8_t>(-sum));
    Bytes datagram{0x06, 0x00, 0xff, 0x07, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    datagram.push_back(static_cast<std::uint8_t>(message.size()));
    datagram.insert(datagram.end(), message.begin(), message.end());
    return datagram;
}

TEST(CipherSuites, a_part_is_read)
{
    const auto answer = read_cipher_suites_response(part(5, 0, {0xc0, 3, 1, 0x41, 0x81}), 5);
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->told);
    EXPECT_THAT(answer->records, ElementsAreArray(Bytes{0xc0, 3, 1, 0x41, 0x81}));
    const auto end = read_cipher_suites_response(part(5, 0, {}), 5);
    ASSERT_TRUE(end && end->told);
    EXPECT_TRUE(end->records.empty());
}

TEST(CipherSuites, a_bmc_that_does_not_tell_is_told_from_one_that_has_none)
{
    const auto answer = read_cipher_suites_response(part(5, 0xc1, {}), 5);
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->told);
    EXPECT_FALSE(read_cipher_suites_response(part(5, 0, Bytes(17, 0x40)), 5)->told)
        << "a part has 16 bytes at most";
}

TEST(CipherSuites, a_damaged_cut_or_foreign_part_is_none)
{
    const auto whole = part(5, 0, {0xc0, 3, 1, 0x41, 0x81});
    EXPECT_FALSE(read_cipher_suites_response(whole, 6));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const Bytes cut{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
        EXPECT_FALSE(read_cipher_suites_response(cut, 5));
    }
    for (const auto at : {0U, 3U, 4U, 13U, 15U, 18U, 19U, 20U, 22U, 26U}) {
        auto damaged = whole;
        damaged.at(at) ^= 0x40;
        EXPECT_FALSE(read_cipher_suites_response(damaged, 5)) << at;
    }
}

TEST(CipherSuites, suite_0_is_found_wherever_it_is_listed)
{
    const Bytes three{0xc0, 3, 0x01, 0x41, 0x81};
    const Bytes seventeen{0xc0, 17, 0x03, 0x44, 0x81};
    const Bytes zero{0xc0, 0, 0x00, 0x40, 0x80};
    const Bytes oem{0xc1, 0, 0xc0, 0x00, 0x00, 0x01, 0x41, 0x81}; // its own suite 0, IANA 0000C0h
    const auto listed = [](std::initializer_list<Bytes> records) {
        Bytes all;
        for (const auto& record : records) {
            all.insert(all.end(), record.begin(), record.end());
        }
        return lists_suite_zero(all);
    };
    EXPECT_EQ(listed({zero}), true);
    EXPECT_EQ(listed({three, seventeen, zero}), true);
    EXPECT_EQ(listed({oem, zero, three}), true);
    EXPECT_EQ(listed({three, seventeen}), false);
    EXPECT_EQ(listed({oem}), false) << "another's numbers are not the standard's";
    EXPECT_EQ(listed({{0xc0, 3, 0x01, 0x02, 0x41, 0x81}}), false) << "several of a kind";
}

TEST(CipherSuites, a_list_that_makes_no_sense_says_nothing)
{
    for (const Bytes& bad :
         {Bytes{}, Bytes{0xc0}, Bytes{0xc0, 0}, Bytes{0x00, 0x40, 0x80}, Bytes{0xc1, 1, 2, 3, 4},
          Bytes{0xc0, 3, 0x01, 0x41, 0x81, 0xc0}, Bytes{0xc0, 0, 0x00, 0x40, 0x80, 0xff, 1, 2},
          Bytes{0xc0, 3, 0xc0, 0, 0x00}}) {
        EXPECT_EQ(lists_suite_zero(bad), std::nullopt);
    }
}

TEST(CipherSuites, no_noise_is_believed_or_does_harm)
{
    std::mt19937 dice{7}; // the same noise each time
    for (int round = 0; round < 20'000; ++round) {
        Bytes noise(dice() % 80);
        for (auto& byte : noise) {
            byte = static_cast<std::uint8_t>(dice());
        }
        EXPECT_FALSE(read(noise));
        EXPECT_FALSE(read_cipher_suites_response(noise, 5));
        static_cast<void>(lists_suite_zero(noise));
    }
}

} // namespace
} // namespace knell::fencing::ipmi
