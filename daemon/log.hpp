// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"

#include <chrono>
#include <string_view>

namespace knell {

/// The daemon's voice. Under systemd to the journal with fields of their own
/// (KNELL_ID, KNELL_HOST, KNELL_EPISODE), else a line on standard error:
///
///   2026-11-22T12:00:00.123456Z WARNING HOST_FENCED host=compute1 episode=3 proven off by ...
class Log {
public:
    Log();

    void write(std::chrono::system_clock::time_point at, const Notice& notice);
    /// Of knelld itself, outside any host.
    void info(std::string_view id, std::string_view text);
    void alarm(std::string_view id, std::string_view text);

private:
    bool journald_; ///< standard error is connected to the journal
};

[[nodiscard]] std::string_view name_of(Notice::Weight weight) noexcept;

} // namespace knell
