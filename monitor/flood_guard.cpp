// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/flood_guard.hpp"

#include <utility>

namespace knell::monitor {

FloodGuard::FloodGuard(std::string socket, FloodSink sink)
    : socket_{std::move(socket)}, sink_{std::move(sink)}
{
}

void FloodGuard::looked(Instant now, std::uint64_t strangers, bool overflowed)
{
    if (now - counted_since_ >= second) {
        counted_since_ = now;
        strangers_ = 0;
    }
    strangers_ += strangers;
    if (strangers_ > flood) {
        seen_at_ = now;
        if (!std::exchange(flooded_, true)) {
            tell(FloodNews::Kind::flooded);
        }
    }
    shut_ = flooded_ && now - seen_at_ < shut_for;
    if (flooded_ && overflowed && !std::exchange(overrun_, true)) {
        tell(FloodNews::Kind::overrun);
    }
    if (flooded_ && now - seen_at_ >= shut_for + second) {
        flooded_ = overrun_ = false;
        tell(FloodNews::Kind::over);
    }
}

void FloodGuard::tell(FloodNews::Kind kind)
{
    if (sink_) {
        sink_({kind, socket_});
    }
}

} // namespace knell::monitor
