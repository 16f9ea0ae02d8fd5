// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/clock.hpp"
#include "daemon/ticker.hpp"

#include <gtest/gtest.h>

namespace knell {
namespace {

TEST(Ticker, wakes_nobody_before_the_deadline)
{
    boost::asio::io_context loop;
    auto deadline = now() + 20ms;
    int woken = 0;
    Ticker ticker{loop, [&] { return deadline; },
                  [&](Instant at) {
                      EXPECT_GE(at, deadline);
                      ++woken;
                      deadline = Instant::max();
                      loop.stop();
                  }};
    ticker.look();
    loop.run();
    EXPECT_EQ(woken, 1);
}

TEST(Ticker, a_deadline_that_moves_later_is_kept)
{
    boost::asio::io_context loop;
    auto deadline = now() + 10ms;
    Ticker ticker{loop, [&] { return deadline; },
                  [&](Instant at) {
                      EXPECT_GE(at, deadline);
                      deadline = Instant::max();
                      loop.stop();
                  }};
    ticker.look();
    deadline += 30ms;
    loop.run();
}

TEST(Ticker, a_deadline_that_moves_nearer_is_kept)
{
    boost::asio::io_context loop;
    auto deadline = now() + 1h;
    bool woken = false;
    Ticker ticker{loop, [&] { return deadline; },
                  [&](Instant) {
                      woken = true;
                      deadline = Instant::max();
                      loop.stop();
                  }};
    ticker.look();
    deadline = now() + 10ms;
    ticker.look();
    loop.run();
    EXPECT_TRUE(woken);
}

} // namespace
} // namespace knell
