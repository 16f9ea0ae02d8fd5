// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace knell {

enum class HostState {
    unseen, ///< never heard since start; never fenced on silence alone
    healthy,
    suspected, ///< doubt; asked often, and the fence device's session is being warmed
    held,      ///< failed, but may not be fenced now
    fencing,
    fence_failed,
    fenced,      ///< proven off; Nova is being told
    down,        ///< Nova has been told, by us or by somebody before us
    returning,   ///< a new boot speaks
    readmitting, ///< our flag is being cleared
    disputed,    ///< the old boot spoke after it was proven off
    parked,      ///< went down and came back too often; our flag stays until an operator says so
    maintenance  ///< planned work: the agent said goodbye, or an operator said so
};

/// As the architecture writes it, e.g. "FenceFailed".
[[nodiscard]] std::string_view name_of(HostState state) noexcept;

} // namespace knell
