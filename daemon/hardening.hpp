// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace knell {

/// No core dump, no ptrace by the same user, no new privileges: this process holds the power
/// switches of a cloud.
void harden_this_process() noexcept;

} // namespace knell
