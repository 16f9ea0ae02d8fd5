// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/duration_text.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace knell::config {
namespace {

constexpr std::array<std::pair<std::string_view, Duration>, 6> units{{
    {"d", 24h},
    {"h", 1h},
    {"m", 1min},
    {"s", 1s},
    {"ms", 1ms},
    {"us", 1us},
}};
constexpr Duration longest = 24h * 3650;

} // namespace

std::optional<Duration> parse_duration(std::string_view text) noexcept
{
    if (text.empty() || text.front() < '0' || text.front() > '9') {
        return std::nullopt;
    }
    Duration::rep number = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{}) {
        return std::nullopt;
    }
    const std::string_view unit{rest, static_cast<std::size_t>(text.data() + text.size() - rest)};
    for (const auto& [name, length] : units) {
        if (unit == name) {
            if (number > longest / length) {
                return std::nullopt;
            }
            return number * length;
        }
    }
    return std::nullopt;
}

std::string to_text(Duration duration)
{
    if (duration == Duration::zero()) {
        return "0s";
    }
    for (const auto& [name, length] : units) {
        // Days and hours only where they are plain: 90s rather than 1m30s, 36h rather than 1.5d.
        if (duration % length == Duration::zero()) {
            return std::to_string(duration / length) + std::string{name};
        }
    }
    return std::to_string(duration.count()) + "us";
}

} // namespace knell::config
