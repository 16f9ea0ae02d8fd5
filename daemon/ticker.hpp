// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <functional>

namespace knell {

/// The one timer of the decisions. A deadline that moves later costs nothing:
/// the timer comes early, is told the new deadline, and sleeps again.
class Ticker {
public:
    Ticker(boost::asio::io_context& loop, std::function<Instant()> deadline,
           std::function<void(Instant)> wake);

    /// The deadline may have moved: make sure that we wake no later than that.
    void look();

private:
    void arm(Instant at);

    boost::asio::steady_timer timer_;
    std::function<Instant()> deadline_;
    std::function<void(Instant)> wake_;
    Instant armed_ = Instant::max();
};

} // namespace knell
