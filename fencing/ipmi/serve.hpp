// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace knell::fencing::ipmi {

/// Supervised mode: answers the questions of protocol.hpp on standard input,
/// which must be one end of the parent's socket pair, until it closes. Returns
/// the exit status.
[[nodiscard]] int serve();

inline constexpr int exit_usage = 64;    ///< not started by knelld
inline constexpr int exit_protocol = 65; ///< a line was not understood

} // namespace knell::fencing::ipmi
