// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <charconv>
#include <netinet/in.h>
#include <optional>

namespace knell::config {
namespace {

const char* const numeric_remedy =
    "write the numeric address; knell asks no DNS, which may be down just when it matters";

std::optional<Address> canonical(std::string_view text)
{
    const std::string terminated{text};
    if (terminated.find('\0') != std::string::npos) {
        return std::nullopt;
    }
    std::array<char, INET6_ADDRSTRLEN> out{};
    in_addr v4{};
    if (inet_pton(AF_INET, terminated.c_str(), &v4) == 1) {
        inet_ntop(AF_INET, &v4, out.data(), out.size());
        return Address{out.data(), false};
    }
    in6_addr v6{};
    if (inet_pton(AF_INET6, terminated.c_str(), &v6) == 1) {
        inet_ntop(AF_INET6, &v6, out.data(), out.size());
        return Address{out.data(), true};
    }
    return std::nullopt;
}

NotAnAddress not_numeric(std::string_view text)
{
    if (text.find('/') != std::string_view::npos) {
        return {"is a network, not an address", "write the address of one machine, without /"};
    }
    if (text.find('%') != std::string_view::npos) {
        return {"needs a zone", "use a global or unique local address (fd00::/8)"};
    }
    if (text.find("::") == std::string_view::npos &&
        std::count(text.begin(), text.end(), ':') == 1) {
        return {"is not a numeric address", "write the port, if there is one, under its own key"};
    }
    const bool digits = !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
    if (digits) {
        return {"is not an IPv4 address",
                "four numbers from 0 to 255 without leading zeros, e.g. 10.0.0.11"};
    }
    if (text.find(':') != std::string_view::npos) {
        return {"is not an IPv6 address", "e.g. fd00::11, in quotes"};
    }
    return {"is not a numeric address", numeric_remedy};
}

std::optional<NotAnAddress> unusable(const Address& address)
{
    if (!address.v6) {
        in_addr raw{};
        inet_pton(AF_INET, address.text.c_str(), &raw);
        const std::uint32_t number = ntohl(raw.s_addr);
        if (number >> 24U == 0) {
            return NotAnAddress{"is no address of a machine", "write its own address"};
        }
        if (IN_MULTICAST(number) || number >= 0xF0000000U) {
            return NotAnAddress{"is a multicast, broadcast or reserved address",
                                "write the address of one machine"};
        }
        return std::nullopt;
    }
    in6_addr raw{};
    inet_pton(AF_INET6, address.text.c_str(), &raw);
    if (IN6_IS_ADDR_V4MAPPED(&raw) || IN6_IS_ADDR_V4COMPAT(&raw)) {
        if (!IN6_IS_ADDR_LOOPBACK(&raw) && !IN6_IS_ADDR_UNSPECIFIED(&raw)) {
            return NotAnAddress{"is an IPv4 address in disguise", "write it as IPv4"};
        }
    }
    if (IN6_IS_ADDR_UNSPECIFIED(&raw)) {
        return NotAnAddress{"is no address of a machine", "write its own address"};
    }
    if (IN6_IS_ADDR_MULTICAST(&raw)) {
        return NotAnAddress{"is a multicast address", "write the address of one machine"};
    }
    if (IN6_IS_ADDR_LINKLOCAL(&raw)) {
        return NotAnAddress{"is a link-local address, which needs a zone",
                            "use a global or unique local address (fd00::/8)"};
    }
    return std::nullopt;
}

} // namespace

std::variant<Address, NotAnAddress> parse_address(std::string_view text)
{
    const auto address = canonical(text);
    if (!address) {
        return not_numeric(text);
    }
    if (auto reason = unusable(*address)) {
        return *std::move(reason);
    }
    return *address;
}

std::variant<ListenAddress, NotAnAddress> parse_listen(std::string_view text)
{
    const NotAnAddress shape{"is not a numeric address and a port",
                             "e.g. \"0.0.0.0:7412\" or \"[::]:7412\""};
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return shape;
    }
    std::string_view host = text.substr(0, colon);
    const std::string_view port_text = text.substr(colon + 1);
    const bool brackets = host.starts_with('[') && host.ends_with(']');
    if (brackets) {
        host = host.substr(1, host.size() - 2);
    }
    const auto address = canonical(host);
    if (!address || address->v6 != brackets) {
        return shape;
    }
    unsigned port = 0;
    const auto [end, error] =
        std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    if (error != std::errc{} || end != port_text.data() + port_text.size() || port == 0 ||
        port > 65535) {
        return NotAnAddress{"has no port from 1 to 65535", shape.remedy};
    }
    return ListenAddress{address->text, static_cast<std::uint16_t>(port)};
}

} // namespace knell::config
