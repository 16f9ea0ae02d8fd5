// SPDX-License-Identifier: GPL-3.0-or-later
// A heartbeat's 128 bytes, as they come and as if they were genuine.
#include "monitor/heartbeat_packet.hpp"
#include "tests/fuzz/input.hpp"

namespace knell::monitor {

using fuzz::require;

KNELL_FUZZ_TARGET(heartbeat_packet)
{
    HeartbeatSeal seal{Secret{std::string(32, 'k')}};
    const auto packet = parse_genuine(bytes);
    const auto tag = claimed_host(bytes);
    require(!tag || bytes.size() == heartbeat_size, "no other length is ours");
    require(!packet || (tag && packet->host == *tag), "both readers name the same host");
    require(!seal.genuine(bytes) || bytes.size() == heartbeat_size, "no other length is genuine");

    const auto opened = seal.open(bytes);
    require(!opened || (packet && *opened == *packet), "what is opened is what is parsed");
    if (!packet) {
        return;
    }
    auto sealed = seal.seal(*packet);
    const auto again = seal.open(sealed);
    require(again && *again == *packet, "what was read and written again reads the same");
    require(!opened || sealed.size() == bytes.size(), "every packet has one length");

    // One changed bit, anywhere, and it is nobody's.
    const auto at = static_cast<std::size_t>(packet->sequence % (heartbeat_size * 8));
    sealed[at / 8] = static_cast<std::uint8_t>(sealed[at / 8] ^ 1U << at % 8);
    require(!seal.open(sealed), "a changed bit is noticed");
    require(!HeartbeatSeal{Secret{std::string(32, 'l')}}.genuine(sealed), "another key is noticed");
}

} // namespace knell::monitor
