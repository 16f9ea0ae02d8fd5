// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/address.hpp"

#include "monitor/address.hpp"

#include <algorithm>
#include <charconv>
#include <netinet/in.h>
#include <optional>

namespace knell::config {
namespace {

const char* const numeric_remedy =
    "write the numeric address; knell asks no DNS, which may be down just when it matters";

/// Without a zone: monitor::parse_address would ask the machine which interfaces it has.
std::optional<monitor::Address> parsed(std::string_view text)
{
    const bool odd = text.find_first_of(std::string_view{"%\0", 2}) != std::string_view::npos;
    return odd ? std::nullopt : monitor::parse_address(text);
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

const NotAnAddress nobodys{"is no address of a machine", "write its own address"};
const NotAnAddress disguised{"is an IPv4 address in disguise", "write it as IPv4"};

std::optional<NotAnAddress> unusable_v4(const monitor::Address& address)
{
    const auto first = address.bytes[0];
    if (first == 0) {
        return nobodys;
    }
    constexpr unsigned multicast = 224;
    if (first >= multicast) {
        return NotAnAddress{"is a multicast, broadcast or reserved address",
                            "write the address of one machine"};
    }
    return std::nullopt;
}

std::optional<NotAnAddress> unusable_v6(const monitor::Address& address)
{
    in6_addr raw{};
    std::copy(address.bytes.begin(), address.bytes.end(), raw.s6_addr);
    if (IN6_IS_ADDR_UNSPECIFIED(&raw)) {
        return nobodys;
    }
    if (IN6_IS_ADDR_V4COMPAT(&raw)) {
        return disguised;
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
    const auto address = parsed(text);
    if (!address) {
        return not_numeric(text);
    }
    const bool v6 = address->family == monitor::Family::v6;
    if (!v6 && text.find(':') != std::string_view::npos) {
        return disguised;
    }
    if (auto reason = v6 ? unusable_v6(*address) : unusable_v4(*address)) {
        return *std::move(reason);
    }
    return Address{monitor::to_string(*address), v6};
}

std::string ListenAddress::text() const
{
    return (v6() ? "[" + address + "]" : address) + ":" + std::to_string(port);
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
    const auto address = parsed(host);
    if (!address || brackets != (host.find(':') != std::string_view::npos)) {
        return shape;
    }
    unsigned port = 0;
    const auto [end, error] =
        std::from_chars(port_text.data(), port_text.data() + port_text.size(), port);
    if (error != std::errc{} || end != port_text.data() + port_text.size() || port == 0 ||
        port > 65535) {
        return NotAnAddress{"has no port from 1 to 65535", shape.remedy};
    }
    return ListenAddress{monitor::to_string(*address), static_cast<std::uint16_t>(port)};
}

} // namespace knell::config
