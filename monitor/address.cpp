// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/address.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace knell::monitor {
namespace {

Address from_in6(const in6_addr& source, std::uint32_t scope) noexcept
{
    Address address;
    if (IN6_IS_ADDR_V4MAPPED(&source)) {
        std::copy_n(source.s6_addr + 12, 4, address.bytes.begin());
        return address;
    }
    address.family = Family::v6;
    std::copy_n(source.s6_addr, 16, address.bytes.begin());
    address.scope = IN6_IS_ADDR_LINKLOCAL(&source) ? scope : 0;
    return address;
}

std::optional<std::uint32_t> parse_number(std::string_view text, std::uint32_t most)
{
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > most) {
        return std::nullopt;
    }
    return value;
}

} // namespace

std::optional<Address> parse_address(std::string_view text)
{
    if (text.find('\0') != std::string_view::npos) {
        return std::nullopt; // the C functions would not see what is behind it
    }
    std::string host{text};
    std::uint32_t scope = 0;
    if (const auto percent = host.find('%'); percent != std::string::npos) {
        const std::string zone = host.substr(percent + 1);
        scope = if_nametoindex(zone.c_str());
        if (scope == 0) {
            scope = parse_number(zone, UINT32_MAX).value_or(0);
        }
        if (scope == 0) {
            return std::nullopt;
        }
        host.resize(percent);
    }
    in6_addr six{};
    if (inet_pton(AF_INET6, host.c_str(), &six) == 1) {
        return from_in6(six, scope);
    }
    in_addr four{};
    if (scope == 0 && inet_pton(AF_INET, host.c_str(), &four) == 1) {
        Address address;
        std::memcpy(address.bytes.data(), &four, sizeof four);
        return address;
    }
    return std::nullopt;
}

std::optional<Endpoint> parse_endpoint(std::string_view text, Port port)
{
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) {
        return std::nullopt;
    }
    std::string_view host = text.substr(0, colon);
    const bool brackets = host.size() >= 2 && host.front() == '[' && host.back() == ']';
    if (brackets) {
        host = host.substr(1, host.size() - 2);
    }
    const auto address = parse_address(host);
    const auto number = parse_number(text.substr(colon + 1), 65535);
    if (!address || !number || (*number == 0 && port == Port::given) ||
        brackets != (host.find(':') != std::string_view::npos)) {
        return std::nullopt;
    }
    return Endpoint{*address, static_cast<std::uint16_t>(*number)};
}

std::string to_string(const Address& address)
{
    char text[INET6_ADDRSTRLEN] = "?";
    const int family = address.family == Family::v4 ? AF_INET : AF_INET6;
    inet_ntop(family, address.bytes.data(), text, sizeof text);
    std::string result = text;
    if (address.scope != 0) {
        char name[IF_NAMESIZE] = "";
        result += '%';
        result += if_indextoname(address.scope, name) != nullptr ? std::string{name}
                                                                 : std::to_string(address.scope);
    }
    return result;
}

std::string to_string(const Endpoint& endpoint)
{
    const std::string host = to_string(endpoint.address);
    const std::string port = std::to_string(endpoint.port);
    return endpoint.address.family == Family::v4 ? host + ":" + port : "[" + host + "]:" + port;
}

unsigned to_sockaddr(const Endpoint& endpoint, sockaddr_storage& to) noexcept
{
    std::memset(&to, 0, sizeof to);
    if (endpoint.address.family == Family::v4) {
        auto& four = reinterpret_cast<sockaddr_in&>(to);
        four.sin_family = AF_INET;
        four.sin_port = htons(endpoint.port);
        std::memcpy(&four.sin_addr, endpoint.address.bytes.data(), 4);
        return sizeof(sockaddr_in);
    }
    auto& six = reinterpret_cast<sockaddr_in6&>(to);
    six.sin6_family = AF_INET6;
    six.sin6_port = htons(endpoint.port);
    six.sin6_scope_id = endpoint.address.scope;
    std::memcpy(&six.sin6_addr, endpoint.address.bytes.data(), 16);
    return sizeof(sockaddr_in6);
}

std::optional<Endpoint> from_sockaddr(const sockaddr_storage& from) noexcept
{
    if (from.ss_family == AF_INET) {
        const auto& four = reinterpret_cast<const sockaddr_in&>(from);
        Endpoint endpoint{{}, ntohs(four.sin_port)};
        std::memcpy(endpoint.address.bytes.data(), &four.sin_addr, 4);
        return endpoint;
    }
    if (from.ss_family == AF_INET6) {
        const auto& six = reinterpret_cast<const sockaddr_in6&>(from);
        return Endpoint{from_in6(six.sin6_addr, six.sin6_scope_id), ntohs(six.sin6_port)};
    }
    return std::nullopt;
}

} // namespace knell::monitor
