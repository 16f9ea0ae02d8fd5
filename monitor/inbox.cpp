// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/inbox.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace knell::monitor {
namespace {

constexpr std::size_t batch = 64;
constexpr std::size_t least_of_a_packet = 512; ///< bytes of memory that the kernel counts for one

Duration duration_of(const timespec& time) noexcept
{
    return std::chrono::duration_cast<Duration>(std::chrono::seconds{time.tv_sec} +
                                                std::chrono::nanoseconds{time.tv_nsec});
}

Duration read_clock(clockid_t clock) noexcept
{
    timespec now{};
    clock_gettime(clock, &now);
    return duration_of(now);
}

using Memory = std::array<std::uint32_t, SK_MEMINFO_VARS>;

std::optional<Memory> memory_of(int socket) noexcept
{
    Memory info{};
    socklen_t size = sizeof info;
    if (getsockopt(socket, SOL_SOCKET, SO_MEMINFO, info.data(), &size) != 0) {
        return std::nullopt;
    }
    return info;
}

/// Never more than it is: who is preempted between the two readings sees less.
Duration ahead_of_monotonic() noexcept
{
    const auto boottime = read_clock(CLOCK_BOOTTIME);
    return boottime - read_clock(CLOCK_MONOTONIC);
}

} // namespace

Socket::Socket(Socket&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}

Socket& Socket::operator=(Socket&& other) noexcept
{
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

Socket::~Socket()
{
    if (descriptor_ >= 0) {
        close(descriptor_);
    }
}

struct Inbox::Buffers {
    std::array<std::array<std::uint8_t, 256>, batch> bytes;
    std::array<sockaddr_storage, batch> from;
    alignas(cmsghdr) std::array<std::array<std::uint8_t, 128>, batch> control;
    std::array<iovec, batch> vectors;
    std::array<mmsghdr, batch> messages;
    Duration taken_at;       ///< by CLOCK_MONOTONIC
    Duration taken_at_world; ///< by CLOCK_REALTIME, in which the kernel stamps packets
};

Inbox::Inbox() : buffers_{std::make_unique<Buffers>()} {}
Inbox::Inbox(Inbox&&) noexcept = default;
Inbox& Inbox::operator=(Inbox&&) noexcept = default;
Inbox::~Inbox() = default;

Inbox::More Inbox::take(int socket)
{
    auto& b = *buffers_;
    for (std::size_t i = 0; i < batch; ++i) {
        b.vectors[i] = {b.bytes[i].data(), b.bytes[i].size()};
        b.messages[i] = {};
        auto& header = b.messages[i].msg_hdr;
        header.msg_name = &b.from[i];
        header.msg_namelen = sizeof b.from[i];
        header.msg_iov = &b.vectors[i];
        header.msg_iovlen = 1;
        header.msg_control = b.control[i].data();
        header.msg_controllen = b.control[i].size();
    }
    size_ = 0;
    const int count = recvmmsg(socket, b.messages.data(), batch, MSG_DONTWAIT, nullptr);
    if (count < 0) {
        const bool empty = errno == EAGAIN || errno == EWOULDBLOCK;
        return empty ? More::no : More::unsure;
    }
    size_ = static_cast<std::size_t>(count);
    b.taken_at = read_clock(CLOCK_MONOTONIC);
    b.taken_at_world = read_clock(CLOCK_REALTIME);
    // A batch that is not full may also have ended at a pending socket error: ask again.
    return More::yes;
}

std::optional<Inbox::Packet> Inbox::packet(std::size_t index) const
{
    const auto& message = buffers_->messages[index];
    const auto from = from_sockaddr(buffers_->from[index]);
    if (!from || message.msg_hdr.msg_namelen == 0) {
        return std::nullopt;
    }
    Packet packet{.bytes = std::span{buffers_->bytes[index]}.first(message.msg_len),
                  .from = *from,
                  .to = std::nullopt,
                  .arrived = Instant{buffers_->taken_at}};
    auto* header = const_cast<msghdr*>(&message.msg_hdr);
    for (cmsghdr* c = CMSG_FIRSTHDR(header); c != nullptr; c = CMSG_NXTHDR(header, c)) {
        Address to;
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            in_pktinfo info;
            std::memcpy(&info, CMSG_DATA(c), sizeof info);
            std::memcpy(to.bytes.data(), &info.ipi_spec_dst, sizeof info.ipi_spec_dst);
            packet.to = to;
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info;
            std::memcpy(&info, CMSG_DATA(c), sizeof info);
            to.family = Family::v6;
            to.scope = info.ipi6_ifindex;
            std::memcpy(to.bytes.data(), &info.ipi6_addr, sizeof info.ipi6_addr);
            packet.to = to;
        } else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
            timespec stamp{};
            std::memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
            // Whoever sets the clock between the two readings spoils a round trip, no verdict.
            packet.arrived -=
                std::max(buffers_->taken_at_world - duration_of(stamp), Duration::zero());
        }
    }
    return packet;
}

std::uint32_t dropped(int socket) noexcept
{
    const auto info = memory_of(socket);
    return info ? (*info)[SK_MEMINFO_DROPS] : 0;
}

Draining::Draining(int socket) noexcept : began_{Instant{read_clock(CLOCK_MONOTONIC)}}
{
    // What the kernel does not say is believed to be the worst.
    const auto info = memory_of(socket);
    const std::size_t bytes = info ? (*info)[SK_MEMINFO_RMEM_ALLOC] : SIZE_MAX / 2;
    waiting_ = bytes / least_of_a_packet + 1;
    was_deep_ = !info || bytes >= (*info)[SK_MEMINFO_RCVBUF] / 2;
}

bool Draining::over(Inbox::More more, std::size_t packets) noexcept
{
    taken_ += packets;
    complete_ = more == Inbox::More::no || (more == Inbox::More::yes && taken_ >= waiting_);
    return complete_ || Instant{read_clock(CLOCK_MONOTONIC)} - began_ >= at_most;
}

void enlarge_buffer(int socket, int bytes) noexcept
{
    if (setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) != 0) {
        setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    }
}

SleepWatch::SleepWatch()
    : ahead_{std::max({ahead_of_monotonic(), ahead_of_monotonic(), ahead_of_monotonic()})}
{
}

Duration SleepWatch::slept()
{
    const auto ahead = std::max(ahead_, ahead_of_monotonic());
    const auto slept = ahead - std::exchange(ahead_, ahead);
    return slept > 10ms ? slept : Duration::zero();
}

} // namespace knell::monitor
