// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "monitor/flood_guard.hpp"

namespace knell {

/// What an operator is told of a flood.
[[nodiscard]] Notice notice_of(const monitor::FloodNews& news);

} // namespace knell
