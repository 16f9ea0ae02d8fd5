// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <string>

namespace knell {

/// Speaks to systemd as sd_notify(3) has it; silent where there is no systemd.
/// The watchdog is fed from the loop, so it stops being fed when the loop stops.
class Notify {
public:
    explicit Notify(boost::asio::io_context& loop);

    void ready(const std::string& status);
    void stopping();

private:
    void feed();

    boost::asio::steady_timer timer_;
    std::chrono::microseconds watchdog_{0};
};

} // namespace knell
