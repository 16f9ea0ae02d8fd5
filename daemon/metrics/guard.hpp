// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace knell::metrics {

/// Which guard a HOST_HELD names: the gates of core's FenceGate, with '_' for their spaces, and
/// "device" where there is none that could be used. "other": words that are not known here.
[[nodiscard]] std::string_view guard_of(std::string_view text);

/// Everything that guard_of() may answer, so that each is counted from zero.
[[nodiscard]] const std::vector<std::string_view>& guards();

} // namespace knell::metrics
