// SPDX-License-Identifier: GPL-3.0-or-later
// Every combination of what two fence devices may do to a FenceProcedure, to a depth.
#include "tests/property/device_world.hpp"

#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>

namespace knell::test {
namespace {

/// KNELL_DEPTH: how many choices a world may make. Each one more costs about seven times as long.
unsigned depth(unsigned usual)
{
    const char* wanted = std::getenv("KNELL_DEPTH");
    return wanted ? static_cast<unsigned>(std::strtoul(wanted, nullptr, 10)) : usual;
}

DeviceWorld::Tally play_all(FenceTiming timing, unsigned choices)
{
    DeviceWorld::Tally tally;
    EveryChoice choice;
    while (choice.next_world()) {
        const auto complaint = DeviceWorld{choice, timing, choices, tally}.play();
        if (!complaint.empty()) {
            ADD_FAILURE() << complaint;
            break;
        }
    }
    // Nothing is shown by worlds in which nothing is reached.
    EXPECT_GT(tally.certificates, 0U);
    EXPECT_GT(tally.renewals, 0U);
    EXPECT_GT(tally.failures, 0U);
    EXPECT_GT(tally.second_device, 0U);
    std::printf("%lu worlds, %lu certificates, %lu renewed, %lu failures, second device in %lu\n",
                tally.worlds, tally.certificates, tally.renewals, tally.failures,
                tally.second_device);
    return tally;
}

FenceTiming timing(unsigned readings, Duration settle)
{
    FenceTiming timing;
    timing.poll = 1s;
    timing.reply = 2s;
    timing.per_device = 12s;
    timing.readings = readings;
    timing.settle = settle;
    return timing;
}

TEST(FenceProcedureInEverySmallWorld, certifies_only_what_was_off_for_settle)
{
    play_all(timing(2, 2500ms), depth(7));
}

TEST(FenceProcedureInEverySmallWorld, certifies_only_after_enough_readings)
{
    play_all(timing(3, 100ms), depth(7));
}

TEST(FenceProcedureInEverySmallWorld, certifies_at_the_very_edge_of_settle)
{
    play_all(timing(2, 1s), depth(6));
}

} // namespace
} // namespace knell::test
