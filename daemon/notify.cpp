// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/notify.hpp"

#include "daemon/clock.hpp"

#include <systemd/sd-daemon.h>

#include <ctime>
#include <utility>

namespace knell {

Notify::Notify(boost::asio::io_context& loop) : timer_{loop}
{
    std::uint64_t usec = 0;
    if (::sd_watchdog_enabled(0, &usec) > 0) {
        watchdog_ = std::chrono::microseconds{usec};
    }
}

void Notify::ready(const std::string& status)
{
    ::sd_notifyf(0, "READY=1\nSTATUS=%s", status.c_str());
    told_ = status;
    if (!std::exchange(ready_, true) && watchdog_.count() > 0) {
        feed();
    }
}

void Notify::status(const std::string& status)
{
    if (ready_ && std::exchange(told_, status) != status) {
        ::sd_notifyf(0, "STATUS=%s", status.c_str());
    }
}

void Notify::reloading()
{
    // The time tells systemd which of several reloads this is (sd_notify(3)).
    timespec at{};
    ::clock_gettime(CLOCK_MONOTONIC, &at);
    ::sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld\nSTATUS=reading its configuration anew",
                 static_cast<long long>(at.tv_sec) * 1'000'000 + at.tv_nsec / 1000);
}

void Notify::stopping()
{
    ::sd_notify(0, "STOPPING=1");
}

void Notify::feed()
{
    ::sd_notify(0, "WATCHDOG=1");
    fed_ = now();
    timer_.expires_after(watchdog_ / 3);
    timer_.async_wait([this](boost::system::error_code error) {
        if (!error) {
            feed();
        }
    });
}

} // namespace knell
