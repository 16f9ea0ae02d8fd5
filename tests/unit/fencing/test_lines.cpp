// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/lines.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <string>

namespace knell::fencing {
namespace {

void feed(Lines& lines, std::string_view bytes)
{
    ASSERT_LE(bytes.size(), lines.room_size());
    std::copy(bytes.begin(), bytes.end(), lines.room());
    lines.filled(bytes.size());
}

TEST(Lines, a_line_is_handed_out_when_it_is_whole)
{
    Lines lines;
    feed(lines, "one\ntw");
    EXPECT_EQ(lines.next(), "one");
    EXPECT_EQ(lines.next(), std::nullopt);
    feed(lines, "o\n\n");
    EXPECT_EQ(lines.next(), "two");
    EXPECT_EQ(lines.next(), "");
    EXPECT_EQ(lines.next(), std::nullopt);
}

TEST(Lines, the_longest_line_fits_and_one_more_byte_does_not)
{
    Lines lines;
    feed(lines, std::string(Lines::longest, 'x'));
    feed(lines, "\n");
    EXPECT_EQ(lines.next()->size(), Lines::longest);
    EXPECT_EQ(lines.next(), std::nullopt);
    feed(lines, std::string(Lines::longest + 1, 'x'));
    EXPECT_EQ(lines.next(), std::nullopt);
    EXPECT_EQ(lines.room_size(), 0U);
}

TEST(Lines, what_was_handed_out_is_wiped)
{
    Lines lines;
    const char* memory = lines.room();
    feed(lines, "password\nnext");
    EXPECT_EQ(lines.next(), "password");
    EXPECT_EQ(lines.next(), std::nullopt);
    EXPECT_EQ(std::string(memory, 13), std::string("next\0\0\0\0\0\0\0\0\0", 13));
}

} // namespace
} // namespace knell::fencing
