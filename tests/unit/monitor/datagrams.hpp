// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/address.hpp"
#include "monitor/inbox.hpp"

#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <optional>
#include <poll.h>
#include <sched.h>
#include <span>
#include <string>
#include <sys/socket.h>
#include <vector>

namespace knell::monitor {

using Bytes = std::vector<std::uint8_t>;

/// What waits in a datagram socket, one after the other.
inline std::optional<Bytes> take_one(int socket)
{
    Bytes bytes(2048);
    const auto size = recv(socket, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (size < 0) {
        return std::nullopt;
    }
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
}

/// Stays on one processor, whose queue of packets is one behind the other.
inline void stay_here()
{
    static const bool stays = [] {
        cpu_set_t here;
        CPU_ZERO(&here);
        CPU_SET(static_cast<std::size_t>(sched_getcpu()), &here);
        return sched_setaffinity(0, sizeof here, &here) == 0;
    }();
    EXPECT_TRUE(stays);
}

/// A UDP socket on this machine, which can be heard and can speak.
class Speaker {
public:
    explicit Speaker(const std::string& address)
    {
        const auto own = parse_endpoint(address, Port::any);
        sockaddr_storage to{};
        const auto length = to_sockaddr(*own, to);
        socket_ = Socket{::socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
        EXPECT_EQ(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&to), length), 0);
    }

    [[nodiscard]] int descriptor() const { return socket_.get(); }
    [[nodiscard]] Endpoint endpoint() const
    {
        sockaddr_storage own{};
        socklen_t length = sizeof own;
        getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&own), &length);
        return *from_sockaddr(own);
    }
    void say(const Endpoint& to, std::span<const std::uint8_t> bytes) const
    {
        stay_here();
        sockaddr_storage address{};
        const auto length = to_sockaddr(to, address);
        EXPECT_EQ(sendto(socket_.get(), bytes.data(), bytes.size(), 0,
                         reinterpret_cast<const sockaddr*>(&address), length),
                  static_cast<ssize_t>(bytes.size()));
    }

private:
    Socket socket_;
};

/// Until all that was said has arrived, or was dropped.
inline void settle()
{
    const Speaker echo{"127.0.0.1:0"};
    echo.say(echo.endpoint(), Bytes{1});
    pollfd waiting{echo.descriptor(), POLLIN, 0};
    EXPECT_EQ(poll(&waiting, 1, 20000), 1);
}

/// Two ends; what is put into one comes out of the other, unless its filter forbids it.
class Pipe {
public:
    Pipe()
    {
        std::array<int, 2> ends{};
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends.data()), 0);
        in_ = Socket{ends[0]};
        out_ = Socket{ends[1]};
    }

    [[nodiscard]] int descriptor() const { return out_.get(); }
    [[nodiscard]] bool lets_through(std::span<const std::uint8_t> bytes) const
    {
        static_cast<void>(send(in_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT));
        return take_one(out_.get()).has_value();
    }

private:
    Socket in_;
    Socket out_;
};

} // namespace knell::monitor
