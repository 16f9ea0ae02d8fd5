// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace knell::monitor {

/// What comes to one of our sockets from nobody we know.
struct FloodNews {
    enum class Kind {
        flooded, ///< more than anybody sends by mistake; nothing is lost so far
        overrun, ///< and what hosts sent is lost among it: their silence proves nothing
        over,
    };
    Kind kind = Kind::flooded;
    std::string socket; ///< "heartbeats over IPv4"
};

using FloodSink = std::function<void(const FloodNews&)>;

/// Tells a flood from stray packets, and decides when strangers are not worth reading any more:
/// in peace they are read and counted by what is wrong with them, for whoever sets up an agent; in
/// a flood the kernel drops them. Pure.
class FloodGuard {
public:
    static constexpr std::uint64_t flood = 2000; ///< more within a second
    static constexpr Duration second = 1s;
    static constexpr Duration shut_for = 30s; ///< since it was last seen

    FloodGuard(std::string socket, FloodSink sink);

    /// After each look at the socket: how many packets were nobody's, and whether any were lost.
    void looked(Instant now, std::uint64_t strangers, bool overflowed);
    /// Whether strangers are to be kept out. After a flood they are let in again for a second
    /// before it is called over: what the kernel drops is not counted on every socket.
    [[nodiscard]] bool shut() const noexcept { return shut_; }

private:
    void tell(FloodNews::Kind kind);

    std::string socket_;
    FloodSink sink_;
    Instant counted_since_{};
    std::uint64_t strangers_ = 0;
    Instant seen_at_{};
    bool flooded_ = false;
    bool overrun_ = false;
    bool shut_ = false;
};

} // namespace knell::monitor
