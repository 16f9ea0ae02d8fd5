// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <optional>
#include <string>

namespace knell {

/// Speaks to systemd as sd_notify(3) has it; silent where there is no systemd.
/// The watchdog is fed from the loop, so it stops being fed when the loop stops.
class Notify {
public:
    explicit Notify(boost::asio::io_context& loop);

    void ready(const std::string& status);
    /// What `systemctl status` shows; said when it is something new.
    void status(const std::string& status);
    /// Until ready() is said again.
    void reloading();
    void stopping();
    /// When the watchdog was last fed; nothing: there is none.
    [[nodiscard]] std::optional<Instant> fed() const noexcept { return fed_; }

private:
    void feed();

    boost::asio::steady_timer timer_;
    std::chrono::microseconds watchdog_{0};
    std::optional<Instant> fed_;
    std::string told_;
    bool ready_ = false;
};

} // namespace knell
