// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/settled_off.hpp"

#include <gtest/gtest.h>

namespace knell::fencing::ipmi {
namespace {

constexpr Instant at(Duration since)
{
    return Instant{since};
}

TEST(SettledOff, enough_readings_over_the_settling_time_are_believed)
{
    SettledOff settled{3, 2s};
    EXPECT_FALSE(settled.on_reading(at(10s), PowerState::off));
    EXPECT_FALSE(settled.on_reading(at(11s), PowerState::off));
    EXPECT_TRUE(settled.on_reading(at(12s), PowerState::off));
}

TEST(SettledOff, many_readings_in_too_short_a_time_are_not)
{
    SettledOff settled{3, 2s};
    for (int i = 0; i < 20; ++i) {
        EXPECT_FALSE(settled.on_reading(at(10s + i * 100ms - 1ms * (i == 20)), PowerState::off));
    }
    EXPECT_TRUE(settled.on_reading(at(12s), PowerState::off));
}

TEST(SettledOff, two_readings_far_apart_are_not)
{
    SettledOff settled{3, 2s};
    EXPECT_FALSE(settled.on_reading(at(10s), PowerState::off));
    EXPECT_FALSE(settled.on_reading(at(20s), PowerState::off));
    EXPECT_TRUE(settled.on_reading(at(21s), PowerState::off));
}

TEST(SettledOff, a_silence_between_two_off_readings_starts_the_count_again)
{
    for (const auto other : {PowerState::unknown, PowerState::on}) {
        SettledOff settled{2, 1s};
        EXPECT_FALSE(settled.on_reading(at(10s), PowerState::off));
        EXPECT_FALSE(settled.on_reading(at(11s), other));
        EXPECT_FALSE(settled.on_reading(at(12s), PowerState::off));
        EXPECT_TRUE(settled.on_reading(at(13s), PowerState::off));
    }
}

} // namespace
} // namespace knell::fencing::ipmi
