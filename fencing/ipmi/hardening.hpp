// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace knell::fencing::ipmi {

/// No core dump, no debugger of the same user, no new privileges. Best effort:
/// what the kernel refuses changes nothing about what the program does.
void keep_to_oneself() noexcept;

/// Closes whatever the parent leaked but standard input, output and error.
void close_inherited_files() noexcept;

/// SIGKILL as soon as the process at the other end of the socket `fd` is gone.
/// False: it is gone already, or is not our parent, and we must not go on.
[[nodiscard]] bool die_with_peer(int fd) noexcept;

/// Keeps these bytes out of swap, as far as RLIMIT_MEMLOCK allows.
void keep_in_memory(const void* bytes, std::size_t size) noexcept;

} // namespace knell::fencing::ipmi
