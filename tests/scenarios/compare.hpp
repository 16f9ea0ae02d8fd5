// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace knell::scenarios {

/// What diff -u would print below its two file names; empty: they are equal.
[[nodiscard]] std::string difference_of(const std::vector<std::string>& expected,
                                        const std::vector<std::string>& happened);

} // namespace knell::scenarios
