// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/beat_socket.hpp"

#include "monitor/socket_option.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <utility>

namespace knell::monitor {
namespace {

constexpr int buffer_bytes = 16 << 20;

BeatSocket::Failure failure(const std::string& listen, int error)
{
    const std::string what = "cannot listen on " + listen + ": " + std::strerror(error) + ". ";
    if (error == EADDRINUSE) {
        return what + "Another program has that port; `ss -ulpn` tells which.";
    }
    if (error == EADDRNOTAVAIL) {
        return what + "That address is not on this machine; use 0.0.0.0 or [::] for all of them.";
    }
    return what + "Check heartbeat.listen.";
}

} // namespace

BeatSocket::BeatSocket(Socket socket, Family family)
    : socket_{std::move(socket)}, family_{family}, dropped_{dropped(socket_.get())},
      overflows_{udp_overflows(family)}
{
}

std::variant<BeatSocket, BeatSocket::Failure> BeatSocket::open(const std::string& listen)
{
    const auto endpoint = parse_endpoint(listen, Port::any);
    if (!endpoint) {
        return "\"" + listen + "\" is not an address and a port; " +
               "write \"0.0.0.0:7412\" or \"[::]:7412\".";
    }
    const bool v4 = endpoint->address.family == Family::v4;
    Socket opened{socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!opened) {
        return failure(listen, errno);
    }
    if (v4) {
        set(opened.get(), IPPROTO_IP, IP_PKTINFO, int{1});
        set(opened.get(), IPPROTO_IP, IP_TOS, dscp_cs6);
    } else {
        set(opened.get(), IPPROTO_IPV6, IPV6_V6ONLY, int{1});
        set(opened.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, int{1});
        set(opened.get(), IPPROTO_IPV6, IPV6_TCLASS, dscp_cs6);
    }
    enlarge_buffer(opened.get(), buffer_bytes);
    sockaddr_storage address;
    const auto length = to_sockaddr(*endpoint, address);
    if (bind(opened.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
        return failure(listen, errno);
    }
    return BeatSocket{std::move(opened), endpoint->address.family};
}

std::uint16_t BeatSocket::port() const noexcept
{
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &length);
    const auto endpoint = from_sockaddr(address);
    return endpoint ? endpoint->port : 0;
}

void BeatSocket::answer(const Inbox::Packet& packet, std::span<const std::uint8_t> bytes) noexcept
{
    sockaddr_storage to;
    msghdr message{};
    message.msg_name = &to;
    message.msg_namelen = to_sockaddr(packet.from, to);
    iovec vector{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo))> control{};
    if (packet.to) {
        message.msg_control = control.data();
        message.msg_controllen = control.size();
        cmsghdr* const c = CMSG_FIRSTHDR(&message);
        if (packet.to->family == Family::v4) {
            in_pktinfo info{};
            std::memcpy(&info.ipi_spec_dst, packet.to->bytes.data(), sizeof info.ipi_spec_dst);
            c->cmsg_level = IPPROTO_IP;
            c->cmsg_type = IP_PKTINFO;
            c->cmsg_len = CMSG_LEN(sizeof info);
            std::memcpy(CMSG_DATA(c), &info, sizeof info);
            message.msg_controllen = CMSG_SPACE(sizeof info);
        } else {
            in6_pktinfo info{};
            std::memcpy(&info.ipi6_addr, packet.to->bytes.data(), sizeof info.ipi6_addr);
            // Only a link-local source needs its interface; elsewhere the route chooses.
            info.ipi6_ifindex = IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr) ? packet.to->scope : 0;
            c->cmsg_level = IPPROTO_IPV6;
            c->cmsg_type = IPV6_PKTINFO;
            c->cmsg_len = CMSG_LEN(sizeof info);
            std::memcpy(CMSG_DATA(c), &info, sizeof info);
        }
    }
    // A challenge that cannot leave is repeated with the next beat.
    static_cast<void>(sendmsg(socket_.get(), &message, MSG_DONTWAIT));
}

BeatSocket::Drain BeatSocket::drain(Inbox& inbox,
                                    const std::function<void(const Inbox::Packet&)>& read)
{
    Drain result;
    Draining draining{socket_.get()};
    for (bool over = false; !over;) {
        const auto more = inbox.take(socket_.get());
        for (std::size_t n = 0; n < inbox.size(); ++n) {
            if (const auto packet = inbox.packet(n)) {
                read(*packet);
            }
        }
        over = draining.over(more, inbox.size());
    }
    result.complete = draining.complete();
    count_losses(draining.was_deep(), result);
    return result;
}

/// What the filter drops, and a wrong checksum, count as drops as well, and must not make us doubt
/// the silence of the dead; nor must the full queue of another socket. Ours was full since we last
/// saw it empty only if it still was when we came, or if we took as much as fills one. The kernel
/// counts a drop of ours a little before it counts the overflow, so we look once more the next
/// time.
void BeatSocket::count_losses(bool was_full, Drain& result)
{
    const auto now_dropped = dropped(socket_.get());
    const std::uint64_t lost = now_dropped - std::exchange(dropped_, now_dropped);
    const bool look = lost > 0 || look_again_;
    const bool ours = was_full || was_full_;
    look_again_ = lost > 0;
    was_full_ = was_full;
    if (!look) {
        return;
    }
    const auto before = std::exchange(overflows_, udp_overflows(family_));
    if (!before || !overflows_) {
        result.overflowed = true;
        return;
    }
    const auto overflows =
        (ours ? overflows_->queue - before->queue : 0) + overflows_->memory - before->memory;
    result.overflowed = overflows > 0;
    result.refused = lost - std::min(lost, overflows);
}

} // namespace knell::monitor
