// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/journal/wall_time.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <string_view>

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

std::optional<std::chrono::sys_time<std::chrono::microseconds>>
read_rfc3339(const std::string& text)
{
    std::tm utc{};
    const char* rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
    const std::string_view fraction = rest == nullptr ? "" : rest; // ".123456Z"
    long micros = 0;
    constexpr std::size_t digits = 6;
    if (fraction.size() != digits + 2 || fraction.front() != '.' || fraction.back() != 'Z' ||
        std::from_chars(rest + 1, rest + 1 + digits, micros).ptr != rest + 1 + digits ||
        micros < 0) {
        return std::nullopt;
    }
    return std::chrono::sys_seconds{std::chrono::seconds{::timegm(&utc)}} +
           std::chrono::microseconds{micros};
}

std::string machine_boot()
{
    std::ifstream file{"/proc/sys/kernel/random/boot_id"};
    std::string id;
    std::getline(file, id);
    return id;
}

std::chrono::microseconds boot_clock() noexcept
{
    std::timespec now{};
    ::clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds{now.tv_sec} + std::chrono::duration_cast<std::chrono::microseconds>(
                                                  std::chrono::nanoseconds{now.tv_nsec});
}

} // namespace knell::journal
