// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/suite_probe.hpp"

#include <algorithm>
#include <cerrno>
#include <netdb.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

namespace knell::fencing::ipmi {
namespace {

/// Longer than any answer that is waited for here.
constexpr std::size_t longest_datagram = 1024;

/// How often a question that costs the BMC nothing is asked.
constexpr int tries = 2;

int connected_socket(const IpmiDevice& device)
{
    addrinfo hints{};
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(device.address.c_str(), std::to_string(device.port).c_str(), &hints,
                      &found) != 0) {
        return -1;
    }
    int fd = ::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && ::connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
        ::close(fd);
        fd = -1;
    }
    ::freeaddrinfo(found);
    return fd;
}

/// Never zero, which means "no session"; a stranger shall not guess it. Nothing: no chance today.
std::optional<std::uint32_t> fresh_number()
{
    std::uint32_t number = 0;
    if (::getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) {
        return std::nullopt;
    }
    return std::max(number, 1U);
}

} // namespace

SuiteProbe::SuiteProbe(const IpmiDevice& device)
    : socket_{connected_socket(device)}, buffer_(longest_datagram)
{
}

SuiteProbe::~SuiteProbe()
{
    if (socket_ >= 0) {
        ::close(socket_);
    }
}

std::optional<bool> SuiteProbe::accepts_suite_zero(Clock::time_point deadline)
{
    const auto now = Clock::now();
    const auto listed = lists_zero(now + (deadline - now) / 2);
    if (listed == false) {
        return false;
    }
    return accepts({}, deadline);
}

std::optional<bool> SuiteProbe::accepts(const Algorithms& algorithms, Clock::time_point deadline)
{
    using Verdict = OpenSessionResponse::Verdict;
    const auto number = fresh_number();
    if (!number) {
        return std::nullopt;
    }
    const auto tag = static_cast<std::uint8_t>(*number);
    // Asked once only: each request may take one of the few session slots.
    if (!send(open_session_request(tag, *number, algorithms))) {
        return std::nullopt;
    }
    while (const auto datagram = receive(deadline)) {
        const auto response = read_open_session_response(*datagram, tag, *number, algorithms);
        if (!response) {
            continue;
        }
        if (response->managed != 0) {
            static_cast<void>(send(abandon_session(tag, response->managed)));
        }
        if (response->verdict == Verdict::unknown) {
            return std::nullopt;
        }
        return response->verdict == Verdict::accepted;
    }
    return std::nullopt;
}

/// Nothing: it does not list its suites, or not in time.
std::optional<bool> SuiteProbe::lists_zero(Clock::time_point deadline)
{
    Bytes records;
    for (std::uint8_t index = 0; index < most_parts; ++index) {
        const auto answer = part(index, deadline);
        if (!answer || !answer->told) {
            return std::nullopt;
        }
        records.insert(records.end(), answer->records.begin(), answer->records.end());
        if (answer->records.size() < full_part) {
            return lists_suite_zero(records);
        }
    }
    return std::nullopt;
}

std::optional<CipherSuitesPart> SuiteProbe::part(std::uint8_t index, Clock::time_point deadline)
{
    const auto begun = Clock::now();
    for (int i = 1; i <= tries; ++i) {
        const auto sequence = static_cast<std::uint8_t>(index * tries + i);
        if (!send(cipher_suites_request(sequence, index))) {
            return std::nullopt;
        }
        while (const auto datagram = receive(begun + (deadline - begun) * i / tries)) {
            if (auto answer = read_cipher_suites_response(*datagram, sequence)) {
                return answer;
            }
        }
    }
    return std::nullopt;
}

bool SuiteProbe::send(const Bytes& datagram) const
{
    return socket_ >= 0 && ::send(socket_, datagram.data(), datagram.size(), MSG_NOSIGNAL) ==
                               static_cast<ssize_t>(datagram.size());
}

/// The next datagram, valid until the next call. Nothing: none came, or nobody is there.
std::optional<ByteView> SuiteProbe::receive(Clock::time_point deadline)
{
    while (true) {
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        pollfd readable{socket_, POLLIN, 0};
        const int ready = left > 0 ? ::poll(&readable, 1, static_cast<int>(left)) : 0;
        if (ready == 0) {
            return std::nullopt;
        }
        const auto size = ready < 0 ? -1 : ::recv(socket_, buffer_.data(), buffer_.size(), 0);
        if (size >= 0) {
            return ByteView{buffer_}.first(static_cast<std::size_t>(size));
        }
        if (errno != EINTR && errno != EAGAIN) {
            return std::nullopt;
        }
    }
}

} // namespace knell::fencing::ipmi
