// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/socket_filter.hpp"

#include "monitor/heartbeat_packet.hpp"
#include "monitor/icmp_packet.hpp"
#include "monitor/wire.hpp"

#include <algorithm>
#include <sys/socket.h>

namespace knell::monitor {
namespace {

constexpr std::uint32_t everything = 0xffffffff;
constexpr std::uint32_t udp_header = 8;
constexpr std::uint32_t icmp_header = 8;
constexpr std::uint32_t ipv6_header = 40;
constexpr std::size_t leaf = 16; ///< so many are compared one after the other

/// Where the source address is, seen from the start of the packet, whatever the socket sees of it.
constexpr auto ipv4_source = static_cast<std::uint32_t>(SKF_NET_OFF) + 12;
constexpr auto ipv6_source = static_cast<std::uint32_t>(SKF_NET_OFF) + 8;

/// Writes a program from its beginning to its end. A is the accumulator, X the index register; a
/// load from behind the end of the packet drops it.
class Writer {
public:
    enum class From : std::uint16_t { start = BPF_ABS, index = BPF_IND };
    enum class Size : std::uint16_t { byte = BPF_B, half = BPF_H, word = BPF_W };

    void say(unsigned code, std::uint32_t k = 0, unsigned yes = 0, unsigned no = 0)
    {
        code_.push_back({static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(yes),
                         static_cast<std::uint8_t>(no), k});
    }
    void load(Size size, std::uint32_t at, From from = From::start)
    {
        say(BPF_LD | static_cast<unsigned>(size) | static_cast<unsigned>(from), at);
    }
    void load_length() { say(BPF_LD | BPF_W | BPF_LEN); }
    void take() { say(BPF_RET | BPF_K, everything); }
    void drop() { say(BPF_RET | BPF_K, 0); }

    void require(std::uint32_t value) { unless(BPF_JEQ, value); }
    void require(std::uint32_t value, std::uint32_t or_else)
    {
        say(BPF_JMP | BPF_JEQ | BPF_K, value, 2, 0); // over the other comparison and its drop
        require(or_else);
    }
    void require_at_least(std::uint32_t value) { unless(BPF_JGE, value); }

    /// `then` for an A of this value, and what follows for others. `then` must end.
    void where(std::uint32_t value, const Writer& then)
    {
        say(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0);
        say(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(then.code_.size()));
        add(then);
    }
    void add(const Writer& more)
    {
        code_.insert(code_.end(), more.code_.begin(), more.code_.end());
    }
    /// Ends: takes an A that is one of these, and nothing else.
    void take_one_of(std::span<const std::uint32_t> sorted)
    {
        if (sorted.size() > leaf) {
            Writer low;
            low.take_one_of(sorted.first(sorted.size() / 2));
            say(BPF_JMP | BPF_JGE | BPF_K, sorted[sorted.size() / 2], 0, 1);
            say(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(low.code_.size()));
            add(low);
            take_one_of(sorted.subspan(sorted.size() / 2));
            return;
        }
        for (std::size_t i = 0; i < sorted.size(); ++i) {
            say(BPF_JMP | BPF_JEQ | BPF_K, sorted[i], static_cast<unsigned>(sorted.size() - i));
        }
        drop();
        take();
    }
    /// Ends: takes what these have sent.
    void take_from(Family family, const KnownSources* sources)
    {
        if (sources == nullptr) {
            take();
            return;
        }
        load(Size::word, family == Family::v4 ? ipv4_source : ipv6_source);
        for (std::uint32_t word = 1; family == Family::v6 && word < 4; ++word) {
            say(BPF_MISC | BPF_TAX);
            load(Size::word, ipv6_source + 4 * word);
            say(BPF_ALU | BPF_XOR | BPF_X);
        }
        take_one_of(sources->fingerprints());
    }

    [[nodiscard]] FilterCode finish() && { return std::move(code_); }

private:
    void unless(unsigned comparison, std::uint32_t value)
    {
        say(BPF_JMP | comparison | BPF_K, value, 1, 0);
        drop();
    }

