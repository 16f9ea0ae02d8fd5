// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/hardening.hpp"

#include <csignal>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace knell::fencing::ipmi {

void keep_to_oneself() noexcept
{
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void close_inherited_files() noexcept
{
    close_range(3, ~0U, 0);
}

bool die_with_peer(int fd) noexcept
{
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
        return false;
    }
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) {
        return false;
    }
    // If the parent died before the line above, nobody will send that signal.
    return getppid() == peer.pid;
}

void keep_in_memory(const void* bytes, std::size_t size) noexcept
{
    // The call's failure is no reason to leave a host unfenced.
    static_cast<void>(mlock(bytes, size));
}

} // namespace knell::fencing::ipmi
