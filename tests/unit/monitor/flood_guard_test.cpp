// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/flood_guard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <vector>

namespace knell::monitor {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = FloodNews::Kind;

constexpr Instant start{100s};

struct Bench {
    std::vector<Kind> said;
    FloodGuard guard{"heartbeats over IPv4", [this](const FloodNews& news) {
                         EXPECT_EQ(news.socket, "heartbeats over IPv4");
                         said.push_back(news.kind);
                     }};
};

TEST(FloodGuard, strays_are_no_flood_however_long_they_come)
{
    Bench bench;
    for (int second = 0; second < 100; ++second) {
        bench.guard.looked(start + second * 1s, FloodGuard::flood / 2, false);
        bench.guard.looked(start + second * 1s + 500ms, FloodGuard::flood / 2, false);
        EXPECT_FALSE(bench.guard.shut());
    }
    EXPECT_THAT(bench.said, IsEmpty());
}

TEST(FloodGuard, one_more_within_a_second_is_a_flood_and_is_told_once)
{
    Bench bench;
    bench.guard.looked(start, FloodGuard::flood, false);
    EXPECT_FALSE(bench.guard.shut());
    bench.guard.looked(start + 999ms, 1, false);
    EXPECT_TRUE(bench.guard.shut());
    bench.guard.looked(start + 2s, FloodGuard::flood + 1, false);
    EXPECT_THAT(bench.said, ElementsAre(Kind::flooded));
}

TEST(FloodGuard, strangers_are_let_in_again_for_a_second_before_it_is_over)
{
    Bench bench;
    bench.guard.looked(start, FloodGuard::flood + 1, false);
    bench.guard.looked(start + FloodGuard::shut_for - Duration{1}, 0, false);
    EXPECT_TRUE(bench.guard.shut());
    bench.guard.looked(start + FloodGuard::shut_for, 0, false);
    EXPECT_FALSE(bench.guard.shut());
    EXPECT_THAT(bench.said, ElementsAre(Kind::flooded));
    bench.guard.looked(start + FloodGuard::shut_for + FloodGuard::second, 0, false);
    EXPECT_THAT(bench.said, ElementsAre(Kind::flooded, Kind::over));
}

TEST(FloodGuard, a_flood_that_was_only_kept_out_goes_on)
{
    Bench bench;
    bench.guard.looked(start, FloodGuard::flood + 1, false);
    bench.guard.looked(start + FloodGuard::shut_for, 0, false);
    bench.guard.looked(start + FloodGuard::shut_for + 10ms, FloodGuard::flood + 1, false);
    EXPECT_TRUE(bench.guard.shut());
    bench.guard.looked(start + FloodGuard::shut_for + FloodGuard::second, 0, false);
    EXPECT_TRUE(bench.guard.shut());
    EXPECT_THAT(bench.said, ElementsAre(Kind::flooded));
}

TEST(FloodGuard, losses_in_a_flood_are_told_once_and_again_in_the_next)
{
    Bench bench;
    bench.guard.looked(start, 0, true);
    EXPECT_THAT(bench.said, IsEmpty()) << "without a flood it was we who were slow";
    bench.guard.looked(start, FloodGuard::flood + 1, false);
    bench.guard.looked(start + 10ms, 0, true);
    bench.guard.looked(start + 20ms, 0, true);
    EXPECT_THAT(bench.said, ElementsAre(Kind::flooded, Kind::overrun));
    bench.guard.looked(start + 40s, 0, false);
    bench.guard.looked(start + 50s, FloodGuard::flood + 1, true);
    EXPECT_THAT(bench.said, ElementsAre(Kind::flooded, Kind::overrun, Kind::over, Kind::flooded,
                                        Kind::overrun));
}

} // namespace
} // namespace knell::monitor