    FilterCode code_;
};

using From = Writer::From;
using Size = Writer::Size;

std::uint32_t fingerprint(const Address& address)
{
    const std::span bytes{address.bytes};
    auto folded = read_number<std::uint32_t>(bytes, 0);
    for (std::size_t at = 4; address.family == Family::v6 && at < bytes.size(); at += 4) {
        folded ^= read_number<std::uint32_t>(bytes, at);
    }
    return folded;
}

/// From the IP header on: an error of type `unreachable` may quote this.
void quoted_request(Writer& code, Family family, const EchoTypes& types, std::uint16_t identifier)
{
    const bool v4 = family == Family::v4;
    code.load(Size::byte, icmp_header + (v4 ? 9 : 6), From::index);
    code.require(v4 ? 1 : 58);
    if (v4) {
        code.load(Size::byte, icmp_header, From::index);
        code.say(BPF_ALU | BPF_AND | BPF_K, 15);
        code.require_at_least(5);
        code.say(BPF_ALU | BPF_LSH | BPF_K, 2);
    } else {
        code.say(BPF_LD | BPF_IMM, ipv6_header);
    }
    code.say(BPF_ALU | BPF_ADD | BPF_X);
    code.say(BPF_MISC | BPF_TAX);
    code.load(Size::byte, icmp_header, From::index);
    code.require(types.request);
    code.load(Size::half, icmp_header + 4, From::index);
    code.require(identifier);
    code.load_length();
    code.say(BPF_ALU | BPF_SUB | BPF_X);
    code.require_at_least(icmp_header + echo_size);
    code.take();
}

} // namespace

std::optional<KnownSources> KnownSources::of(Family family, std::span<const Address> addresses)
{
    KnownSources known;
    for (const auto& address : addresses) {
        if (address.family == family) {
            known.fingerprints_.push_back(fingerprint(address));
        }
    }
    std::sort(known.fingerprints_.begin(), known.fingerprints_.end());
    known.fingerprints_.erase(std::unique(known.fingerprints_.begin(), known.fingerprints_.end()),
                              known.fingerprints_.end());
    return known.fingerprints_.size() <= at_most ? std::optional{known} : std::nullopt;
}

FilterCode beat_filter(Family family, const KnownSources* sources)
{
    Writer code;
    code.load_length();
    code.require(udp_header + heartbeat_size);
    code.load(Size::word, udp_header);
    code.require(heartbeat_magic);
    code.load(Size::byte, udp_header + 4);
    code.require(heartbeat_version);
    code.load(Size::byte, udp_header + 5);
    code.require(static_cast<std::uint32_t>(HeartbeatPacket::Kind::beat),
                 static_cast<std::uint32_t>(HeartbeatPacket::Kind::goodbye));
    code.take_from(family, sources);
    return std::move(code).finish();
}

FilterCode ping_filter(Family family, const KnownSources* sources)
{
    Writer code;
    code.load_length();
    code.require_at_least(echo_size);
    code.load(Size::half, 0);
    code.require(std::uint32_t{echo_types(family).reply} << 8); // and code 0
    code.take_from(family, sources);
    return std::move(code).finish();
}

FilterCode raw_filter(Family family, std::uint16_t identifier, const KnownSources* sources)
{
    const auto types = echo_types(family);
    Writer code;
    if (family == Family::v4) {
        code.say(BPF_LDX | BPF_B | BPF_MSH, 0); // a raw IPv4 socket sees the IP header as well
    } else {
        // NOLINTNEXTLINE(misc-redundant-expression): BPF_W and BPF_IMM are both 0
        code.say(BPF_LDX | BPF_W | BPF_IMM, 0);
    }
    Writer error;
    quoted_request(error, family, types, identifier);
    code.load(Size::byte, 0, From::index);
    code.where(types.unreachable, error);
    code.load(Size::half, 0, From::index);
    code.require(std::uint32_t{types.reply} << 8);
    code.load(Size::half, 4, From::index);
    code.require(identifier);
    code.load_length();
    code.say(BPF_ALU | BPF_SUB | BPF_X);
    code.require_at_least(echo_size);
    code.take_from(family, sources);
    return std::move(code).finish();
}

bool attach(int socket, const FilterCode& code) noexcept
{
    const sock_fprog program{static_cast<unsigned short>(code.size()),
                             const_cast<sock_filter*>(code.data())};
    // The old one goes first: the kernel counts both while they change places.
    const int unused = 0;
    setsockopt(socket, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
    return setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

} // namespace knell::monitor
