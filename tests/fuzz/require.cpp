// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/target.hpp"

#include <cstdio>
#include <cstdlib>

namespace knell::fuzz {

void require(bool holds, const char* promise, std::string_view by)
{
    if (!holds) {
        std::fprintf(stderr, "broken promise: %s\n%.*s\n", promise, static_cast<int>(by.size()),
                     by.data());
        std::abort();
    }
}

} // namespace knell::fuzz
