// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/hardening.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace knell {

void harden_this_process() noexcept
{
    ::prctl(PR_SET_DUMPABLE, 0);
    ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
}

} // namespace knell
