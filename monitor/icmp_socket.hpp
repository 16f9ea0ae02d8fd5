// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/icmp_packet.hpp"
#include "monitor/inbox.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <variant>

namespace knell::monitor {

/// One socket for all echo requests of one family.
class IcmpSocket {
public:
    enum class Kind { ping, raw };
    using Failure = std::string; ///< for the operator, with the remedy

    /// A ping socket where the kernel lets us have one, else a raw one.
    [[nodiscard]] static std::variant<IcmpSocket, Failure> open(Family family);
    [[nodiscard]] static std::variant<IcmpSocket, Failure> open(Family family, Kind kind);

    [[nodiscard]] int descriptor() const noexcept { return socket_.get(); }
    [[nodiscard]] Family family() const noexcept { return family_; }
    [[nodiscard]] Kind kind() const noexcept { return kind_; }

    /// 0, or the errno of the refusal.
    [[nodiscard]] int send(const Address& to, std::span<const std::uint8_t> message) noexcept;

    struct Drain {
        bool complete = false; ///< the socket was seen empty
        bool overflowed = false;
    };
    /// Hands over every waiting ICMP message, without IP header.
    using Reader = std::function<void(const Address& from, std::span<const std::uint8_t> message,
                                      Instant arrived)>;
    [[nodiscard]] Drain drain(Inbox& inbox, const Reader& read);

private:
    IcmpSocket(Socket socket, Family family, Kind kind);

    Socket socket_;
    Family family_ = Family::v4;
    Kind kind_ = Kind::ping;
    std::uint32_t dropped_ = 0;
};

} // namespace knell::monitor
