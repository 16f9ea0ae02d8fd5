// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/moves.hpp"

#include "daemon/config/config.hpp"
#include "daemon/config/same.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>

namespace knell::config {
namespace {

using Ways = std::map<std::pair<HostId, MonitorId>, std::string>;

/// Where each monitor of a host looks, and at what pace beats are owed: HeartbeatLedger begins anew
/// with another one.
Ways ways_of(const Config& config)
{
    Ways ways;
    for (const auto& target : config.icmp_targets) {
        if (const auto* probe = std::get_if<monitor::HostProbe>(&target.subject)) {
            ways.emplace(std::pair{probe->host, probe->monitor}, target.address);
        }
    }
    for (const auto& target : config.tcp_targets) {
        ways.emplace(std::pair{target.subject.host, target.subject.monitor},
                     target.address + " " + std::to_string(target.port));
    }
    for (const auto& peer : config.heartbeat_peers) {
        for (const auto& path : peer.paths) {
            ways.emplace(std::pair{peer.host, path.monitor},
                         path.address + " " + std::to_string(path.interval.count()));
        }
    }
    return ways;
}

std::map<HostId, const Secret*> keys_of(const Config& config)
{
    std::map<HostId, const Secret*> keys;
    for (const auto& peer : config.heartbeat_peers) {
        keys.emplace(peer.host, &peer.key);
    }
    return keys;
}

using Places = std::map<DeviceId, std::pair<std::string, std::uint16_t>>;

Places places_of(const Config& config)
{
    Places places;
    for (const auto& host : config.hosts) {
        for (const auto& device : host.devices) {
            places.emplace(device.id, std::pair{device.address, device.port});
        }
    }
    return places;
}

} // namespace

Moves moves_between(const Config& before, const Config& after)
{
    Moves moves;
    const auto ways = ways_of(before);
    for (const auto& [monitor, way] : ways_of(after)) {
        const auto was = ways.find(monitor);
        if (was != ways.end() && was->second != way) {
            moves.monitors[monitor.first].insert(monitor.second);
        }
    }
    const auto keys = keys_of(before);
    for (const auto& peer : after.heartbeat_peers) {
        const auto was = keys.find(peer.host);
        if (was == keys.end() || same(*was->second, peer.key)) {
            continue;
        }
        for (const auto& path : peer.paths) {
            moves.monitors[peer.host].insert(path.monitor);
        }
    }
    const auto places = places_of(before);
    for (const auto& host : after.hosts) {
        for (const auto& device : host.devices) {
            const auto was = places.find(device.id);
            if (was != places.end() && was->second != std::pair{device.address, device.port}) {
                moves.devices.insert(host.id);
            }
        }
    }
    return moves;
}

} // namespace knell::config
