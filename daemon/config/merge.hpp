// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/document.hpp"

namespace knell::config {

/// `over` laid upon `base`: maps merge key by key, everything else is replaced.
[[nodiscard]] Value overlaid(const Value& base, const Value& over);

/// A drop-in laid upon what was read before it. As overlaid(), but `hosts` of the two append.
[[nodiscard]] Value with_drop_in(const Value& base, const Value& drop_in);

/// Lists merged by position, as a host's fence devices are with those of its group.
[[nodiscard]] Value overlaid_by_position(const Value& base, const Value& over);

} // namespace knell::config
