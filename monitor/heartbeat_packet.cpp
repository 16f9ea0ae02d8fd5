// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/heartbeat_packet.hpp"

#include "core/assert.hpp"
#include "monitor/wire.hpp"

#include <algorithm>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

namespace knell::monitor {
namespace {

constexpr std::uint16_t flag_nova_compute = 1;
constexpr std::uint16_t flag_libvirt = 2;
constexpr std::uint16_t flag_system_uuid = 4;
constexpr std::size_t sealed_size = heartbeat_size - heartbeat_seal_size;

Bytes16 read_bytes16(std::span<const std::uint8_t> from, std::size_t at) noexcept
{
    Bytes16 bytes;
    std::copy_n(from.begin() + static_cast<std::ptrdiff_t>(at), bytes.size(), bytes.begin());
    return bytes;
}

void write_bytes16(std::span<std::uint8_t> to, std::size_t at, const Bytes16& bytes) noexcept
{
    std::copy(bytes.begin(), bytes.end(), to.begin() + static_cast<std::ptrdiff_t>(at));
}

} // namespace

struct HeartbeatSeal::Mac {
    explicit Mac(const Secret& key)
    {
        EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
        KNELL_ASSERT(mac != nullptr);
        context = EVP_MAC_CTX_new(mac);
        EVP_MAC_free(mac); // the context keeps it alive
        char digest[] = "SHA256";
        const OSSL_PARAM parameters[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
            OSSL_PARAM_construct_end()};
        const auto text = key.reveal();
        KNELL_ASSERT(context != nullptr && text.size() == 32);
        KNELL_ASSERT(EVP_MAC_init(context, reinterpret_cast<const unsigned char*>(text.data()),
                                  text.size(), parameters) == 1);
    }
    Mac(const Mac&) = delete;
    Mac& operator=(const Mac&) = delete;
    ~Mac() { EVP_MAC_CTX_free(context); }

    Bytes16 sign(std::span<const std::uint8_t> bytes)
    {
        std::array<std::uint8_t, 32> full;
        std::size_t length = 0;
        // Without a key this only rewinds to the state behind the key.
        KNELL_ASSERT(EVP_MAC_init(context, nullptr, 0, nullptr) == 1);
        KNELL_ASSERT(EVP_MAC_update(context, bytes.data(), bytes.size()) == 1);
        KNELL_ASSERT(EVP_MAC_final(context, full.data(), &length, full.size()) == 1);
        Bytes16 half;
        std::copy_n(full.begin(), half.size(), half.begin());
        return half;
    }

    EVP_MAC_CTX* context = nullptr;
};

HeartbeatSeal::HeartbeatSeal(const Secret& key) : mac_{std::make_unique<Mac>(key)} {}
HeartbeatSeal::HeartbeatSeal(HeartbeatSeal&&) noexcept = default;
HeartbeatSeal& HeartbeatSeal::operator=(HeartbeatSeal&&) noexcept = default;
HeartbeatSeal::~HeartbeatSeal() = default;

HeartbeatBytes HeartbeatSeal::seal(const HeartbeatPacket& packet)
{
    HeartbeatBytes bytes{};
    const auto flags = (packet.nova_compute ? flag_nova_compute : 0) |
                       (packet.libvirt ? flag_libvirt : 0) |
                       (packet.system_uuid ? flag_system_uuid : 0);
    write_number<std::uint32_t>(bytes, 0, heartbeat_magic);
    bytes[4] = heartbeat_version;
    bytes[5] = static_cast<std::uint8_t>(packet.kind);
    write_number<std::uint16_t>(bytes, 6, static_cast<std::uint16_t>(flags));
    write_bytes16(bytes, 8, packet.host);
    write_bytes16(bytes, 24, packet.boot);
    write_bytes16(bytes, 40, packet.session);
    write_number<std::uint64_t>(bytes, 56, packet.sequence);
    write_number<std::uint64_t>(bytes, 64, packet.uptime);
    write_bytes16(bytes, 72, packet.nonce);
    if (packet.system_uuid) {
        write_bytes16(bytes, 88, *packet.system_uuid);
    }
    write_bytes16(bytes, sealed_size, mac_->sign(std::span{bytes}.first(sealed_size)));
    return bytes;
}

bool HeartbeatSeal::genuine(std::span<const std::uint8_t> bytes)
{
    if (bytes.size() != heartbeat_size) {
        return false;
    }
    const Bytes16 expected = mac_->sign(bytes.first(sealed_size));
    return CRYPTO_memcmp(expected.data(), bytes.data() + sealed_size, expected.size()) == 0;
}

std::optional<HeartbeatPacket> HeartbeatSeal::open(std::span<const std::uint8_t> bytes)
{
    return genuine(bytes) ? parse_genuine(bytes) : std::nullopt;
}

std::optional<HeartbeatPacket> parse_genuine(std::span<const std::uint8_t> bytes)
{
    if (!claimed_host(bytes) || bytes[5] < 1 || bytes[5] > 3) {
        return std::nullopt;
    }
    const auto kind = bytes[5];
    const auto flags = read_number<std::uint16_t>(bytes, 6);
    HeartbeatPacket packet;
    packet.kind = static_cast<HeartbeatPacket::Kind>(kind);
    packet.nova_compute = (flags & flag_nova_compute) != 0;
    packet.libvirt = (flags & flag_libvirt) != 0;
    packet.host = read_bytes16(bytes, 8);
    packet.boot = read_bytes16(bytes, 24);
    packet.session = read_bytes16(bytes, 40);
    packet.sequence = read_number<std::uint64_t>(bytes, 56);
    packet.uptime = read_number<std::uint64_t>(bytes, 64);
    packet.nonce = read_bytes16(bytes, 72);
    if ((flags & flag_system_uuid) != 0) {
        packet.system_uuid = read_bytes16(bytes, 88);
    }
    return packet;
}

Bytes16 host_tag(const HostId& host)
{
    const std::string text = "knell host " + host.get();
    std::array<std::uint8_t, 32> full;
    std::size_t length = 0;
    KNELL_ASSERT(EVP_Q_digest(nullptr, "SHA256", nullptr, text.data(), text.size(), full.data(),
                              &length) == 1);
    Bytes16 half;
    std::copy_n(full.begin(), half.size(), half.begin());
    return half;
}

std::optional<Bytes16> claimed_host(std::span<const std::uint8_t> bytes) noexcept
{
    if (bytes.size() != heartbeat_size || read_number<std::uint32_t>(bytes, 0) != heartbeat_magic ||
        bytes[4] != heartbeat_version) {
        return std::nullopt;
    }
    return read_bytes16(bytes, 8);
}

std::string to_uuid(const Bytes16& bytes)
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text += '-';
        }
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

std::optional<Bytes16> parse_uuid(std::string_view text)
{
    if (!text.empty() && text.back() == '\n') {
        text.remove_suffix(1);
    }
    if (text.size() != 36) {
        return std::nullopt;
    }
    Bytes16 bytes{};
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (c != '-') {
                return std::nullopt;
            }
            continue;
        }
        const int value = OPENSSL_hexchar2int(static_cast<unsigned char>(c));
        if (value < 0) {
            return std::nullopt;
        }
        bytes[nibble / 2] = static_cast<std::uint8_t>((bytes[nibble / 2] << 4) | value);
        ++nibble;
    }
    return bytes;
}

Bytes16 random_bytes16()
{
    Bytes16 bytes;
    KNELL_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
    return bytes;
}

} // namespace knell::monitor
