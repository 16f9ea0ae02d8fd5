// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/flood_guard.hpp"
#include "monitor/socket_filter.hpp"

#include <functional>
#include <optional>
#include <span>

namespace knell::monitor {

/// Keeps from a socket what cannot be for us, and in a flood also what is from nobody we know.
/// Where the kernel takes no filter everything comes in, and our parsers refuse it as before.
class SocketGate {
public:
    using Code = std::function<FilterCode(const KnownSources*)>;

    /// The socket must outlive this.
    SocketGate(int socket, Family family, Code code, FloodGuard guard);

    /// Who is known from now on.
    void know(std::span<const Address> addresses);
    /// As FloodGuard::looked().
    void looked(Instant now, std::uint64_t strangers, bool overflowed);

private:
    void attach_code();

    int socket_;
    Family family_;
    Code code_;
    FloodGuard guard_;
    std::optional<KnownSources> known_;
    bool shut_ = false;
};

} // namespace knell::monitor
