// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/terminal.hpp"

#include <functional>
#include <string>
#include <vector>

namespace knell::cli {

/// Checks a configuration file and prints what is wrong with it.
using ConfigCheck = std::function<Exit(const std::string& file, Terminal& terminal)>;

/// knellctl, whole: `arguments` without the program's name. doc/man/knellctl.8.md.
[[nodiscard]] Exit run(const std::vector<std::string>& arguments, Terminal terminal,
                       const ConfigCheck& config_check);

} // namespace knell::cli
