// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/channel.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace knell::agent {
namespace {

constexpr int waiting_at_most = 16;

bool turn_on(int socket, int level, int option, int value = 1) noexcept
{
    return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

/// A controller that has lost its power does not say that it has gone.
void let_go_of_the_dead(int socket) noexcept
{
    turn_on(socket, SOL_SOCKET, SO_KEEPALIVE);
    turn_on(socket, IPPROTO_TCP, TCP_KEEPIDLE, 30);
    turn_on(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    turn_on(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
}

enum class Stay { yes, no };

/// Reads what is there, and how much that has become.
Stay read_away(int socket, std::size_t& bytes) noexcept
{
    std::array<std::uint8_t, 64> thrown_away;
    const auto size = recv(socket, thrown_away.data(), thrown_away.size(), MSG_DONTWAIT);
    if (size < 0) {
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? Stay::yes : Stay::no;
    }
    bytes += static_cast<std::size_t>(size);
    return size == 0 || bytes > Channel::bytes_tolerated ? Stay::no : Stay::yes;
}

} // namespace

Descriptor::~Descriptor()
{
    if (number_ >= 0) {
        close(number_);
    }
}

Channel::Channel(const std::vector<monitor::Endpoint>& listen,
                 std::vector<monitor::Address> admitted)
    : admitted_{std::move(admitted)}
{
    for (const auto& at : listen) {
        doors_.push_back({at});
    }
}

void Channel::open(Door& door) const
{
    const bool v4 = door.at.address.family == monitor::Family::v4;
    Descriptor opened{
        socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    sockaddr_storage address;
    const auto length = monitor::to_sockaddr(door.at, address);
    // Without SO_REUSEADDR an agent that starts again would be kept out by its predecessor's ends.
    const bool good =
        opened && turn_on(opened.get(), SOL_SOCKET, SO_REUSEADDR) &&
        (v4 || turn_on(opened.get(), IPPROTO_IPV6, IPV6_V6ONLY)) &&
        bind(opened.get(), reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
        listen(opened.get(), waiting_at_most) == 0;
    const int error = good ? 0 : errno;
    if (good) {
        door.socket = std::move(opened);
    }
    if (good || error != door.error) {
        std::fprintf(stderr, "knell-agent: channel on %s: %s\n",
                     monitor::to_string(door.at).c_str(), good ? "open" : std::strerror(error));
    }
    door.error = error;
}

bool Channel::welcome(const monitor::Address& from) const
{
    const auto same = std::count_if(guests_.begin(), guests_.end(),
                                    [&](const Guest& guest) { return guest.from == from; });
    return std::find(admitted_.begin(), admitted_.end(), from) != admitted_.end() &&
           guests_.size() < connections_at_most &&
           static_cast<std::size_t>(same) < connections_per_address;
}

void Channel::admit(const Door& door)
{
    for (int i = 0; i < waiting_at_most; ++i) {
        sockaddr_storage address;
        socklen_t length = sizeof address;
        Descriptor taken{accept4(door.socket.get(), reinterpret_cast<sockaddr*>(&address), &length,
                                 SOCK_NONBLOCK | SOCK_CLOEXEC)};
        if (!taken) {
            return;
        }
        const auto from = monitor::from_sockaddr(address);
        if (from && welcome(from->address)) {
            let_go_of_the_dead(taken.get());
            guests_.push_back({std::move(taken), from->address});
        }
    }
}

void Channel::look(Duration now)
{
    if (now - looked_at_ < look_every) {
        return;
    }
    looked_at_ = now;
    const bool open_again = now - opened_at_ >= open_again_every;
    if (open_again) {
        opened_at_ = now;
    }
    std::erase_if(guests_, [](Guest& guest) {
        return read_away(guest.socket.get(), guest.bytes) == Stay::no;
    });
    for (auto& door : doors_) {
        if (!door.socket && open_again) {
            open(door);
        }
        if (door.socket) {
            admit(door);
        }
    }
}

} // namespace knell::agent
