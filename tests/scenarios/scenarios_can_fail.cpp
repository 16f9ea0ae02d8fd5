// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/scenario.hpp"
#include "tests/scenarios/story.hpp"
#include "tests/scenarios/theatre.hpp"
#include "tests/scenarios/verbs.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>

namespace knell::scenarios {
namespace {

using ::testing::HasSubstr;

const std::filesystem::path folder = KNELL_SOURCE_DIR "/tests/scenarios";

const Scenario plain{folder / "power-loss-of-one-host"};

std::string about(std::vector<std::string> expected)
{
    return complaint(plain, plain.play(), expected);
}

/// What somebody is told who writes this story.
std::string trouble_with(const std::string& text)
{
    try {
        const auto story = read_story(text);
        (void)Theatre{story}.play();
    } catch (const Malformed& malformed) {
        return malformed.what();
    }
    return {};
}

const std::string head = "A title\n\nA paragraph.\n\n";

TEST(Scenarios, AStoryTellsTheSameEveryTime)
{
    EXPECT_EQ(plain.play(), plain.play());
}

TEST(Scenarios, AChangedTimeFails)
{
    auto expected = plain.expected();
    ASSERT_GT(expected.size(), 5U);
    expected[3].replace(0, 9, "00:20.123");
    const auto text = about(expected);
    EXPECT_THAT(text, HasSubstr("\n-00:20.123"));
    EXPECT_THAT(text, HasSubstr("again: knell_scenarios power-loss-of-one-host"));
}

TEST(Scenarios, AMissingLineFails)
{
    auto expected = plain.expected();
    const auto gone = expected[4];
    expected.insert(expected.begin() + 4, "00:20.500  ALARM    SOMETHING  that never comes");
    EXPECT_THAT(about(expected), HasSubstr("\n-00:20.500  ALARM    SOMETHING"));
}

TEST(Scenarios, AnExtraLineFails)
{
    auto expected = plain.expected();
    const auto extra = expected[4];
    expected.erase(expected.begin() + 4);
    EXPECT_THAT(about(expected), HasSubstr("\n+" + extra));
}

TEST(Scenarios, ABrokenPromiseFailsThoughItIsExpected)
{
    auto happened = plain.expected();
    happened.emplace_back("BROKEN: no guest ever runs twice: compute1: guest1.1");
    EXPECT_THAT(complaint(plain, happened, happened), HasSubstr("a promise is broken"));
}

TEST(Scenarios, AnUnknownActIsRefusedWithTheNearestOne)
{
    const auto text =
        trouble_with(head + "story\n  at 00:20 compute1 loses power\n  until 01:00\n");
    EXPECT_THAT(text, HasSubstr("line 6: nobody can do this: `compute1 loses power`"));
    EXPECT_THAT(text, HasSubstr("did you mean `HOST loses its power`?"));
}

TEST(Scenarios, AMalformedStoryIsRefusedWithItsLineAndARemedy)
{
    struct Bad {
        std::string text;
        std::string complaint;
    };
    const std::vector<Bad> all{
        {"", "line 1: nobody is told what it is about"},
        {head + "world\n  hosts: 3\n", "there is no timetable"},
        {head + "story\n  at 00:20 compute1 panics\n", "line 6: the timetable has no end"},
        {head + "story\n  at noon compute1 panics\n  until 01:00\n", "line 6: `at noon"},
        {head + "story\n  at 20 compute1 panics\n  until 01:00\n", "line 6: `20` is no time"},
        {head + "story\n  at 00:30 compute1 panics\n  at 00:20 compute1 panics\n  until 01:00\n",
         "line 7: it is earlier than the line before"},
        {head + "story\n  at 00:30 compute1 panics\n  until 00:10\n",
         "line 7: it ends before its last act"},
        {head + "story\n  until 00:10\n  at 00:30 compute1 panics\n",
         "line 7: there is something after `until`"},
        {head + "story\n  at 00:20 compute9 panics\n  until 01:00\n", "line 6: nobody can do this"},
        {head + "world\n  hosts: many\n\nstory\n  until 01:00\n",
         "line 6: `many` is no number from 1 to 40"},
        {head + "world\n  colour: blue\n\nstory\n  until 01:00\n",
         "line 6: `colour: blue` says nothing of the world"},
        {head + "world\n  racks: compute1 | compute2\n\nstory\n  until 01:00\n",
         "line 6: not every host stands in a rack"},
        {head + "world\n  compute7: never_fence: x\n\nstory\n  until 01:00\n",
         "line 6: there is no host `compute7`"},
        {head + "world\nhosts: 3\n\nstory\n  until 01:00\n",
         "line 6: `hosts: 3` begins no section"},
        {head + "story\n  when HOST_FENCED compute1: knelld is killed\n  until 00:30\n",
         "line 6: `HOST_FENCED` of compute1 never came"},
        {head + "story\n  at 00:20 operator: dance\n  until 00:30\n",
         "line 6: `dance` is no order"},
        {head + "story\n  at 00:20 operator: host fence\n  until 00:30\n",
         "line 6: `host fence` names no host"},
        {head + "story\n  at 00:20 operator: arm --loudly\n  until 00:30\n",
         "line 6: `--loudly` is no option"},
    };
    for (const auto& bad : all) {
        EXPECT_THAT(trouble_with(bad.text), HasSubstr(bad.complaint)) << bad.text;
        EXPECT_THAT(trouble_with(bad.text), HasSubstr("\n  ")) << "no remedy: " << bad.text;
    }
}

TEST(Scenarios, ABadKnellYamlIsRefusedInTheWordsOfKnelldAndAtTheLineOfTheStory)
{
    const auto text = trouble_with(
        head + "knell.yaml\n  fencing:\n    budgt: {fences: 1}\n\nstory\n  until 01:00\n");
    EXPECT_THAT(text, HasSubstr("knelld would refuse this knell.yaml"));
    EXPECT_THAT(text, HasSubstr("1-story.yaml:7:"));
    EXPECT_THAT(text, HasSubstr("budget"));
}

TEST(Scenarios, TheReadmeHasEveryVerb)
{
    std::ifstream in{folder / "README.md"};
    const std::string readme{std::istreambuf_iterator<char>{in}, {}};
    for (const auto& [words, meaning] : all_verbs()) {
        const auto row = "| `" + std::string{words} + "` | " + std::string{meaning} + " |";
        EXPECT_THAT(readme, HasSubstr(row)) << "knell_scenarios --verbs prints the table";
    }
}

TEST(Scenarios, EveryScenarioIsInTheReadmeAndHasItsExpectation)
{
    std::ifstream in{folder / "README.md"};
    const std::string readme{std::istreambuf_iterator<char>{in}, {}};
    const auto all = scenarios_in(folder);
    EXPECT_GE(all.size(), 60U);
    for (const auto& scenario : all) {
        EXPECT_THAT(readme, HasSubstr("`" + scenario.name() + "`"));
        EXPECT_FALSE(scenario.expected().empty()) << scenario.name();
    }
}

} // namespace
} // namespace knell::scenarios
