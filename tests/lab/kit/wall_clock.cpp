// SPDX-License-Identifier: GPL-3.0-or-later
// Preloaded into knelld: the file of $WALL_CLOCK says by how many seconds its wall clock is wrong,
// and behind that for how many its machine has slept. All other clocks and every timer are left as
// they are. (libfaketime bends absolute timers of CLOCK_MONOTONIC too: Asio's then never ring.)
#include <cstdlib>
#include <ctime>
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

namespace {

struct Seconds {
    time_t wrong, slept;
};

Seconds from_file()
{
    char text[32] = {};
    const char* const path = std::getenv("WALL_CLOCK");
    const int file = path != nullptr ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0 || read(file, text, sizeof text - 1) <= 0) {
        std::abort();
    }
    close(file);
    char* rest = nullptr;
    const time_t wrong = std::strtol(text, &rest, 10);
    return {wrong, std::strtol(rest, nullptr, 10)};
}

} // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* now) noexcept
{
    const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, now));
    if (result == 0 &&
        (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI)) {
        now->tv_sec += from_file().wrong;
    } else if (result == 0 && clock == CLOCK_BOOTTIME) {
        now->tv_sec += from_file().slept;
    }
    return result;
}

int gettimeofday(timeval* now, void*) noexcept
{
    timespec here{};
    clock_gettime(CLOCK_REALTIME, &here);
    *now = {here.tv_sec, here.tv_nsec / 1000};
    return 0;
}

time_t time(time_t* result) noexcept
{
    timespec here{};
    clock_gettime(CLOCK_REALTIME, &here);
    if (result != nullptr) {
        *result = here.tv_sec;
    }
    return here.tv_sec;
}
}
