// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/tcp_connector.hpp"

#include "monitor/icmp_packet.hpp"
#include "monitor/probe_rounds.hpp"
#include "monitor/socket_option.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <utility>

namespace knell::monitor {
namespace {

constexpr int notices_at_most = 16;

std::uint64_t key_of(const ProbeId& probe)
{
    return (std::uint64_t{probe.target} << 32) | probe.sequence;
}

void adjust(int socket, Family family) noexcept
{
    set(socket, SOL_SOCKET, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
    set(socket, IPPROTO_TCP, TCP_QUICKACK, int{0});
    if (family == Family::v4) {
        set(socket, IPPROTO_IP, IP_TOS, dscp_cs6);
        set(socket, IPPROTO_IP, IP_RECVERR, int{1});
    } else {
        set(socket, IPPROTO_IPV6, IPV6_TCLASS, dscp_cs6);
        set(socket, IPPROTO_IPV6, IPV6_RECVERR, int{1});
    }
}

std::string describe(const sock_extended_err& error, const sockaddr_storage& offender)
{
    const Family family = error.ee_origin == SO_EE_ORIGIN_ICMP ? Family::v4 : Family::v6;
    auto text = describe(family, {.probe = {}, .type = error.ee_type, .code = error.ee_code});
    if (const auto from = from_sockaddr(offender)) {
        text += ", says " + to_string(from->address);
    }
    return text;
}

/// The last ICMP error about this connection, if there was one: ip(7), IP_RECVERR. Without it an
/// ICMP "port unreachable", which anybody on the way can send, and the RST of a living kernel
/// would both be ECONNREFUSED.
std::optional<std::string> read_notice(int socket)
{
    std::optional<std::string> last;
    for (int i = 0; i < notices_at_most; ++i) {
        alignas(cmsghdr) std::array<std::uint8_t, 256> control;
        msghdr message{};
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        if (recvmsg(socket, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
            break;
        }
        for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
            sock_extended_err error{};
            const std::size_t size = c->cmsg_len - CMSG_LEN(0);
            const bool ours = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
                              (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
            if (!ours || size < sizeof error) {
                continue;
            }
            std::memcpy(&error, CMSG_DATA(c), sizeof error);
            sockaddr_storage offender{};
            std::memcpy(&offender, CMSG_DATA(c) + sizeof error,
                        std::min(size - sizeof error, sizeof offender));
            if (error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6) {
                last = describe(error, offender);
            }
        }
    }
    return last;
}

int take_error(int socket) noexcept
{
    int error = 0;
    socklen_t size = sizeof error;
    return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

struct Look {
    std::optional<TcpAnswer> answer;
    bool over = true;
};

TcpAnswer answer_of(int error)
{
    using Kind = TcpAnswer::Kind;
    switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
        return {.kind = Kind::refused, .round_trip = {}, .detail = {}};
    case ETIMEDOUT:
    case EHOSTUNREACH:
    case ENETUNREACH:
        return {.kind = Kind::unreachable, .round_trip = {}, .detail = std::strerror(error)};
    default:
        return {.kind = Kind::fault,
                .round_trip = {},
                .detail = std::string{"could not connect: "} + std::strerror(error)};
    }
}

Look look_at(int socket, int error_of_connect, Duration elapsed)
{
    using Kind = TcpAnswer::Kind;
    const int taken = take_error(socket);
    const int error = taken != 0 ? taken : error_of_connect;
    const auto notice = read_notice(socket);
    tcp_info info{};
    socklen_t size = sizeof info;
    if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return {.answer = answer_of(errno)};
    }
    if (info.tcpi_state != TCP_SYN_SENT && info.tcpi_state != TCP_CLOSE) {
        const Duration measured{info.tcpi_rtt};
        return {.answer = TcpAnswer{.kind = Kind::accepted,
                                    .round_trip = measured > 0us ? measured : elapsed,
                                    .detail = {}}};
    }
    Look look{.answer = std::nullopt, .over = info.tcpi_state == TCP_CLOSE};
    if (notice) {
        look.answer = TcpAnswer{.kind = Kind::unreachable, .round_trip = {}, .detail = *notice};
    } else if (look.over) {
        look.answer = answer_of(error);
        look.answer->round_trip = look.answer->kind == Kind::refused ? elapsed : Duration::zero();
    }
    return look;
}

} // namespace

std::variant<TcpConnector, TcpConnector::Failure> TcpConnector::open()
{
    Socket epoll{epoll_create1(EPOLL_CLOEXEC)};
    if (!epoll) {
        return std::string{"cannot watch TCP connections: "} + std::strerror(errno) +
               ". Raise the number of open files (LimitNOFILE).";
    }
    return TcpConnector{std::move(epoll)};
}

int TcpConnector::begin(const ProbeId& probe, const Endpoint& to, Instant at)
{
    const Family family = to.address.family;
    Socket opened{socket(family == Family::v4 ? AF_INET : AF_INET6,
                         SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP)};
    if (!opened) {
        return errno;
    }
    adjust(opened.get(), family);
    sockaddr_storage address;
    const auto length = to_sockaddr(to, address);
    int error = 0;
    if (connect(opened.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
        error = errno;
    }
    // On loopback the answer may be there before connect() returns.
    if (error != 0 && error != EINPROGRESS && error != ECONNREFUSED && error != ECONNRESET) {
        return error;
    }
    epoll_event interest{};
    interest.events = EPOLLOUT | EPOLLET;
    interest.data.u64 = key_of(probe);
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, opened.get(), &interest) != 0) {
        return errno;
    }
    attempts_.insert_or_assign(
        key_of(probe),
        Attempt{.probe = probe, .socket = std::move(opened), .begun = at, .error = error});
    return 0;
}

void TcpConnector::drain(const Reader& read)
{
    std::array<epoll_event, 256> events;
    int count = 0;
    do {
        count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
        const auto now = read_clock();
        for (int i = 0; i < count; ++i) {
            // By value: the kernel packs the structure, so a reference would be misaligned.
            const std::uint64_t number = events[static_cast<std::size_t>(i)].data.u64;
            const auto found = attempts_.find(number);
            if (found == attempts_.end()) {
                continue;
            }
            const Attempt& attempt = found->second;
            const auto probe = attempt.probe;
            const auto look = look_at(attempt.socket.get(), attempt.error, now - attempt.begun);
            if (look.over) {
                attempts_.erase(found);
            }
            if (look.answer) {
                read(probe, *look.answer);
            }
        }
    } while (count == static_cast<int>(events.size()) || (count < 0 && errno == EINTR));
}

void TcpConnector::give_up(const ProbeId& probe)
{
    attempts_.erase(key_of(probe));
}

} // namespace knell::monitor
