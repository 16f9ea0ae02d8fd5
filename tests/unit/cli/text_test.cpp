// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/advice.hpp"
#include "cli/text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>

namespace knell::cli {
namespace {

TEST(Text, a_length_of_time_has_two_units_at_most)
{
    EXPECT_EQ(length_of_time(-1), "0.0s");
    EXPECT_EQ(length_of_time(1e300), length_of_time(1e12));
    EXPECT_EQ(length_of_time(0.44), "0.4s");
    EXPECT_EQ(length_of_time(9.99), "9.9s");
    EXPECT_EQ(length_of_time(10), "10s");
    EXPECT_EQ(length_of_time(59.9), "59s");
    EXPECT_EQ(length_of_time(60), "1m 0s");
    EXPECT_EQ(length_of_time(3599), "59m 59s");
    EXPECT_EQ(length_of_time(3600), "1h 0m");
    EXPECT_EQ(length_of_time(86400 * 3 + 7200), "3d 2h");
}

TEST(Text, what_takes_milliseconds_is_told_in_them)
{
    EXPECT_EQ(short_time(0), "0 ms");
    EXPECT_EQ(short_time(0.0205), "20 ms");
    EXPECT_EQ(short_time(0.999), "999 ms");
    EXPECT_EQ(short_time(1), "1.0s");
    EXPECT_EQ(short_time(75), "1m 15s");
}

TEST(Text, lines_are_broken_between_words_and_a_long_word_stands_alone)
{
    using testing::ElementsAre;
    EXPECT_THAT(wrapped("", 10), ElementsAre(""));
    EXPECT_THAT(wrapped("one two three", 7), ElementsAre("one two", "three"));
    EXPECT_THAT(wrapped("one two three", 6), ElementsAre("one", "two", "three"));
    EXPECT_THAT(wrapped("a unbreakable b", 5), ElementsAre("a", "unbreakable", "b"));
    EXPECT_THAT(wrapped("\xc3\xa4\xc3\xa4 \xc3\xa4", 4), ElementsAre("\xc3\xa4\xc3\xa4 \xc3\xa4"));
}

TEST(Text, plain_text_keeps_letters_of_all_languages_and_drops_controls)
{
    EXPECT_EQ(plain("R\xc3\xa4umlich \xe2\x82\xac"), "R\xc3\xa4umlich \xe2\x82\xac");
    EXPECT_EQ(plain("a\tb\x7f\xc2\x9b"
                    "c"),
              "a?b??c");
    EXPECT_EQ(plain("\xc2"), "?");
}

TEST(Text, a_table_is_aligned_by_what_is_seen)
{
    Table table{{"A", "B"}};
    table.add({"\xc3\xa4\xc3\xa4\xc3\xa4", "x"});
    table.add({"a", ""});
    std::ostringstream out;
    table.print(out);
    EXPECT_EQ(out.str(), "A    B\n\xc3\xa4\xc3\xa4\xc3\xa4  x\na\n");
}

TEST(Text, every_state_of_the_architecture_has_its_advice)
{
    for (const char* state :
         {"Unseen", "Suspected", "Held", "Fencing", "FenceFailed", "Fenced", "Down", "Returning",
          "Readmitting", "Disputed", "Parked", "Maintenance"}) {
        EXPECT_NE(advice_for(state, "compute1"), "") << state;
        EXPECT_THAT(advice_for(state, "compute1"), testing::Not(testing::HasSubstr("HOST")));
        EXPECT_LT(urgency_of(state), 2);
    }
    EXPECT_EQ(advice_for("Healthy", "compute1"), "");
    EXPECT_EQ(urgency_of("Healthy"), 2);
}

TEST(Text, a_host_that_waits_for_an_approval_has_advice_of_its_own)
{
    const auto advice = advice_for("Held", "compute1", InPlan::yes);
    EXPECT_NE(advice, advice_for("Held", "compute1"));
    EXPECT_THAT(advice, testing::HasSubstr("knellctl plan approve compute1 --reason"));
}

TEST(Text, a_host_named_like_the_placeholder_does_no_harm)
{
    EXPECT_THAT(advice_for("Down", "HOST1"), testing::HasSubstr("release HOST1 --reason"));
}

} // namespace
} // namespace knell::cli
