// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/address.hpp"
#include "monitor/inbox.hpp"
#include "monitor/tcp_ledger.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <variant>

namespace knell::monitor {

/// Connections that are being begun, a socket each, all of them behind one epoll descriptor, so
/// that what has happened to any of them is known before anything is judged.
///
/// What is asked of the other side is as little as can be: the last packet of the handshake is
/// held back (TCP_QUICKACK off) and a reset sent in its place (SO_LINGER 0), so that a service
/// never sees the connection and nothing stays in TIME_WAIT on either side.
class TcpConnector {
public:
    using Failure = std::string; ///< for the operator, with the remedy

    [[nodiscard]] static std::variant<TcpConnector, Failure> open();

    /// Readable when drain() has something to tell.
    [[nodiscard]] int descriptor() const noexcept { return epoll_.get(); }
    [[nodiscard]] std::size_t size() const noexcept { return attempts_.size(); }

    /// 0, or the errno of our own kernel's refusal; then no packet has left.
    [[nodiscard]] int begin(const ProbeId& probe, const Endpoint& to, Instant at);

    /// Hands over all that is known by now; an attempt with an answer is over, except that one
    /// found unreachable may go on and have another.
    using Reader = std::function<void(const ProbeId& probe, const TcpAnswer& answer)>;
    void drain(const Reader& read);

    void give_up(const ProbeId& probe);

private:
    struct Attempt {
        ProbeId probe;
        Socket socket;
        Instant begun;
        int error = 0; ///< what connect() itself said
    };

    explicit TcpConnector(Socket epoll) : epoll_{std::move(epoll)} {}

    Socket epoll_;
    std::unordered_map<std::uint64_t, Attempt> attempts_;
};

} // namespace knell::monitor
