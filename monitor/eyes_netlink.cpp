// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/eyes_netlink.hpp"

#include <algorithm>
#include <cstring>
#include <sys/socket.h>

// Behind <sys/socket.h>, and never beside <net/if.h>: only this one has IFF_LOWER_UP.
#include <linux/if.h>
#include <linux/rtnetlink.h>

namespace knell::monitor {
namespace {

using Bytes = std::span<const std::uint8_t>;

/// A structure of the kernel at the start of `from`.
template <class T>
std::optional<T> take_fixed(Bytes& from)
{
    if (from.size() < sizeof(T)) {
        return std::nullopt;
    }
    T value;
    std::memcpy(&value, from.data(), sizeof value);
    from = from.subspan(std::min<std::size_t>(NLMSG_ALIGN(sizeof value), from.size()));
    return value;
}

template <class T>
std::optional<T> number(Bytes value)
{
    T result;
    if (value.size() != sizeof result) {
        return std::nullopt;
    }
    std::memcpy(&result, value.data(), sizeof result);
    return result;
}

std::string text(Bytes value)
{
    const auto end = std::find(value.begin(), value.end(), std::uint8_t{0});
    std::string result{value.begin(), end};
    result.resize(std::min<std::size_t>(result.size(), IFNAMSIZ - 1));
    return result;
}

LinkState state_of(unsigned flags)
{
    if ((flags & IFF_LOOPBACK) != 0) {
        return LinkState::loopback;
    }
    if ((flags & IFF_UP) == 0) {
        return LinkState::down;
    }
    if ((flags & IFF_LOWER_UP) == 0) {
        return LinkState::no_carrier;
    }
    return (flags & IFF_RUNNING) == 0 ? LinkState::dormant : LinkState::working;
}

/// A question: header, fixed part, one or two attributes.
class Question {
public:
    template <class T>
    Question(std::uint16_t type, std::uint32_t sequence, const T& fixed)
    {
        nlmsghdr header{};
        header.nlmsg_type = type;
        header.nlmsg_flags = NLM_F_REQUEST;
        header.nlmsg_seq = sequence;
        append(&header, sizeof header);
        append(&fixed, sizeof fixed);
    }
    void attribute(std::uint16_t type, const void* value, std::size_t size)
    {
        const rtattr header{static_cast<std::uint16_t>(sizeof(rtattr) + size), type};
        append(&header, sizeof header);
        append(value, size);
    }
    std::vector<std::uint8_t> bytes() &&
    {
        const auto size = static_cast<std::uint32_t>(bytes_.size());
        std::memcpy(bytes_.data() + offsetof(nlmsghdr, nlmsg_len), &size, sizeof size);
        return std::move(bytes_);
    }

private:
    void append(const void* data, std::size_t size)
    {
        const auto* first = static_cast<const std::uint8_t*>(data);
        bytes_.insert(bytes_.end(), first, first + size);
        bytes_.resize(NLMSG_ALIGN(bytes_.size()));
    }

    std::vector<std::uint8_t> bytes_;
};

} // namespace

std::optional<NetlinkMessage> take_message(Bytes& bytes)
{
    Bytes rest = bytes;
    const auto header = take_fixed<nlmsghdr>(rest);
    if (!header || header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > bytes.size()) {
        return std::nullopt;
    }
    const auto payload = bytes.first(header->nlmsg_len).subspan(sizeof(nlmsghdr));
    bytes = bytes.subspan(
        std::min<std::size_t>(NLMSG_ALIGN(std::size_t{header->nlmsg_len}), bytes.size()));
    return NetlinkMessage{header->nlmsg_type, header->nlmsg_seq, payload};
}

std::optional<NetlinkAttribute> take_attribute(Bytes& attributes)
{
    Bytes rest = attributes;
    const auto header = take_fixed<rtattr>(rest);
    if (!header || header->rta_len < sizeof(rtattr) || header->rta_len > attributes.size()) {
        return std::nullopt;
    }
    const auto value = attributes.first(header->rta_len).subspan(sizeof(rtattr));
    attributes = attributes.subspan(
        std::min<std::size_t>(RTA_ALIGN(std::size_t{header->rta_len}), attributes.size()));
    const int type = header->rta_type & NLA_TYPE_MASK;
    return NetlinkAttribute{static_cast<std::uint16_t>(type), value};
}

std::optional<LinkSeen> link_in(const NetlinkMessage& message)
{
    if (message.type != RTM_NEWLINK && message.type != RTM_DELLINK) {
        return std::nullopt;
    }
    Bytes rest = message.payload;
    const auto about = take_fixed<ifinfomsg>(rest);
    if (!about || about->ifi_family != AF_UNSPEC || about->ifi_index <= 0) {
        return std::nullopt;
    }
    LinkSeen seen{about->ifi_index, {}, state_of(about->ifi_flags)};
    if (message.type == RTM_DELLINK) {
        seen.state = LinkState::gone;
    }
    while (const auto attribute = take_attribute(rest)) {
        if (attribute->type == IFLA_IFNAME) {
            seen.name = text(attribute->value);
        }
    }
    return seen;
}

std::optional<RouteSeen> route_in(const NetlinkMessage& message)
{
    if (message.type != RTM_NEWROUTE) {
        return std::nullopt;
    }
    Bytes rest = message.payload;
    const auto about = take_fixed<rtmsg>(rest);
    if (!about) {
        return std::nullopt;
    }
    RouteSeen seen;
    const bool leads_somewhere = about->rtm_type == RTN_UNICAST || about->rtm_type == RTN_LOCAL ||
                                 about->rtm_type == RTN_BROADCAST ||
                                 about->rtm_type == RTN_ANYCAST || about->rtm_type == RTN_MULTICAST;
    while (const auto attribute = take_attribute(rest)) {
        const auto interface = number<std::int32_t>(attribute->value);
        if (leads_somewhere && attribute->type == RTA_OIF && interface && *interface > 0) {
            seen.interface = *interface;
        }
    }
    return seen;
}

std::optional<int> error_in(const NetlinkMessage& message)
{
    Bytes rest = message.payload;
    const auto error = take_fixed<nlmsgerr>(rest);
    if (message.type != NLMSG_ERROR || !error) {
        return std::nullopt;
    }
    // The kernel sends -errno; INT_MIN has no opposite.
    return error->error > 0 ? error->error : -std::max(error->error, -4095);
}

std::vector<std::uint8_t> route_question(const Address& to, std::uint32_t sequence)
{
    const bool v4 = to.family == Family::v4;
    rtmsg fixed{};
    fixed.rtm_family = v4 ? AF_INET : AF_INET6;
    fixed.rtm_dst_len = v4 ? 32 : 128;
    Question question{RTM_GETROUTE, sequence, fixed};
    question.attribute(RTA_DST, to.bytes.data(), v4 ? 4 : 16);
    if (to.scope != 0) {
        question.attribute(RTA_OIF, &to.scope, sizeof to.scope);
    }
    return std::move(question).bytes();
}

std::vector<std::uint8_t> link_question(int index, std::uint32_t sequence)
{
    ifinfomsg fixed{};
    fixed.ifi_family = AF_UNSPEC;
    fixed.ifi_index = index;
    Question question{RTM_GETLINK, sequence, fixed};
    const std::uint32_t no_statistics = RTEXT_FILTER_SKIP_STATS;
    question.attribute(IFLA_EXT_MASK, &no_statistics, sizeof no_statistics);
    return std::move(question).bytes();
}

} // namespace knell::monitor
