// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/eyes_netlink.hpp"
#include "monitor/inbox.hpp"

#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace knell::monitor {

/// What the kernel answered: also that there is no such thing, or nothing that helps.
enum class Told { yes, no, unknown };

struct RouteAnswer {
    Told told = Told::unknown;
    int interface = 0;
};

struct LinkAnswer {
    Told told = Told::unknown;
    LinkSeen link;
};

/// Two rtnetlink sockets, for news and for questions. Neither needs a privilege, and neither
/// waits: the kernel answers a question before the call that asks it returns.
class EyesSocket {
public:
    using Failure = std::string; ///< for the operator, with the remedy

    [[nodiscard]] static std::variant<EyesSocket, Failure> open();

    /// Readable when there are news.
    [[nodiscard]] int descriptor() const noexcept { return news_.get(); }

    enum class News {
        drained,
        more, ///< a bounded number was read; there may be more
        lost  ///< the socket overflowed, or a message made no sense: everything must be read anew
    };
    /// Hands over every message about interfaces, addresses, routes and rules.
    [[nodiscard]] News drain(const std::function<void(const NetlinkMessage&)>& read);

    [[nodiscard]] RouteAnswer ask_route(const Address& to);
    [[nodiscard]] LinkAnswer ask_link(int index);

private:
    EyesSocket(Socket news, Socket questions);

    enum class Heard { message, nothing, lost };
    Heard receive(int socket, std::span<const std::uint8_t>& bytes);
    bool ask(const std::vector<std::uint8_t>& question, std::uint32_t sequence,
             const std::function<void(const NetlinkMessage&)>& read);

    Socket news_;
    Socket questions_;
    std::uint32_t sequence_ = 0;
    std::vector<std::uint8_t> buffer_;
};

} // namespace knell::monitor
