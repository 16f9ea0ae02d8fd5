// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/icmp_packet.hpp"

#include "core/assert.hpp"
#include "monitor/wire.hpp"

#include <algorithm>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string>

namespace knell::monitor {
namespace {

constexpr std::size_t icmp_header = 8;
constexpr std::size_t named_size = 16; ///< of the payload, what the cookie covers
constexpr std::size_t ipv6_header = 40;
constexpr std::uint8_t protocol_icmp = 1;
constexpr std::uint8_t protocol_icmpv6 = 58;

/// The datagram that an ICMP error quotes, without its IP header.
std::span<const std::uint8_t> quoted_message(Family family, std::span<const std::uint8_t> quote)
{
    if (family == Family::v4) {
        return behind_ipv4_header(quote);
    }
    if (quote.size() < ipv6_header || (quote[0] >> 4) != 6 || quote[6] != protocol_icmpv6) {
        return {};
    }
    return quote.subspan(ipv6_header);
}

} // namespace

struct EchoSeal::Mac {
    explicit Mac(const std::array<std::uint8_t, 16>& secret) : key{secret}
    {
        EVP_MAC* mac = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
        KNELL_ASSERT(mac != nullptr);
        context = EVP_MAC_CTX_new(mac);
        EVP_MAC_free(mac); // the context keeps it alive
        std::size_t size = sizeof(std::uint64_t);
        const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t(OSSL_MAC_PARAM_SIZE, &size),
                                         OSSL_PARAM_construct_end()};
        KNELL_ASSERT(context != nullptr && EVP_MAC_CTX_set_params(context, parameters) == 1);
    }
    Mac(const Mac&) = delete;
    Mac& operator=(const Mac&) = delete;
    ~Mac() { EVP_MAC_CTX_free(context); }

    EVP_MAC_CTX* context = nullptr;
    std::array<std::uint8_t, 16> key;
};

EchoSeal::EchoSeal()
    : EchoSeal{[] {
          std::array<std::uint8_t, 16> key;
          KNELL_ASSERT(RAND_bytes(key.data(), static_cast<int>(key.size())) == 1);
          return key;
      }()}
{
}
EchoSeal::EchoSeal(const std::array<std::uint8_t, 16>& key) : mac_{std::make_unique<Mac>(key)} {}
EchoSeal::EchoSeal(EchoSeal&&) noexcept = default;
EchoSeal& EchoSeal::operator=(EchoSeal&&) noexcept = default;
EchoSeal::~EchoSeal() = default;

std::uint64_t EchoSeal::cookie(std::span<const std::uint8_t> named)
{
    std::array<std::uint8_t, 8> out;
    std::size_t length = 0;
    // OpenSSL 3.0 does not rewind SipHash without the key.
    KNELL_ASSERT(EVP_MAC_init(mac_->context, mac_->key.data(), mac_->key.size(), nullptr) == 1);
    KNELL_ASSERT(EVP_MAC_update(mac_->context, named.data(), named.size()) == 1);
    KNELL_ASSERT(EVP_MAC_final(mac_->context, out.data(), &length, out.size()) == 1);
    KNELL_ASSERT(length == out.size());
    return read_number<std::uint64_t>(out, 0);
}

bool EchoSeal::recognises(std::span<const std::uint8_t> payload, EchoProbe& probe)
{
    if (payload.size() < named_size + 8 ||
        read_number<std::uint64_t>(payload, named_size) != cookie(payload.first(named_size))) {
        return false;
    }
    probe.target = read_number<std::uint32_t>(payload, 0);
    probe.sequence = read_number<std::uint32_t>(payload, 4);
    probe.sent_at = Instant{Duration{read_number<std::int64_t>(payload, 8)}};
    return true;
}

EchoBytes EchoSeal::request(Family family, std::uint16_t identifier, const EchoProbe& probe)
{
    EchoBytes bytes{};
    const std::span all{bytes};
    const auto payload = all.subspan(icmp_header);
    bytes[0] = echo_types(family).request;
    write_number<std::uint16_t>(all, 4, identifier);
    write_number<std::uint16_t>(all, 6, static_cast<std::uint16_t>(probe.sequence));
    write_number<std::uint32_t>(payload, 0, probe.target);
    write_number<std::uint32_t>(payload, 4, probe.sequence);
    write_number<std::int64_t>(payload, 8, probe.sent_at.time_since_epoch().count());
    write_number<std::uint64_t>(payload, named_size, cookie(payload.first(named_size)));
    if (family == Family::v4) {
        write_number<std::uint16_t>(all, 2, internet_checksum(all));
    }
    return bytes;
}

EchoAnswer EchoSeal::read(Family family, std::span<const std::uint8_t> message)
{
    const EchoTypes types = echo_types(family);
    if (message.size() < icmp_header) {
        return NotOurs{};
    }
    const auto behind = message.subspan(icmp_header);
    EchoProbe probe;
    if (message[0] == types.reply && message[1] == 0) {
        return recognises(behind, probe) ? EchoAnswer{EchoReply{probe}} : NotOurs{};
    }
    if (message[0] == types.unreachable) {
        const auto quoted = quoted_message(family, behind);
        if (quoted.size() >= icmp_header && quoted[0] == types.request &&
            recognises(quoted.subspan(icmp_header), probe)) {
            return EchoRefused{probe, message[0], message[1]};
        }
    }
    return NotOurs{};
}

std::span<const std::uint8_t> behind_ipv4_header(std::span<const std::uint8_t> packet) noexcept
{
    if (packet.size() < 20 || (packet[0] >> 4) != 4 || packet[9] != protocol_icmp) {
        return {};
    }
    const std::size_t header = 4 * static_cast<std::size_t>(packet[0] & 15);
    if (header < 20 || header > packet.size()) {
        return {};
    }
    return packet.subspan(header);
}

std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes) noexcept
{
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
        sum += static_cast<std::uint64_t>(bytes[i] << 8 | bytes[i + 1]);
    }
    if (bytes.size() % 2 != 0) {
        sum += static_cast<std::uint64_t>(bytes.back()) << 8;
    }
    while (sum >> 16 != 0) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

std::string describe(Family family, const EchoRefused& refused)
{
    constexpr std::array<const char*, 4> v4 = {"network unreachable", "host unreachable",
                                               "protocol unreachable", "port unreachable"};
    constexpr std::array<const char*, 5> v6 = {
        "no route to the host", "administratively prohibited", "beyond the scope of our address",
        "address unreachable", "port unreachable"};
    if (family == Family::v4 && refused.type == 3 && refused.code < v4.size()) {
        return v4[refused.code];
    }
    if (family == Family::v6 && refused.type == 1 && refused.code < v6.size()) {
        return v6[refused.code];
    }
    return "unreachable, type " + std::to_string(refused.type) + " code " +
           std::to_string(refused.code);
}

} // namespace knell::monitor
