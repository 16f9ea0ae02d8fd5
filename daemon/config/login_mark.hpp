// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/strong.hpp"
#include "fencing/ipmi_device.hpp"

namespace knell::config {

/// "login a7": where, and as whom with what, we log in there; by it the next knelld sees whether a
/// refused password was changed. It is short on purpose: it stands in the journal, whoever has a
/// copy of that could try passwords against a whole digest until one fits, and eight bits fit far
/// too many. One change in 256 goes unnoticed; after that one `knellctl host inspect` is needed.
[[nodiscard]] LoginMark login_mark(const fencing::IpmiDevice& device);

} // namespace knell::config
