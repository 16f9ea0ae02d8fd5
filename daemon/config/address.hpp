// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace knell::config {

/// A numeric address in its one canonical spelling, so that equal addresses are equal text.
struct Address {
    std::string text;
    bool v6 = false;
};

/// Why a text is not an address that one machine can be reached at.
struct NotAnAddress {
    std::string message; ///< goes after "`10.0.0.300` "
    std::string remedy;
};

/// Names are refused: a watcher that needs DNS is blind when DNS is. So are multicast, broadcast,
/// unspecified and IPv4-mapped addresses, and those that need a zone (fe80::1%eth0).
[[nodiscard]] std::variant<Address, NotAnAddress> parse_address(std::string_view text);

/// A local address to bind and its port.
struct ListenAddress {
    std::string address; ///< numeric; 0.0.0.0 or :: for every one
    std::uint16_t port = 0;

    [[nodiscard]] bool v6() const noexcept { return address.find(':') != std::string::npos; }
    [[nodiscard]] bool loopback() const noexcept
    {
        return address == "::1" || address.starts_with("127.");
    }
    [[nodiscard]] std::string text() const; ///< as parse_listen reads it
    friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};

/// "0.0.0.0:7412" or "[::]:7412".
[[nodiscard]] std::variant<ListenAddress, NotAnAddress> parse_listen(std::string_view text);

} // namespace knell::config
