// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/secret.hpp"
#include "core/time.hpp"
#include "monitor/heartbeat_packet.hpp"

#include <optional>
#include <span>
#include <vector>

namespace knell::agent {

struct Health {
    bool nova_compute = false;
    bool libvirt = false;

    friend bool operator==(const Health&, const Health&) = default;
};

/// One run of the agent, as its controllers know it: numbers the packets and remembers what
/// each controller wants to see echoed. Pure; monitor/heartbeat_packet.hpp tells the protocol.
class BeatSession {
public:
    struct Identity {
        HostId host;
        monitor::Bytes16 boot{};
        monitor::Bytes16 session{}; ///< random
        std::optional<monitor::Bytes16> system_uuid;
    };

    BeatSession(const Identity& identity, const Secret& key, std::size_t controllers);

    [[nodiscard]] monitor::HeartbeatBytes beat(std::size_t controller, Duration uptime,
                                               const Health& health);
    [[nodiscard]] monitor::HeartbeatBytes goodbye(std::size_t controller, Duration uptime,
                                                  const Health& health);

    /// A packet came from this controller's address. True if it is a genuine challenge, newer
    /// than the last: then a beat should answer it at once.
    [[nodiscard]] bool challenged(std::size_t controller, std::span<const std::uint8_t> bytes);

private:
    struct Echo {
        monitor::Bytes16 nonce{};
        std::uint64_t provoked_by = 0; ///< our sequence, as the newest challenge quotes it
    };

    [[nodiscard]] monitor::HeartbeatBytes next(monitor::HeartbeatPacket::Kind kind,
                                               std::size_t controller, Duration uptime,
                                               const Health& health);

    monitor::HeartbeatSeal seal_;
    monitor::HeartbeatPacket packet_;
    std::vector<Echo> echoes_;
};

} // namespace knell::agent
