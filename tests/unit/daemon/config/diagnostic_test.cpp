// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/diagnostic.hpp"
#include "daemon/config/problems.hpp"

#include <gmock/gmock.h>
#include <sstream>

namespace knell::config {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string printed(const std::vector<Diagnostic>& diagnostics)
{
    std::ostringstream out;
    print(out, diagnostics);
    return out.str();
}

TEST(Print, shows_place_line_caret_and_remedy)
{
    const Diagnostic diagnostic{Severity::error,
                                {"knell.yaml", 3, 9, 3, "settle: abc # no"},
                                "wrong",
                                "mend it",
                                {{"see here", {"other.yaml", 1, 1, 1, "x"}}}};
    EXPECT_EQ(printed({diagnostic}), "knell.yaml:3:9: error: wrong\n"
                                     "    3 | settle: abc # no\n"
                                     "      |         ^~~\n"
                                     "      = mend it\n"
                                     "other.yaml:1:1: note: see here\n"
                                     "    1 | x\n"
                                     "      | ^\n"
                                     "1 error\n");
}

TEST(Print, puts_the_caret_below_the_letter_whatever_its_bytes)
{
    const Diagnostic diagnostic{
        Severity::warning, {"k.yaml", 1, 8, 1, "\xC3\xBC\xC3\xBC\xC3\xBC: x"}, "w", {}, {}};
    EXPECT_THAT(printed({diagnostic}), HasSubstr("      |     ^\n"));
}

TEST(Print, cuts_a_line_that_no_screen_could_hold)
{
    const Diagnostic diagnostic{
        Severity::error, {"k.yaml", 1, 5000, 10, std::string(10'000, 'x')}, "long", {}, {}};
    const std::string text = printed({diagnostic});
    EXPECT_LT(text.size(), 500U);
    EXPECT_THAT(text, HasSubstr("^~~~~~~~~~\n"));
}

TEST(Print, says_nothing_of_nothing)
{
    EXPECT_EQ(printed({}), "");
}

TEST(Print, stays_within_the_line_when_the_place_lies_outside)
{
    for (const unsigned column : {0U, 1U, 5U, 4'000'000'000U}) {
        const Diagnostic diagnostic{
            Severity::error, {"k.yaml", 1, column, 4'000'000'000U, "ab"}, "m", {}, {}};
        EXPECT_LT(printed({diagnostic}).size(), 80U);
    }
}

TEST(Problems, are_kept_once_and_sorted_by_place)
{
    Sources sources;
    const std::size_t file = sources.add("k.yaml", "one\ntwo\n");
    Problems problems;
    problems.warning({file, 2, 1, 3}, "later");
    problems.error({file, 1, 1, 3}, "first");
    problems.error({file, 1, 1, 3}, "first");
    const auto report = problems.report(sources);
    ASSERT_THAT(report, SizeIs(2));
    EXPECT_EQ(report[0].message, "first");
    EXPECT_EQ(report[0].at.text, "one");
    EXPECT_EQ(report[1].severity, Severity::warning);
}

TEST(Problems, steer_no_terminal)
{
    Sources sources;
    const std::size_t file = sources.add("k.yaml", "a\x1b[31m\xff\xc2\x9b z\n");
    EXPECT_EQ(sources.excerpt({file, 1, 1, 1}).text, "a?[31m??? z");
}

} // namespace
} // namespace knell::config
