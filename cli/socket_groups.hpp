// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace knell::cli {

/// The groups whose members may connect to the control socket, by name: those of its access control
/// list, after the file's own. Not the own group of the daemon's user, which knelld serves no more
/// than anybody. None if the socket cannot be looked at.
[[nodiscard]] std::vector<std::string> groups_let_in(const std::string& socket);

} // namespace knell::cli
