// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/beat_session.hpp"

namespace knell::agent {

using Kind = monitor::HeartbeatPacket::Kind;

BeatSession::BeatSession(const Identity& identity, const Secret& key, std::size_t controllers)
    : seal_{key}, echoes_(controllers)
{
    packet_.host = monitor::host_tag(identity.host);
    packet_.boot = identity.boot;
    packet_.session = identity.session;
    packet_.system_uuid = identity.system_uuid;
}

monitor::HeartbeatBytes BeatSession::next(Kind kind, std::size_t controller, Duration uptime,
                                          const Health& health)
{
    packet_.kind = kind;
    packet_.nova_compute = health.nova_compute;
    packet_.libvirt = health.libvirt;
    packet_.nonce = echoes_[controller].nonce;
    packet_.uptime = static_cast<std::uint64_t>(uptime.count());
    ++packet_.sequence;
    return seal_.seal(packet_);
}

monitor::HeartbeatBytes BeatSession::beat(std::size_t controller, Duration uptime,
                                          const Health& health)
{
    return next(Kind::beat, controller, uptime, health);
}

monitor::HeartbeatBytes BeatSession::goodbye(std::size_t controller, Duration uptime,
                                             const Health& health)
{
    return next(Kind::goodbye, controller, uptime, health);
}

bool BeatSession::challenged(std::size_t controller, std::span<const std::uint8_t> bytes)
{
    const auto challenge = seal_.open(bytes);
    Echo& echo = echoes_[controller];
    // An old challenge played back to us would make us echo a nonce that nobody waits for.
    if (!challenge || challenge->kind != Kind::challenge || challenge->host != packet_.host ||
        challenge->boot != packet_.boot || challenge->session != packet_.session ||
        challenge->sequence <= echo.provoked_by || challenge->sequence > packet_.sequence) {
        return false;
    }
    echo = {challenge->nonce, challenge->sequence};
    return true;
}

} // namespace knell::agent
