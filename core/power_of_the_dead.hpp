// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/power_watch.hpp"

#include <optional>
#include <string>
#include <vector>

namespace knell {

/// What is known of the power of a host that was told to Nova, outside of any procedure, and what
/// is done about it. Dies with the episode.
struct PowerOfTheDead {
    enum class SwitchOn { unwanted, wanted, asked, done };

    PowerWatch watch;
    bool came_back = false;
    std::optional<Instant> on_since{}; ///< not by us, and nobody has said yet what runs there
    SwitchOn switch_on = SwitchOn::unwanted;
    Instant switch_on_at{};
    std::optional<PowerCommand> switching_on{};
    std::vector<std::string> troubles{}; ///< with switching it on, that were told
};

} // namespace knell
