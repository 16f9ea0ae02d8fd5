// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/agent_config.hpp"

namespace knell::agent {

/// Beats until SIGTERM or SIGINT. Returns the exit status; what it has to say goes to standard
/// error. SIGTERM and SIGINT must be blocked already.
[[nodiscard]] int beat_until_stopped(const AgentConfig& config);

} // namespace knell::agent
