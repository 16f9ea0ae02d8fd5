// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/terminal.hpp"

#include <string>

namespace knell::cli {

/// Prints the heartbeat key of one host by this configuration, as the key file of its agent has it.
[[nodiscard]] Exit print_heartbeat_key(const std::string& file, const std::string& host,
                                       Terminal& terminal);

} // namespace knell::cli
