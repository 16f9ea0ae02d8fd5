// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/socket_gate.hpp"

#include <utility>

namespace knell::monitor {

SocketGate::SocketGate(int socket, Family family, Code code, FloodGuard guard)
    : socket_{socket}, family_{family}, code_{std::move(code)}, guard_{std::move(guard)}
{
    attach_code();
}

void SocketGate::know(std::span<const Address> addresses)
{
    known_ = KnownSources::of(family_, addresses);
    if (shut_) {
        attach_code();
    }
}

void SocketGate::looked(Instant now, std::uint64_t strangers, bool overflowed)
{
    guard_.looked(now, strangers, overflowed);
    if (std::exchange(shut_, guard_.shut()) != shut_) {
        attach_code();
    }
}

void SocketGate::attach_code()
{
    if (!shut_ || !known_ || !attach(socket_, code_(&*known_))) {
        static_cast<void>(attach(socket_, code_(nullptr)));
    }
}

} // namespace knell::monitor
