// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/eyes_neighbours.hpp"

#include <gtest/gtest.h>
#include <string>

namespace knell::monitor {
namespace {

const std::string header = "entries  allocs   unresolved_discards table_fulls\n";

TEST(NeighbourStatistics, the_last_column_is_summed_over_all_cpus_in_hexadecimal)
{
    EXPECT_EQ(table_fulls(header + "00000002 00000001 00000000            00000010\n"
                                   "00000002 00000001 00000000            0000000a\n"),
              0x1aU);
}

TEST(NeighbourStatistics, the_column_is_found_by_its_name)
{
    EXPECT_EQ(table_fulls("table_fulls entries\n00000003 00000002\n"), 3U);
}

TEST(NeighbourStatistics, what_is_no_such_table_says_nothing)
{
    for (const std::string text :
         {"", "\n", "entries allocs\n1 2\n", "table_fulls", "table_fulls\n", "table_fulls\nxyz\n",
          "table_fulls\n1 2\n\n", "entries table_fulls\n1\n", "table_fulls\n-1\n",
          "table_fulls\n10000000000000000\n"}) {
        EXPECT_EQ(table_fulls(text), std::nullopt) << text;
    }
}

TEST(NeighbourTable, what_it_had_before_we_looked_is_no_overflow)
{
    NeighbourTable table;
    table.sampled(Instant{1s}, 500);
    EXPECT_FALSE(table.overflowing(Instant{1s}));
    table.sampled(Instant{2s}, 500);
    EXPECT_FALSE(table.overflowing(Instant{2s}));
}

TEST(NeighbourTable, a_rise_is_an_overflow_until_there_was_none_for_five_seconds)
{
    NeighbourTable table;
    table.sampled(Instant{1s}, 500);
    table.sampled(Instant{2s}, 501);
    EXPECT_TRUE(table.overflowing(Instant{2s}));
    table.sampled(Instant{6s}, 502);
    EXPECT_TRUE(table.overflowing(Instant{7s}));
    table.sampled(Instant{10s}, 502);
    EXPECT_TRUE(table.overflowing(Instant{11s} - Duration{1}));
    EXPECT_FALSE(table.overflowing(Instant{11s}));
}

TEST(NeighbourTable, a_fall_is_no_overflow_and_the_next_rise_counts_from_there)
{
    NeighbourTable table;
    table.sampled(Instant{1s}, 500);
    table.sampled(Instant{2s}, 3);
    EXPECT_FALSE(table.overflowing(Instant{2s}));
    table.sampled(Instant{3s}, 4);
    EXPECT_TRUE(table.overflowing(Instant{3s}));
}

} // namespace
} // namespace knell::monitor
