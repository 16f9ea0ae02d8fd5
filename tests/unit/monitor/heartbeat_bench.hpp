// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/heartbeat_key.hpp"
#include "monitor/heartbeat_ledger.hpp"
#include "monitor/wire.hpp"

#include <optional>
#include <string>
#include <vector>

namespace knell::monitor {

inline const Secret site{std::string(32, 's')};
inline const Address mgmt = *parse_address("10.0.0.1");
inline const Address storage = *parse_address("fd00::1");
constexpr Instant start{100s};
constexpr Duration interval = 200ms;

inline HeartbeatPeer peer(const std::string& name, const std::string& address,
                          const std::string& second = {})
{
    HeartbeatPeer result{HostId{name},
                         derive_heartbeat_key(site, HostId{name}),
                         {{MonitorId{"heartbeat@mgmt"}, address, interval}}};
    if (!second.empty()) {
        result.paths.push_back({MonitorId{"heartbeat@storage"}, second, interval});
    }
    return result;
}

/// An agent as the ledger sees one: it echoes the last nonce it was sent.
struct FakeAgent {
    explicit FakeAgent(const std::string& name = "compute1", std::uint8_t session = 1)
        : seal{derive_heartbeat_key(site, HostId{name})}
    {
        packet.host = host_tag(HostId{name});
        packet.boot.fill(7);
        packet.session.fill(session);
        packet.uptime = 5'000'000;
    }

    HeartbeatBytes beat(HeartbeatPacket::Kind kind = HeartbeatPacket::Kind::beat)
    {
        packet.kind = kind;
        ++packet.sequence;
        return seal.seal(packet);
    }
    void answer(const std::optional<HeartbeatBytes>& challenge)
    {
        if (challenge) {
            const auto opened = seal.open(*challenge);
            if (opened && opened->kind == HeartbeatPacket::Kind::challenge &&
                opened->boot == packet.boot && opened->session == packet.session) {
                packet.nonce = opened->nonce;
            }
        }
    }

    HeartbeatSeal seal;
    HeartbeatPacket packet;
};

/// One ledger, driven as the monitor drives it. Nonces count up, so tests repeat exactly.
struct Bench {
    explicit Bench(const std::vector<HeartbeatPeer>& peers = {peer("compute1", "10.0.0.1",
                                                                   "fd00::1")},
                   std::uint64_t first_nonce = 1)
        : ledger{peers, [n = first_nonce]() mutable {
                     Bytes16 nonce{};
                     write_number(std::span{nonce}, 0, n++);
                     return nonce;
                 }}
    {
    }

    std::optional<HeartbeatBytes> hear(Instant now, const HeartbeatBytes& bytes,
                                       const Address& from = mgmt)
    {
        return ledger.receive(now, from, bytes, events);
    }
    /// The agent beats; whatever challenge comes back reaches it.
    void beat(Instant now, FakeAgent& agent, const Address& from = mgmt)
    {
        agent.answer(hear(now, agent.beat(), from));
    }
    /// Beat, challenge, proven beat.
    void introduce(Instant now, FakeAgent& agent, const Address& from = mgmt)
    {
        beat(now, agent, from);
        beat(now, agent, from);
        events.clear();
    }
    void judge(Instant now)
    {
        ledger.wake(now);
        ledger.judge(now, events);
    }
    std::vector<Pulse> pulses()
    {
        std::vector<Pulse> all;
        for (const auto& event : events) {
            if (const auto* probe = std::get_if<ProbeResult>(&event)) {
                all.push_back(probe->pulse);
            }
        }
        events.clear();
        return all;
    }

    HeartbeatLedger ledger;
    HeartbeatLedger::Events events;
};

using Pulses = std::vector<Pulse>;

} // namespace knell::monitor
