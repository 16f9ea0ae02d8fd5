// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/secret.hpp"
#include "core/strong.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace knell::monitor {

/// What agents and controllers say to each other over UDP: our own protocol, version 1.
///
/// Every packet has 128 bytes, so an answer never amplifies and no length is ever
/// taken from the wire. Numbers are big-endian.
///
///     at  size
///      0    4  magic "KNLL"
///      4    1  version, 1
///      5    1  kind: 1 beat, 2 goodbye (agent to controller), 3 challenge (controller to agent)
///      6    2  flags: 1 nova-compute runs, 2 libvirt answers, 4 the system UUID is known
///      8   16  host tag: names the key; first half of SHA-256 of "knell host " and the name
///     24   16  boot id of the agent's kernel
///     40   16  session: random, chosen by each start of the agent
///     56    8  sequence: one more with every packet of the session, whatever its destination.
///              In a challenge: that of the packet which provoked it
///     64    8  microseconds since boot, CLOCK_BOOTTIME
///     72   16  nonce: the controller's, echoed by the agent; zeros before the first challenge
///     88   16  SMBIOS system UUID
///    104    8  zeros
///    112   16  first half of HMAC-SHA256 (RFC 2104) over everything before it
///
/// How a replay is told from life. A controller believes a session (a boot id and a
/// session together) only after it echoed a nonce that this very controller process
/// drew, so nothing recorded before the controller started counts. Within a believed
/// session the sequence must grow on each path, must not have been seen on another path,
/// and must not lie more than `HeartbeatLedger`'s window behind the newest. A session that
/// was not heard for a while lapses: the nonces are drawn afresh and it must be proven
/// again, so packets which somebody held back die with it. No clock of the host is trusted.
inline constexpr std::size_t heartbeat_size = 128;
inline constexpr std::size_t heartbeat_seal_size = 16;
inline constexpr std::uint32_t heartbeat_magic = 0x4b4e4c4c; ///< "KNLL"
inline constexpr std::uint8_t heartbeat_version = 1;

using Bytes16 = std::array<std::uint8_t, 16>;
using HeartbeatBytes = std::array<std::uint8_t, heartbeat_size>;

struct HeartbeatPacket {
    enum class Kind : std::uint8_t { beat = 1, goodbye = 2, challenge = 3 };

    Kind kind = Kind::beat;
    bool nova_compute = false;
    bool libvirt = false;
    Bytes16 host{}; ///< host_tag()
    Bytes16 boot{};
    Bytes16 session{};
    std::uint64_t sequence = 0;
    std::uint64_t uptime = 0; ///< microseconds
    Bytes16 nonce{};
    std::optional<Bytes16> system_uuid;

    friend bool operator==(const HeartbeatPacket&, const HeartbeatPacket&) = default;
};

/// One host's HMAC key, set up once so that a packet costs half a microsecond. Move-only.
class HeartbeatSeal {
public:
    /// The key must have 32 bytes.
    explicit HeartbeatSeal(const Secret& key);
    HeartbeatSeal(HeartbeatSeal&&) noexcept;
    HeartbeatSeal& operator=(HeartbeatSeal&&) noexcept;
    ~HeartbeatSeal();

    /// Writes the packet and signs it.
    [[nodiscard]] HeartbeatBytes seal(const HeartbeatPacket& packet);
    /// What it says, if it is genuine.
    [[nodiscard]] std::optional<HeartbeatPacket> open(std::span<const std::uint8_t> bytes);
    /// Compares in constant time; false for any other length than heartbeat_size.
    [[nodiscard]] bool genuine(std::span<const std::uint8_t> bytes);

private:
    struct Mac;
    std::unique_ptr<Mac> mac_;
};

/// Only for bytes that were found genuine: nothing is interpreted before. Empty for a kind
/// that version 1 does not know.
[[nodiscard]] std::optional<HeartbeatPacket> parse_genuine(std::span<const std::uint8_t> bytes);

[[nodiscard]] Bytes16 host_tag(const HostId& host);
/// Whose key to check with. Empty unless length, magic and version are right.
[[nodiscard]] std::optional<Bytes16> claimed_host(std::span<const std::uint8_t> bytes) noexcept;

/// Boot ids and system UUIDs: "0f0e0d0c-0b0a-...", lower case.
[[nodiscard]] std::string to_uuid(const Bytes16& bytes);
/// Takes either case and a trailing newline.
[[nodiscard]] std::optional<Bytes16> parse_uuid(std::string_view text);
/// From the kernel's generator; aborts if that has failed, for then nothing is secret.
[[nodiscard]] Bytes16 random_bytes16();

} // namespace knell::monitor
