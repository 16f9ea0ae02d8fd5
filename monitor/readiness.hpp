// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <algorithm>
#include <memory>

namespace knell::monitor {

/// Tells a monitor that a socket which the monitor owns can be read.
class Readiness {
public:
    Readiness(boost::asio::io_context& loop, int socket) : descriptor_{loop, socket} {}
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;
    ~Readiness() { descriptor_.release(); }

    /// Calls owner->readable() once, unless the owner is gone by then. The owner owns this, too.
    template <class Owner>
    void wait(const std::weak_ptr<Owner>& owner)
    {
        if (waiting_) {
            return;
        }
        waiting_ = true;
        descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                               [owner, this](const boost::system::error_code& error) {
                                   if (const auto alive = owner.lock(); alive && !error) {
                                       waiting_ = false;
                                       alive->readable();
                                   }
                               });
    }

private:
    boost::asio::posix::stream_descriptor descriptor_;
    bool waiting_ = false;
};

/// Wake-ups are what costs: everything that falls into the same few milliseconds shares one.
inline constexpr Duration tick = 5ms;

/// The end of the tick in which `due` lies, and not so soon that the loop would spin.
[[nodiscard]] inline Instant wake_up_for(Instant due, Instant now)
{
    const auto ticks = (due.time_since_epoch() + tick - Duration{1}) / tick;
    return std::max(Instant{ticks * tick}, now + 1ms);
}

} // namespace knell::monitor
