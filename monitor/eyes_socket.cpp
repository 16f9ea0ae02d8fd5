// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/eyes_socket.hpp"

#include <cerrno>
#include <cstring>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace knell::monitor {
namespace {

constexpr std::size_t buffer_bytes = 64UL * 1024; ///< the kernel sends at most 32 KiB at once
constexpr int datagrams_at_most = 256;            ///< per drain: news must not hold the loop
constexpr int answers_at_most = 16; ///< late answers to older questions come before ours
constexpr int news_buffer_bytes = 1 << 20;

Socket open_netlink()
{
    Socket opened{socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE)};
    sockaddr_nl own{};
    own.nl_family = AF_NETLINK;
    if (opened && bind(opened.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
        return {};
    }
    return opened;
}

bool join(const Socket& socket, int group)
{
    return setsockopt(socket.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) == 0;
}

std::string failure()
{
    return std::string{"no rtnetlink socket to watch our own interfaces with: "} +
           std::strerror(errno) +
           ". Where systemd restricts us, RestrictAddressFamilies= must name AF_NETLINK.";
}

/// Refusals that say nothing about the route or the interface.
bool our_own_trouble(int error)
{
    return error == 0 || error == ENOMEM || error == ENOBUFS || error == EINTR || error == EAGAIN ||
           error == EBUSY || error == EPERM || error == EOPNOTSUPP;
}

} // namespace

EyesSocket::EyesSocket(Socket news, Socket questions)
    : news_{std::move(news)}, questions_{std::move(questions)}, buffer_(buffer_bytes)
{
}

std::variant<EyesSocket, EyesSocket::Failure> EyesSocket::open()
{
    Socket news = open_netlink();
    if (!news || !join(news, RTNLGRP_LINK)) {
        return failure();
    }
    Socket questions = open_netlink();
    if (!questions) {
        return failure();
    }
    enlarge_buffer(news.get(), news_buffer_bytes);
    // A kernel without IPv6, rules or nexthop objects has nothing to tell of them.
    for (const int group :
         {RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_IFADDR,
          RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV6_RULE, RTNLGRP_NEXTHOP}) {
        static_cast<void>(join(news, group));
    }
    return EyesSocket{std::move(news), std::move(questions)};
}

EyesSocket::Heard EyesSocket::receive(int socket, std::span<const std::uint8_t>& bytes)
{
    sockaddr_nl from{};
    iovec vector{buffer_.data(), buffer_.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    const auto size = recvmsg(socket, &message, MSG_DONTWAIT);
    bytes = {};
    if (size < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK ? Heard::nothing : Heard::lost;
    }
    if ((message.msg_flags & MSG_TRUNC) != 0) {
        return Heard::lost;
    }
    if (message.msg_namelen == sizeof from && from.nl_pid == 0) { // else it is not the kernel's
        bytes = std::span{buffer_}.first(static_cast<std::size_t>(size));
    }
    return Heard::message;
}

EyesSocket::News EyesSocket::drain(const std::function<void(const NetlinkMessage&)>& read)
{
    bool lost = false;
    for (int i = 0; i < datagrams_at_most; ++i) {
        std::span<const std::uint8_t> bytes;
        const auto heard = receive(news_.get(), bytes);
        if (heard == Heard::nothing) {
            return lost ? News::lost : News::drained;
        }
        lost = lost || heard == Heard::lost;
        while (const auto message = take_message(bytes)) {
            read(*message);
        }
        lost = lost || !bytes.empty();
    }
    return lost ? News::lost : News::more;
}

bool EyesSocket::ask(const std::vector<std::uint8_t>& question, std::uint32_t sequence,
                     const std::function<void(const NetlinkMessage&)>& read)
{
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    if (sendto(questions_.get(), question.data(), question.size(), MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel) < 0) {
        return false;
    }
    for (int i = 0; i < answers_at_most; ++i) {
        std::span<const std::uint8_t> bytes;
        if (receive(questions_.get(), bytes) == Heard::nothing) {
            return false;
        }
        while (const auto message = take_message(bytes)) {
            if (message->sequence == sequence) {
                read(*message);
                return true;
            }
        }
    }
    return false;
}

RouteAnswer EyesSocket::ask_route(const Address& to)
{
    RouteAnswer answer;
    ++sequence_;
    ask(route_question(to, sequence_), sequence_, [&](const NetlinkMessage& message) {
        if (const auto route = route_in(message)) {
            answer = {route->interface == 0 ? Told::no : Told::yes, route->interface};
        } else if (const auto error = error_in(message); error && !our_own_trouble(*error)) {
            answer.told = Told::no; // ENETUNREACH, EHOSTUNREACH, EACCES, EINVAL for a blackhole
        }
    });
    return answer;
}

LinkAnswer EyesSocket::ask_link(int index)
{
    LinkAnswer answer;
    ++sequence_;
    ask(link_question(index, sequence_), sequence_, [&](const NetlinkMessage& message) {
        if (auto link = link_in(message); link && link->index == index) {
            answer = {Told::yes, std::move(*link)};
        } else if (error_in(message) == ENODEV) {
            answer.told = Told::no;
        }
    });
    return answer;
}

} // namespace knell::monitor
