// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"
#include "monitor/address.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace knell::monitor {

/// An open socket. Move-only; closes it.
class Socket {
public:
    Socket() = default;
    explicit Socket(int descriptor) noexcept : descriptor_{descriptor} {}
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&& other) noexcept;
    ~Socket();

    [[nodiscard]] int get() const noexcept { return descriptor_; }
    [[nodiscard]] explicit operator bool() const noexcept { return descriptor_ >= 0; }

private:
    int descriptor_ = -1;
};

/// Reads a datagram socket empty, many packets per call, into buffers of its own.
class Inbox {
public:
    struct Packet {
        std::span<const std::uint8_t> bytes; ///< cut off at 256; valid until the next take()
        Endpoint from;
        std::optional<Address> to; ///< our address it was sent to, where packet info is on
        Instant arrived;           ///< at our network card, where timestamps are on; else taken
    };
    enum class More { no, yes, unsure };

    Inbox();
    Inbox(Inbox&&) noexcept;
    Inbox& operator=(Inbox&&) noexcept;
    ~Inbox();

    /// Receives up to 64 packets. `no`: the socket was empty behind them. `unsure`: the socket
    /// reported an error, so nobody knows.
    [[nodiscard]] More take(int socket);
    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    /// Empty for a packet whose source address makes no sense.
    [[nodiscard]] std::optional<Packet> packet(std::size_t index) const;

private:
    struct Buffers;
    std::unique_ptr<Buffers> buffers_;
    std::size_t size_ = 0;
};

/// Packets that the kernel threw away since the socket was opened: because we did not fetch them
/// in time, or, on a UDP socket, because its filter or their checksum said so. Asked for rather
/// than taken from SO_RXQ_OVFL, which comes with the next packet and so would tell too late of the
/// losses behind a full queue.
[[nodiscard]] std::uint32_t dropped(int socket) noexcept;

/// How far to read a socket: until it is seen empty, or until all that waited when we began is read
/// (in a flood it is never empty), and not so long that the loop stands still.
class Draining {
public:
    explicit Draining(int socket) noexcept;

    /// After each take(), while it is not over.
    [[nodiscard]] bool over(Inbox::More more, std::size_t packets) noexcept;
    /// Whatever came before we began has been read.
    [[nodiscard]] bool complete() const noexcept { return complete_; }
    /// As much was waiting, or came meanwhile, as may have filled the socket's queue.
    [[nodiscard]] bool was_deep() const noexcept { return was_deep_ || taken_ >= few; }

private:
    static constexpr Duration at_most = 25ms;
    static constexpr std::size_t few = 32; ///< packets; no queue is so short that fewer fill it

    Instant began_;
    std::size_t waiting_; ///< no more packets than this, when we began
    std::size_t taken_ = 0;
    bool was_deep_ = false;
    bool complete_ = false;
};

/// Asks for room for a second of everything; more than rmem_max only with CAP_NET_ADMIN.
void enlarge_buffer(int socket, int bytes) noexcept;

/// Tells how long the machine slept since it was asked last: CLOCK_BOOTTIME then runs ahead of
/// CLOCK_MONOTONIC.
class SleepWatch {
public:
    SleepWatch();
    [[nodiscard]] Duration slept();

private:
    Duration ahead_{};
};

} // namespace knell::monitor
