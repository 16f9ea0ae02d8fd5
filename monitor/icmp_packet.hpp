// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"
#include "monitor/address.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <variant>

namespace knell::monitor {

/// Echo requests and what may come back: RFC 792 (ICMP), RFC 4443 (ICMPv6), RFC 1071 (checksum).
///
/// The 24 bytes behind the ICMP header name the probe, so neither the 16-bit
/// identifier nor the 16-bit sequence of the header matters to us:
///
///     at  size
///      0    4  index of the target
///      4    4  sequence of the probe
///      8    8  when it was sent, microseconds of our own monotonic clock
///     16    8  cookie: SipHash-2-4 of the above, under a key that only this process knows
struct EchoProbe {
    std::uint32_t target = 0;
    std::uint32_t sequence = 0;
    Instant sent_at{};

    friend bool operator==(const EchoProbe&, const EchoProbe&) = default;
};

inline constexpr std::size_t echo_size = 8 + 24;
using EchoBytes = std::array<std::uint8_t, echo_size>;

/// The ICMP types that we send and hear.
struct EchoTypes {
    std::uint8_t request;
    std::uint8_t reply;
    std::uint8_t unreachable;
};

[[nodiscard]] constexpr EchoTypes echo_types(Family family) noexcept
{
    return family == Family::v4 ? EchoTypes{8, 0, 3} : EchoTypes{128, 129, 1};
}

/// An echo reply with our cookie. That it came from the right address is for the ledger to say.
struct EchoReply {
    EchoProbe probe;
};

/// A router or the target's own stack says that our probe did not arrive. Anybody on the
/// way can say that: it is neither life nor more than silence.
struct EchoRefused {
    EchoProbe probe;
    std::uint8_t type = 0;
    std::uint8_t code = 0;
};

struct NotOurs {};

using EchoAnswer = std::variant<NotOurs, EchoReply, EchoRefused>;

/// Writes and recognises cookies. One per process and loop. Move-only.
class EchoSeal {
public:
    EchoSeal(); ///< with a random key
    explicit EchoSeal(const std::array<std::uint8_t, 16>& key);
    EchoSeal(EchoSeal&&) noexcept;
    EchoSeal& operator=(EchoSeal&&) noexcept;
    ~EchoSeal();

    /// The whole ICMP message. `identifier` is ours on raw sockets; ping sockets overwrite it.
    /// The ICMPv6 checksum is left to the kernel, which alone knows the addresses.
    [[nodiscard]] EchoBytes request(Family family, std::uint16_t identifier,
                                    const EchoProbe& probe);

    /// Reads an ICMP message of any content and length, without an IP header.
    [[nodiscard]] EchoAnswer read(Family family, std::span<const std::uint8_t> message);

private:
    struct Mac;
    [[nodiscard]] std::uint64_t cookie(std::span<const std::uint8_t> named);
    [[nodiscard]] bool recognises(std::span<const std::uint8_t> payload, EchoProbe& probe);
    std::unique_ptr<Mac> mac_;
};

/// What is behind an IPv4 header, as raw sockets deliver it; empty if that is no whole header
/// or no ICMP.
[[nodiscard]] std::span<const std::uint8_t>
behind_ipv4_header(std::span<const std::uint8_t> packet) noexcept;

/// RFC 1071. Over a message with its checksum in place the result is 0.
[[nodiscard]] std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes) noexcept;

/// "host unreachable", "type 3 code 9", ...
[[nodiscard]] std::string describe(Family family, const EchoRefused& refused);

} // namespace knell::monitor
