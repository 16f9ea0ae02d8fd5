// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "fencing/ipmi/fence_agent_api.hpp"

namespace knell::fencing::ipmi {

/// One action of the FenceAgentAPI, start to end. Blocks, for at most
/// power_timeout by the monotonic clock; then the process ends with status 1.
/// Prints what happened, never a secret. Returns the exit status.
[[nodiscard]] int run_by_hand(Settings settings);

} // namespace knell::fencing::ipmi
