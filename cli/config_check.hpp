// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/terminal.hpp"

#include <string>

namespace knell::cli {

/// What `knelld --check` says, in its words: the diagnostics and the cloud's on
/// the error stream, one line on the other when all is good.
[[nodiscard]] Exit check_config(const std::string& file, Terminal& terminal);

} // namespace knell::cli
