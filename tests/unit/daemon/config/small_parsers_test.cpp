// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/address.hpp"
#include "daemon/config/duration_text.hpp"
#include "daemon/config/nearest.hpp"

#include <array>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace knell::config {
namespace {

TEST(DurationText, needs_a_whole_number_and_a_unit)
{
    EXPECT_EQ(parse_duration("200ms"), 200ms);
    EXPECT_EQ(parse_duration("5s"), 5s);
    EXPECT_EQ(parse_duration("10m"), 10min);
    EXPECT_EQ(parse_duration("2h"), 2h);
    EXPECT_EQ(parse_duration("1d"), 24h);
    EXPECT_EQ(parse_duration("250us"), 250us);
    EXPECT_EQ(parse_duration("0s"), 0s);
    for (const char* text :
         {"", "5", "s", "5 s", " 5s", "5s ", "+5s", "-5s", "1.5s", "5S", "5sec", "5min", "1e3s",
          "0x5s", "99999999999999999999s", "3651d", "9223372036854775807d", "5s5s"}) {
        EXPECT_EQ(parse_duration(text), std::nullopt) << text;
    }
}

TEST(DurationText, is_written_in_the_largest_unit_that_loses_nothing)
{
    EXPECT_EQ(to_text(0s), "0s");
    EXPECT_EQ(to_text(90s), "90s");
    EXPECT_EQ(to_text(120s), "2m");
    EXPECT_EQ(to_text(1500ms), "1500ms");
    EXPECT_EQ(to_text(48h), "2d");
    EXPECT_EQ(to_text(1us), "1us");
}

TEST(DurationText, reads_back_what_it_has_written)
{
    EXPECT_TRUE(rc::check([] {
        const Duration duration{*rc::gen::inRange<Duration::rep>(0, 300'000'000'000'000)};
        RC_ASSERT(parse_duration(to_text(duration)) == duration);
    }));
}

TEST(Nearest, finds_the_word_that_was_meant)
{
    const std::vector<std::string> words{"settle", "readings", "poll", "per_device", "reply"};
    EXPECT_EQ(nearest("setle", words), "settle");
    EXPECT_EQ(nearest("raedings", words), "readings");
    EXPECT_EQ(nearest("perdevice", words), "per_device");
    EXPECT_EQ(nearest("pol", words), "poll");
    EXPECT_EQ(nearest("colour", words), std::nullopt);
    EXPECT_EQ(nearest("", words), std::nullopt);
    EXPECT_EQ(nearest(std::string(100'000, 's'), words), std::nullopt);
}

bool good(std::string_view text)
{
    return std::holds_alternative<Address>(parse_address(text));
}

TEST(Address, is_numeric_and_of_one_machine)
{
    for (const char* text :
         {"10.0.0.1", "127.0.0.1", "192.0.2.255", "fd00::1", "::1", "2001:db8::ff"}) {
        EXPECT_TRUE(good(text)) << text;
    }
    for (const char* text : {"",
                             "host",
                             "10.0.0",
                             "10.0.0.256",
                             "010.0.0.1",
                             "10.0.0.1 ",
                             "10.0.0.1/32",
                             "0.0.0.0",
                             "0.1.2.3",
                             "224.0.0.1",
                             "255.255.255.255",
                             "240.0.0.1",
                             "::",
                             "ff02::1",
                             "fe80::1",
                             "fe80::1%eth0",
                             "::ffff:10.0.0.1",
                             "::10.0.0.1",
                             "[::1]",
                             "10.0.0.1:80",
                             "1",
                             "0x7f.1"}) {
        EXPECT_FALSE(good(text)) << text;
    }
}

TEST(Address, has_one_spelling)
{
    EXPECT_EQ(std::get<Address>(parse_address("FD00:0:0::00a1")).text, "fd00::a1");
    EXPECT_TRUE(std::get<Address>(parse_address("fd00::1")).v6);
    EXPECT_FALSE(std::get<Address>(parse_address("10.0.0.1")).v6);
}

TEST(ListenAddress, is_an_address_and_a_port)
{
    EXPECT_EQ(std::get<ListenAddress>(parse_listen("0.0.0.0:7412")),
              (ListenAddress{"0.0.0.0", 7412}));
    EXPECT_EQ(std::get<ListenAddress>(parse_listen("[::]:1")), (ListenAddress{"::", 1}));
    EXPECT_TRUE(std::get<ListenAddress>(parse_listen("[fd00::1]:65535")).v6());
    for (const char* text :
         {"", ":7412", "0.0.0.0", "0.0.0.0:", "0.0.0.0:0", "0.0.0.0:65536", "::7412", "[0.0.0.0]:1",
          "localhost:1", "*:1", "0.0.0.0:+1", "[::]:12x"}) {
        EXPECT_TRUE(std::holds_alternative<NotAnAddress>(parse_listen(text))) << text;
    }
}

} // namespace
} // namespace knell::config
