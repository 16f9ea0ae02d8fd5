// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>

namespace knell::http {

/// Waits for one moment at a time.
class Alarm {
public:
    virtual ~Alarm() = default;
    /// `then` is called once, later, on the loop's thread: at `at`, or soon after stop().
    virtual void ring(Instant at, std::function<void()> then) = 0;
    virtual void stop() = 0;
};

/// The time that deadlines are in. A simulation has its own.
class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Instant now() const = 0;
    [[nodiscard]] virtual std::unique_ptr<Alarm> alarm() = 0;
};

/// CLOCK_MONOTONIC, and the loop's timers.
[[nodiscard]] std::shared_ptr<Clock> monotonic_clock(boost::asio::io_context& loop);

} // namespace knell::http
