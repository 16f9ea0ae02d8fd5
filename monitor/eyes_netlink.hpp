// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/address.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace knell::monitor {

/// The little of rtnetlink(7) that our eyes need, as pure functions: messages and attributes are
/// those of <linux/rtnetlink.h> and <linux/if_link.h>, numbers are in the machine's own order.
/// Every reader is bounded by the bytes that it is given, whatever lengths stand in them.

struct NetlinkMessage {
    std::uint16_t type = 0;                ///< RTM_..., NLMSG_...
    std::uint32_t sequence = 0;            ///< of the question that it answers
    std::span<const std::uint8_t> payload; ///< of the bytes that it was taken from
};

/// Takes the first message off `bytes`. Empty at their end, and at the first message whose length
/// makes no sense; then `bytes` stays as it is.
[[nodiscard]] std::optional<NetlinkMessage> take_message(std::span<const std::uint8_t>& bytes);

struct NetlinkAttribute {
    std::uint16_t type = 0;
    std::span<const std::uint8_t> value;
};

/// The same for the attributes behind a message's fixed part.
[[nodiscard]] std::optional<NetlinkAttribute>
take_attribute(std::span<const std::uint8_t>& attributes);

enum class LinkState {
    unknown,
    working,
    loopback, ///< never dark, whatever its flags are
    down,     ///< by an administrator: not IFF_UP
    no_carrier,
    dormant, ///< carrier, but not IFF_RUNNING: e.g. 802.1X has not let us in (RFC 2863)
    gone
};

struct LinkSeen {
    int index = 0;
    std::string name;
    LinkState state = LinkState::unknown;

    friend bool operator==(const LinkSeen&, const LinkSeen&) = default;
};

/// RTM_NEWLINK or RTM_DELLINK about an interface itself. Empty for everything else, in particular
/// for a bridge's word that a port has left it, which is an RTM_DELLINK of family AF_BRIDGE.
[[nodiscard]] std::optional<LinkSeen> link_in(const NetlinkMessage& message);

struct RouteSeen {
    int interface = 0; ///< 0: the route says that there is no way (unreachable, blackhole, ...)

    friend bool operator==(const RouteSeen&, const RouteSeen&) = default;
};

/// RTM_NEWROUTE, as the answer to route_question. Empty for everything else.
[[nodiscard]] std::optional<RouteSeen> route_in(const NetlinkMessage& message);

/// The errno in an NLMSG_ERROR, 0 for a mere acknowledgement. Empty for everything else.
[[nodiscard]] std::optional<int> error_in(const NetlinkMessage& message);

/// RTM_GETROUTE: which way would a packet to this address take? A scope asks for the way over
/// that interface.
[[nodiscard]] std::vector<std::uint8_t> route_question(const Address& to, std::uint32_t sequence);
/// RTM_GETLINK of one interface.
[[nodiscard]] std::vector<std::uint8_t> link_question(int index, std::uint32_t sequence);

} // namespace knell::monitor
