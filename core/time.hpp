// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>

namespace knell {

using namespace std::chrono_literals;

using Duration = std::chrono::microseconds;

/// The timeline of every decision. It has no now(): nothing in core/ can look
/// at a clock, so time can only arrive as an argument, and a test owns it.
struct Timeline {
    using duration = Duration;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<Timeline>;
    static constexpr bool is_steady = true;
};

using Instant = Timeline::time_point;

/// Whom we ask keeps `reply_by` himself; an answer that is not there so much later never comes.
inline constexpr Duration answer_grace{std::chrono::seconds{1}};

/// The rooms around core/ read the monotonic clock and hand it in through here.
[[nodiscard]] constexpr Instant instant(std::chrono::steady_clock::time_point t) noexcept
{
    return Instant{std::chrono::duration_cast<Duration>(t.time_since_epoch())};
}

} // namespace knell
