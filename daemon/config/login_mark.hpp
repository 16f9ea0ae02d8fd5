// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/strong.hpp"
#include "fencing/ipmi_device.hpp"

namespace knell::config {

/// "login a7": where, and as whom with what, we log in there. It is written into the journal, so it
/// says next to nothing of the password: eight bits of a digest. One change in 256 goes unnoticed;
/// after that one `knellctl host inspect` is needed.
[[nodiscard]] LoginMark login_mark(const fencing::IpmiDevice& device);

} // namespace knell::config
