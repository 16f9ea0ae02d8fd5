// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace knell {

/// Prints where and what to standard error and aborts. Doing nothing is the
/// safe state, and a restart reads the world again: so dying is safe.
[[noreturn]] void assertion_failed(const char* what, const char* file, int line) noexcept;

} // namespace knell

/// Our own mistakes, not the world's: compiled in always.
#define KNELL_ASSERT(condition)                                                                    \
    (static_cast<bool>(condition) ? static_cast<void>(0)                                           \
                                  : ::knell::assertion_failed(#condition, __FILE__, __LINE__))
