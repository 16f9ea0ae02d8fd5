// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "agent/agent_config.hpp"
#include "agent/beat_session.hpp"

namespace knell::agent {

/// Looks now; reads a few small files or tries one connection, and never waits. What cannot be
/// looked at is not living.
[[nodiscard]] bool lives(const Check& check);

/// Whether systemd is stopping the whole system: by its own word on the system bus, or, where
/// the bus is gone, because nobody may log in any more. Waits for the bus at most a second.
[[nodiscard]] bool host_is_shutting_down();

} // namespace knell::agent
