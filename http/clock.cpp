// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/clock.hpp"

#include <boost/asio/steady_timer.hpp>

namespace knell::http {
namespace {

class TimerAlarm final : public Alarm {
public:
    explicit TimerAlarm(boost::asio::io_context& loop) : timer_{loop} {}

    void ring(Instant at, std::function<void()> then) override
    {
        timer_.expires_at(std::chrono::steady_clock::time_point{at.time_since_epoch()});
        timer_.async_wait([then = std::move(then)](boost::system::error_code) { then(); });
    }
    void stop() override { timer_.cancel(); }

private:
    boost::asio::steady_timer timer_;
};

class MonotonicClock final : public Clock {
public:
    explicit MonotonicClock(boost::asio::io_context& loop) : loop_{loop} {}

    [[nodiscard]] Instant now() const override { return instant(std::chrono::steady_clock::now()); }
    [[nodiscard]] std::unique_ptr<Alarm> alarm() override
    {
        return std::make_unique<TimerAlarm>(loop_);
    }

private:
    boost::asio::io_context& loop_;
};

} // namespace

std::shared_ptr<Clock> monotonic_clock(boost::asio::io_context& loop)
{
    return std::make_shared<MonotonicClock>(loop);
}

} // namespace knell::http
