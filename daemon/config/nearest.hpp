// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace knell::config {

/// The word that was probably meant, or nothing where none is near enough to be worth saying.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> words);

/// "did you mean `settle`?" or, where nothing is near, "known here: a, b, c".
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string> words);

} // namespace knell::config
