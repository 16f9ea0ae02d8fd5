// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace knell::config {

/// A whole number and its unit, as people write them: 200ms, 5s, 10m, 2h, 1d. Nothing else: no
/// bare number, no fraction, no sign, nothing longer than ten years.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text) noexcept;

/// The same the other way, in the largest unit that loses nothing: 90s, 2m, 1500ms.
[[nodiscard]] std::string to_text(Duration duration);

} // namespace knell::config
