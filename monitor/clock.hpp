// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <chrono>

namespace knell::monitor {

[[nodiscard]] inline Instant read_clock()
{
    return instant(std::chrono::steady_clock::now());
}

} // namespace knell::monitor
