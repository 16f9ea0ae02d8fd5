// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/flood_notice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace knell {
namespace {

using Kind = monitor::FloodNews::Kind;

TEST(FloodNotice, warns_of_a_flood_wakes_somebody_for_losses_and_says_when_it_is_over)
{
    const auto flooded = notice_of({Kind::flooded, "heartbeats over IPv4"});
    EXPECT_EQ(flooded.id, "VANTAGE_FLOODED");
    EXPECT_EQ(flooded.weight, Notice::Weight::warning);
    EXPECT_THAT(flooded.text, testing::StartsWith("heartbeats over IPv4: more than 2000 packets"));
    const auto overrun = notice_of({Kind::overrun, "ICMP over IPv6"});
    EXPECT_EQ(overrun.id, "VANTAGE_OVERRUN");
    EXPECT_EQ(overrun.weight, Notice::Weight::alarm);
    EXPECT_THAT(overrun.text, testing::StartsWith("ICMP over IPv6: what hosts sent is lost"));
    const auto over = notice_of({Kind::over, "ICMP over IPv6"});
    EXPECT_EQ(over.id, "VANTAGE_CALM");
    EXPECT_EQ(over.weight, Notice::Weight::info);
    EXPECT_EQ(over.text, "ICMP over IPv6: the flood is over");
}

} // namespace
} // namespace knell
