// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/notify.hpp"

#include <systemd/sd-daemon.h>

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
    if (watchdog_.count() > 0) {
        feed();
    }
}

void Notify::stopping()
{
    ::sd_notify(0, "STOPPING=1");
}

void Notify::feed()
{
    ::sd_notify(0, "WATCHDOG=1");
    timer_.expires_after(watchdog_ / 3);
    timer_.async_wait([this](boost::system::error_code error) {
        if (!error) {
            feed();
        }
    });
}

} // namespace knell
