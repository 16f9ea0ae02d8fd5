// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/power.hpp"

namespace knell::fencing::ipmi {

/// What libfreeipmi's error number (enum ipmi_errnum) means to us. Pure.
[[nodiscard]] PowerFault fault_of(int errnum) noexcept;

/// The BMC would not open a session with this cipher suite; another one may do.
/// Never true for a refused password: asking again can lock the account.
[[nodiscard]] bool suite_refused(int errnum) noexcept;

/// The same, or something else was refused, perhaps the login: libfreeipmi has one number for
/// whatever status and malformed answer it does not know, at every step of an open.
[[nodiscard]] bool suite_perhaps_refused(int errnum) noexcept;

/// The user may be right, and may not have this privilege.
[[nodiscard]] bool privilege_refused(int errnum) noexcept;

/// A duplicated or late datagram during set-up makes libfreeipmi give up with
/// "success"; a fresh context may fare better.
[[nodiscard]] bool stray_datagram(int errnum) noexcept;

} // namespace knell::fencing::ipmi
