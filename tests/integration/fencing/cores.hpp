// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <sys/types.h>

namespace knell::fencing {

/// What `work` says in a process of its own, which stands in a folder of its own, where cores fall.
[[nodiscard]] std::string apart(const std::function<std::string()>& work);

/// From here on the kernel says yes to whoever sets a limit, and does not do it; also to what this
/// process starts. Cores may be as large as they can be.
void let_cores_be_left();

/// Aborts this child of ours, after let_cores_be_left(). What is wrong; nothing if it knew the
/// secret, only itself kept a core from being left, and another program left one.
[[nodiscard]] std::string what_a_core_would_show(pid_t child, const std::string& secret);

} // namespace knell::fencing
