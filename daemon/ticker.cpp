// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/ticker.hpp"

#include "daemon/clock.hpp"

namespace knell {

Ticker::Ticker(boost::asio::io_context& loop, std::function<Instant()> deadline,
               std::function<void(Instant)> wake)
    : timer_{loop}, deadline_{std::move(deadline)}, wake_{std::move(wake)}
{
}

void Ticker::look()
{
    if (const auto at = deadline_(); at < armed_) {
        arm(at);
    }
}

void Ticker::arm(Instant at)
{
    armed_ = at;
    timer_.expires_at(std::chrono::steady_clock::time_point{at.time_since_epoch()});
    timer_.async_wait([this](boost::system::error_code error) {
        if (error) {
            return; // armed anew, or the daemon ends
        }
        armed_ = Instant::max();
        if (const auto time = now(); time >= deadline_()) {
            wake_(time);
        }
        look();
    });
}

} // namespace knell
