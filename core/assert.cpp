// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace knell {

void assertion_failed(const char* what, const char* file, int line) noexcept
{
    std::fprintf(stderr, "knell: assertion failed: %s (%s:%d)\n", what, file, line);
    std::abort();
}

} // namespace knell
