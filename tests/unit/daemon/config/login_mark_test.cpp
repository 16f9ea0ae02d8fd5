// SPDX-License-Identifier: GPL-3.0-or-later
// The mark of a login, by which a journal tells whether a refused password was changed since.
#include "daemon/config/login_mark.hpp"

#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace knell::config {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

fencing::IpmiDevice device(const std::string& password = "correct horse")
{
    return {DeviceId{"bmc1"},
            "192.0.2.11",
            623,
            "knell",
            Secret{password},
            std::nullopt,
            {17, 3},
            fencing::Privilege::operator_level,
            {}};
}

std::string mark(const fencing::IpmiDevice& one)
{
    return login_mark(one).get();
}

TEST(LoginMark, the_same_login_always_has_the_same_mark)
{
    EXPECT_EQ(mark(device()), mark(device()));
}

TEST(LoginMark, another_password_usually_has_another_mark)
{
    std::set<std::string> marks;
    unsigned unnoticed = 0;
    for (unsigned change = 0; change < 1000; ++change) {
        const auto now = mark(device("secret " + std::to_string(change)));
        unnoticed += now == mark(device("secret " + std::to_string(change + 1))) ? 1 : 0;
        marks.insert(now);
    }
    EXPECT_LT(unnoticed, 20U) << "one in 256";
    EXPECT_GT(marks.size(), 240U);
}

TEST(LoginMark, whatever_belongs_to_the_login_changes_the_mark)
{
    using Change = std::function<void(fencing::IpmiDevice&)>;
    const std::vector<Change> changes{
        [](auto& one) { one.address = "192.0.2.12"; },
        [](auto& one) { one.port = 6230; },
        [](auto& one) { one.username = "fence"; },
        [](auto& one) { one.privilege = fencing::Privilege::administrator; },
        [](auto& one) { one.k_g = Secret{"0123456789"}; },
    };
    for (std::size_t which = 0; which < changes.size(); ++which) {
        auto changed = device();
        changes[which](changed);
        EXPECT_NE(mark(changed), mark(device())) << which;
    }
}

TEST(LoginMark, what_moves_from_one_field_to_the_next_is_another_login)
{
    auto one = device("bc");
    one.username = "a";
    auto other = device("c");
    other.username = "ab";
    EXPECT_NE(mark(one), mark(other));
}

TEST(LoginMark, the_name_of_the_device_is_no_part_of_the_login)
{
    auto renamed = device();
    renamed.id = DeviceId{"bmc-of-compute1"};
    EXPECT_EQ(mark(renamed), mark(device()));
}

TEST(LoginMark, it_says_eight_bits_and_never_the_secret)
{
    EXPECT_THAT(mark(device("a7")), MatchesRegex("login [0-9a-f][0-9a-f]"));
    EXPECT_THAT(mark(device("correct horse")), Not(HasSubstr("correct horse")));
}

} // namespace
} // namespace knell::config
