// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of an episode behind those of the next: an earlier knelld could write them so over a full
// disk.
#include "core/journal_entry.hpp"

#include <gtest/gtest.h>

namespace knell::test {
namespace {

using What = JournalEntry::What;

const HostId compute1{"compute1"};

JournalEntry row(What what, std::uint64_t episode)
{
    return {what, compute1, EpisodeId{episode}};
}

TEST(JournalFold, an_entry_of_an_earlier_episode_says_nothing_of_the_open_one)
{
    for (const auto late : {What::readmitted, What::cancelled, What::forcing_down,
                            What::forced_down, What::disputed}) {
        const std::vector<JournalEntry> entries{row(What::fencing, 1), row(What::fencing, 2),
                                                row(late, 1)};
        const auto past = fold(entries);
        ASSERT_TRUE(past.open.contains(compute1)) << name_of(late);
        const auto& open = past.open.at(compute1);
        EXPECT_EQ(open.episode, EpisodeId{2}) << name_of(late);
        EXPECT_EQ(open.stage, What::fencing) << name_of(late);
        EXPECT_FALSE(open.telling) << name_of(late);
    }
}

TEST(JournalFold, a_return_that_was_written_late_is_a_return_still)
{
    const std::vector<JournalEntry> entries{row(What::fencing, 1), row(What::fencing, 2),
                                            row(What::readmitted, 1)};
    EXPECT_EQ(fold(entries).readmitted.at(compute1).size(), 1U);
}

TEST(JournalFold, the_end_of_a_later_episode_leaves_no_earlier_one_open)
{
    const std::vector<JournalEntry> entries{row(What::fencing, 1), row(What::cancelled, 2)};
    EXPECT_TRUE(fold(entries).open.empty());
}

} // namespace
} // namespace knell::test
