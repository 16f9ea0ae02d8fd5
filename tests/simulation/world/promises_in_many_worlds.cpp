// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/trial.hpp"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <iostream>
#include <sstream>

namespace knell::sim {
namespace {

constexpr unsigned enough_to_have_seen_everything = 500;

Wanted small_world(std::uint64_t seed)
{
    return {.seed = seed, .hosts = 3 + static_cast<unsigned>(seed % 2), .hours = 0.07};
}

std::string told(const Outcome& outcome)
{
    std::ostringstream text;
    text << write(outcome.options) << "BROKEN: " << outcome.breach->sentence << ": "
         << outcome.breach->host.get() << ": " << outcome.breach->detail << "\n";
    for (const auto& line : outcome.story) {
        text << line << '\n';
    }
    text << "again: " << outcome.options.wanted.command() << " --story\n";
    return text.str();
}

/// A line of tests/simulation/world/regressions: what knell_sim was told, and why it is there.
std::vector<Wanted> regressions()
{
    std::ifstream file{KNELL_SOURCE_DIR "/tests/simulation/world/regressions"};
    std::vector<Wanted> all;
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line.front() == '#') {
            continue;
        }
        std::istringstream words{line};
        Wanted wanted;
        std::string without;
        words >> wanted.seed >> wanted.hosts >> wanted.hours >> without;
        std::istringstream names{without};
        for (std::string name; std::getline(names, name, ',');) {
            const auto fault = fault_named(name);
            EXPECT_TRUE(fault) << line;
            wanted.without.insert(fault.value_or(Fault::power_cut));
        }
        all.push_back(wanted);
    }
    return all;
}

TEST(SimulatedWorlds, EveryPromiseIsKeptInAllOfThem)
{
    const char* asked = std::getenv("KNELL_SEEDS");
    const auto seeds = asked != nullptr ? std::strtoul(asked, nullptr, 10) : 2000;
    Tally tally;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const auto outcome = live_through(small_world(seed), tally);
        ASSERT_FALSE(outcome.breach) << told(outcome);
    }
    tally.tell(std::cout);
    std::cout << tally.worlds << " worlds, " << tally.host_hours << " host-hours\n";
    if (seeds >= enough_to_have_seen_everything) {
        EXPECT_TRUE(tally.idle().empty()) << tally.idle().front() << ": never judged";
    }
}

TEST(SimulatedWorlds, TheSameSeedTellsTheSameStoryToTheLetter)
{
    Tally tally;
    std::set<std::uint64_t> different;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        std::ostringstream once;
        std::ostringstream again;
        const auto first = live_through(small_world(seed), tally, &once);
        const auto second = live_through(small_world(seed), tally, &again);
        EXPECT_EQ(once.str(), again.str()) << seed;
        EXPECT_EQ(first.fingerprint, second.fingerprint) << seed;
        different.insert(first.fingerprint);
    }
    EXPECT_EQ(different.size(), 20U);
}

TEST(SimulatedWorlds, WhatWasFoundOnceStaysMended)
{
    const auto all = regressions();
    ASSERT_FALSE(all.empty());
    Tally tally;
    for (const auto& wanted : all) {
        const auto outcome = live_through(wanted, tally);
        EXPECT_FALSE(outcome.breach) << told(outcome);
    }
}

} // namespace
} // namespace knell::sim
