// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/udp_overflows.hpp"

#include <gtest/gtest.h>
#include <string>

namespace knell::monitor {
namespace {

TEST(UdpOverflows, of_ipv4_are_two_columns_found_by_their_names)
{
    EXPECT_EQ(udp_overflows(Family::v4,
                            "Icmp: InMsgs RcvbufErrors\nIcmp: 1 99\n"
                            "Udp: InDatagrams InErrors RcvbufErrors InCsumErrors MemErrors\n"
                            "Udp: 7000 900 5 800 2\n"
                            "UdpLite: InDatagrams RcvbufErrors\nUdpLite: 0 44\n"),
              (UdpOverflows{.queue = 5, .memory = 2}));
}

TEST(UdpOverflows, of_ipv6_are_lines)
{
    EXPECT_EQ(udp_overflows(Family::v6,
                            "Ip6InReceives\t3\nUdp6RcvbufErrors \t11\n"
                            "Udp6InCsumErrors 400\nUdp6MemErrors 1\nUdpLite6InErrors 9\n"),
              (UdpOverflows{.queue = 11, .memory = 1}));
}

TEST(UdpOverflows, an_older_kernel_has_no_column_of_memory_errors)
{
    EXPECT_EQ(udp_overflows(Family::v4, "Udp: InDatagrams RcvbufErrors\nUdp: 1 6\n"),
              (UdpOverflows{.queue = 6, .memory = 0}));
}

TEST(UdpOverflows, what_is_no_such_file_says_nothing)
{
    for (const std::string text :
         {"", "\n", "Udp:", "Udp: \nUdp: \n", "Udp: RcvbufErrors\n", "Udp: RcvbufErrors\nUdp: -1\n",
          "Udp: RcvbufErrors\nUdp: 1x\n", "Udp6RcvbufErrors", "Udp6RcvbufErrors x\n"}) {
        EXPECT_EQ(udp_overflows(Family::v4, text), std::nullopt) << text;
        EXPECT_EQ(udp_overflows(Family::v6, text), std::nullopt) << text;
    }
}

TEST(UdpOverflows, this_kernel_counts_them)
{
    EXPECT_TRUE(udp_overflows(Family::v4).has_value());
    EXPECT_TRUE(udp_overflows(Family::v6).has_value());
}

} // namespace
} // namespace knell::monitor
