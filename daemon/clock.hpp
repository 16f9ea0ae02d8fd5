// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

namespace knell {

/// The one clock of the daemon: CLOCK_MONOTONIC, the same that Asio's timers use.
[[nodiscard]] inline Instant now() noexcept
{
    return instant(std::chrono::steady_clock::now());
}

} // namespace knell
