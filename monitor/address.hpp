// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr_storage;

namespace knell::monitor {

enum class Family { v4, v6 };

/// A numeric IP address without a port. A link-local IPv6 address carries its
/// interface index in `scope`; everywhere else `scope` is 0. An IPv4-mapped
/// IPv6 address is taken for the IPv4 address it is.
struct Address {
    Family family = Family::v4;
    std::array<std::uint8_t, 16> bytes{}; ///< IPv4 uses the first four
    std::uint32_t scope = 0;

    friend bool operator==(const Address&, const Address&) = default;
};

/// An address and a UDP port.
struct Endpoint {
    Address address;
    std::uint16_t port = 0;

    friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// "10.0.0.1", "fd00::1", "fe80::1%eth0". Names are not resolved: nothing here ever blocks.
[[nodiscard]] std::optional<Address> parse_address(std::string_view text);
/// "10.0.0.1:7412", "[fd00::1]:7412". The port is 1 to 65535, or 0 with `Port::any`.
enum class Port { given, any };
[[nodiscard]] std::optional<Endpoint> parse_endpoint(std::string_view text, Port = Port::given);
[[nodiscard]] std::string to_string(const Address& address);
[[nodiscard]] std::string to_string(const Endpoint& endpoint);

/// Fills `to` and returns the length that the socket calls want.
unsigned to_sockaddr(const Endpoint& endpoint, sockaddr_storage& to) noexcept;
[[nodiscard]] std::optional<Endpoint> from_sockaddr(const sockaddr_storage& from) noexcept;

} // namespace knell::monitor

template <>
struct std::hash<knell::monitor::Address> {
    std::size_t operator()(const knell::monitor::Address& address) const noexcept
    {
        const auto* text = reinterpret_cast<const char*>(address.bytes.data());
        return std::hash<std::string_view>{}({text, address.bytes.size()});
    }
};
