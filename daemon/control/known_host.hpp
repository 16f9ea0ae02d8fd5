// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/methods.hpp"

namespace knell::control {

/// The host that the parameter names. Replies itself when there is no such host.
[[nodiscard]] std::optional<HostView> known_host(const Call& call);

[[nodiscard]] Failure no_such_host(const std::string& name);

} // namespace knell::control
