// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"

#include <string>

namespace knell::scenarios {

/// An order in the words of knellctl(8), without its name: "host fence compute1 --reason TEXT".
/// The text of --reason goes to the next option. Throws Malformed.
[[nodiscard]] OperatorOrder read_knellctl(const std::string& command, unsigned line);

} // namespace knell::scenarios
