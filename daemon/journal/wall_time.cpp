// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/journal/wall_time.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace knell::journal {

std::string rfc3339(std::chrono::system_clock::time_point at)
{
    const auto second = std::chrono::floor<std::chrono::seconds>(at);
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(at - second).count();
    const std::time_t seconds = second.time_since_epoch().count();
    std::tm utc{};
    ::gmtime_r(&seconds, &utc);
    std::array<char, 40> day{};
    std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    std::array<char, 24> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%06ldZ", static_cast<long>(micros));
    return std::string{day.data()} + fraction.data();
}

std::chrono::microseconds boot_clock() noexcept
{
    std::timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::duration_cast<std::chrono::microseconds>(
                                                  std::chrono::nanoseconds{now.tv_nsec});
}

} // namespace knell::journal
