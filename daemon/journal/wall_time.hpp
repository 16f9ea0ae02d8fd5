// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>

namespace knell::journal {

/// RFC 3339 in UTC with microseconds, "2026-11-22T12:00:00.123456Z": for people
/// and logs. No decision rests on the wall clock.
[[nodiscard]] std::string rfc3339(std::chrono::system_clock::time_point at);

/// CLOCK_BOOTTIME, which also runs while the machine is suspended. Comparable
/// only within one boot of the machine that knelld runs on.
[[nodiscard]] std::chrono::microseconds boot_clock() noexcept;

} // namespace knell::journal
