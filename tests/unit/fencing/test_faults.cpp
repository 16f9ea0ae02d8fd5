// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/faults.hpp"

#include <gtest/gtest.h>

namespace knell::fencing::ipmi {
namespace {

TEST(Faults, a_refused_login_is_told_from_everything_else)
{
    for (const int errnum : {4, 5, 6, 7, 8}) {
        EXPECT_EQ(fault_of(errnum), PowerFault::wrong_credentials) << errnum;
    }
}

TEST(Faults, no_refused_login_leads_to_another_cipher_suite)
{
    for (const int errnum : {4, 5, 6, 7, 8, 11, 12, 13, 14, 27, 0}) {
        EXPECT_FALSE(suite_refused(errnum)) << errnum;
        EXPECT_FALSE(suite_perhaps_refused(errnum)) << errnum;
    }
    EXPECT_TRUE(suite_refused(10));
}

TEST(Faults, what_may_be_a_refused_login_is_not_called_a_refused_suite)
{
    for (const int errnum : {25, 32}) {
        EXPECT_FALSE(suite_refused(errnum)) << errnum;
        EXPECT_TRUE(suite_perhaps_refused(errnum)) << errnum;
    }
}

TEST(Faults, a_refused_privilege_is_told_from_a_refused_password)
{
    for (int errnum = -2; errnum < 64; ++errnum) {
        EXPECT_EQ(privilege_refused(errnum), errnum == 8) << errnum;
    }
}

TEST(Faults, no_session_slot_is_busy)
{
    EXPECT_EQ(fault_of(27), PowerFault::busy);
}

TEST(Faults, whatever_was_not_an_answer_is_silence)
{
    for (const int errnum : {0, 11, 13, 14, 20, 21, 28, 33, 34, 999, -1}) {
        EXPECT_EQ(fault_of(errnum), PowerFault::silent) << errnum;
    }
}

TEST(Faults, no_error_number_means_that_all_is_well)
{
    for (int errnum = -2; errnum < 64; ++errnum) {
        EXPECT_NE(fault_of(errnum), PowerFault::none) << errnum;
    }
}

} // namespace
} // namespace knell::fencing::ipmi
