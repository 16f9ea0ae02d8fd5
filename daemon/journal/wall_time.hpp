// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace knell::journal {

/// RFC 3339 in UTC with microseconds, "2026-11-22T12:00:00.123456Z": for people
/// and logs. No decision rests on the wall clock.
[[nodiscard]] std::string rfc3339(std::chrono::system_clock::time_point at);

/// What rfc3339() wrote; nothing for any other text.
[[nodiscard]] std::optional<std::chrono::sys_time<std::chrono::microseconds>>
read_rfc3339(const std::string& text);

/// Which boot of this machine boot_clock() belongs to: random/boot_id. Empty: the kernel does not
/// say.
[[nodiscard]] std::string machine_boot();

/// CLOCK_BOOTTIME, which also runs while the machine is suspended. Comparable
/// only within one boot of the machine that knelld runs on.
[[nodiscard]] std::chrono::microseconds boot_clock() noexcept;

} // namespace knell::journal
