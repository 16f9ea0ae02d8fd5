// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/icmp_socket.hpp"

#include "monitor/socket_option.hpp"

#include <cerrno>
#include <cstring>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace knell::monitor {
namespace {

constexpr int buffer_bytes = 16 << 20; ///< some 20,000 replies of 832 bytes as the kernel counts

// <linux/icmp.h> has these and cannot be included beside <netinet/ip_icmp.h>.
constexpr int option_icmp_filter = 1;
constexpr std::uint32_t all_but_reply_and_unreachable = ~((1U << 0) | (1U << 3));

void adjust(int socket, Family family, IcmpSocket::Kind kind) noexcept
{
    enlarge_buffer(socket, buffer_bytes);
    set(socket, SOL_SOCKET, SO_TIMESTAMPNS, int{1});
    if (family == Family::v4) {
        set(socket, IPPROTO_IP, IP_MTU_DISCOVER, int{IP_PMTUDISC_DO});
        set(socket, IPPROTO_IP, IP_TOS, dscp_cs6);
        if (kind == IcmpSocket::Kind::raw) {
            set(socket, SOL_RAW, option_icmp_filter, all_but_reply_and_unreachable);
        }
        return;
    }
    set(socket, IPPROTO_IPV6, IPV6_V6ONLY, int{1});
    set(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, int{IPV6_PMTUDISC_DO});
    set(socket, IPPROTO_IPV6, IPV6_TCLASS, dscp_cs6);
    if (kind == IcmpSocket::Kind::raw) {
        icmp6_filter filter;
        ICMP6_FILTER_SETBLOCKALL(&filter);
        ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter);
        ICMP6_FILTER_SETPASS(ICMP6_DST_UNREACH, &filter);
        set(socket, IPPROTO_ICMPV6, ICMP6_FILTER, filter);
    }
}

std::string remedy(Family family, int error)
{
    const std::string name = family == Family::v4 ? "IPv4" : "IPv6";
    const std::string what = "no ICMP socket for " + name + ": " + std::strerror(error) + ". ";
    if (error == EACCES || error == EPERM) {
        return what +
               "Either let our group have ping sockets (sysctl net.ipv4.ping_group_range=\"0 "
               "2147483647\", which serves IPv6 too), or give the service CAP_NET_RAW "
               "(AmbientCapabilities=CAP_NET_RAW).";
    }
    if (error == EAFNOSUPPORT) {
        return what + "This machine has no " + name + "; remove the addresses of that family.";
    }
    return what + "The host's log may know more.";
}

} // namespace

IcmpSocket::IcmpSocket(Socket socket, Family family, Kind kind)
    : socket_{std::move(socket)}, family_{family}, kind_{kind}
{
    adjust(socket_.get(), family, kind);
    dropped_ = dropped(socket_.get());
}

std::variant<IcmpSocket, IcmpSocket::Failure> IcmpSocket::open(Family family)
{
    auto ping = open(family, Kind::ping);
    return std::holds_alternative<IcmpSocket>(ping) ? std::move(ping) : open(family, Kind::raw);
}

std::variant<IcmpSocket, IcmpSocket::Failure> IcmpSocket::open(Family family, Kind kind)
{
    const int type = (kind == Kind::ping ? SOCK_DGRAM : SOCK_RAW) | SOCK_NONBLOCK | SOCK_CLOEXEC;
    Socket opened{family == Family::v4 ? socket(AF_INET, type, IPPROTO_ICMP)
                                       : socket(AF_INET6, type, IPPROTO_ICMPV6)};
    if (!opened) {
        return remedy(family, errno);
    }
    return IcmpSocket{std::move(opened), family, kind};
}

int IcmpSocket::send(const Address& to, std::span<const std::uint8_t> message) noexcept
{
    sockaddr_storage address;
    const auto length = to_sockaddr({to, 0}, address);
    const auto written = sendto(socket_.get(), message.data(), message.size(), MSG_DONTWAIT,
                                reinterpret_cast<const sockaddr*>(&address), length);
    return written == static_cast<ssize_t>(message.size()) ? 0 : errno;
}

IcmpSocket::Drain IcmpSocket::drain(Inbox& inbox, const Reader& read)
{
    Drain result;
    Draining draining{socket_.get()};
    for (bool over = false; !over;) {
        const auto more = inbox.take(socket_.get());
        for (std::size_t n = 0; n < inbox.size(); ++n) {
            const auto packet = inbox.packet(n);
            if (!packet) {
                continue;
            }
            const bool headed = family_ == Family::v4 && kind_ == Kind::raw;
            const auto message = headed ? behind_ipv4_header(packet->bytes) : packet->bytes;
            read(packet->from.address, message, packet->arrived);
        }
        over = draining.over(more, inbox.size());
    }
    result.complete = draining.complete();
    const auto now_dropped = dropped(socket_.get());
    result.overflowed = now_dropped != dropped_;
    dropped_ = now_dropped;
    return result;
}

} // namespace knell::monitor
