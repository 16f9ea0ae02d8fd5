// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/inspection.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace knell::fencing::ipmi {
namespace {

using testing::HasSubstr;

TEST(Inspection, operator_and_administrator_may_power_off_user_and_callback_may_not)
{
    EXPECT_EQ(suffices_to_power_off(1), false);
    EXPECT_EQ(suffices_to_power_off(2), false);
    EXPECT_EQ(suffices_to_power_off(3), true);
    EXPECT_EQ(suffices_to_power_off(4), true);
}

TEST(Inspection, no_other_privilege_is_known)
{
    EXPECT_EQ(suffices_to_power_off(0), std::nullopt);
    for (unsigned level = 5; level < 256; ++level) {
        EXPECT_EQ(suffices_to_power_off(static_cast<std::uint8_t>(level)), std::nullopt) << level;
    }
}

TEST(Inspection, the_restore_policy_is_two_bits_whatever_the_others_say)
{
    for (const unsigned others : {0x00U, 0x01U, 0x1fU, 0x80U, 0x9fU}) {
        const auto byte = [=](unsigned policy) {
            return static_cast<std::uint8_t>(others | policy << 5);
        };
        EXPECT_EQ(restore_policy(byte(0)), "always-off");
        EXPECT_EQ(restore_policy(byte(1)), "previous");
        EXPECT_EQ(restore_policy(byte(2)), "always-on");
        EXPECT_EQ(restore_policy(byte(3)), std::nullopt) << "the BMC does not know";
    }
}

TEST(Inspection, every_policy_is_one_and_nothing_else_is)
{
    for (unsigned policy = 0; policy < 3; ++policy) {
        EXPECT_TRUE(is_restore_policy(*restore_policy(static_cast<std::uint8_t>(policy << 5))));
    }
    for (const char* word : {"", "unknown", "on", "Previous", "previous "}) {
        EXPECT_FALSE(is_restore_policy(word)) << word;
    }
}

TEST(Inspection, the_words_tell_yes_no_and_unknown_apart)
{
    const auto good = words_of({true, false, "always-off"});
    EXPECT_THAT(good, HasSubstr("may power off"));
    EXPECT_THAT(good, HasSubstr("always-off"));
    EXPECT_THAT(good, HasSubstr("cipher suite 0 refused"));
    const auto bad = words_of({false, true, "always-on"});
    EXPECT_THAT(bad, HasSubstr("may not power off"));
    EXPECT_THAT(bad, HasSubstr("cipher suite 0 ACCEPTED"));
    const auto unknown = words_of({});
    EXPECT_THAT(unknown, HasSubstr("does not say whether we may power off"));
    EXPECT_THAT(unknown, HasSubstr("does not say what it does"));
    EXPECT_THAT(unknown, HasSubstr("cipher suite 0 not known"));
}

} // namespace
} // namespace knell::fencing::ipmi
