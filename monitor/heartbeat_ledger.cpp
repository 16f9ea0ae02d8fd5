// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/heartbeat_ledger.hpp"

#include "core/assert.hpp"
#include "monitor/heartbeat_key.hpp"

#include <algorithm>
#include <set>

namespace knell::monitor {
namespace {

std::string key_of(const Bytes16& tag)
{
    return {reinterpret_cast<const char*>(tag.data()), tag.size()};
}

Duration uptime_of(const HeartbeatPacket& packet)
{
    constexpr auto most = static_cast<std::uint64_t>(Duration::max().count());
    return Duration{static_cast<Duration::rep>(std::min(packet.uptime, most))};
}

/// Neither key is kept: each can only tell what the other has signed.
bool same_key(HeartbeatSeal& one, HeartbeatSeal& other)
{
    return one.genuine(other.seal({}));
}

std::string late_text(Duration late_by)
{
    return "the loop was late by " +
           std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(late_by).count()) +
           " ms";
}

} // namespace

std::string HeartbeatLedger::fault_of(const std::vector<HeartbeatPeer>& peers)
{
    std::set<std::string> names;
    for (const auto& peer : peers) {
        const std::string who = "host " + peer.host.get() + ": ";
        if (!names.insert(peer.host.get()).second) {
            return who + "listed twice";
        }
        if (peer.key.reveal().size() != heartbeat_key_size) {
            return who + "the heartbeat key must have 32 bytes";
        }
        std::vector<Address> addresses;
        for (const auto& path : peer.paths) {
            const auto address = parse_address(path.address);
            if (!address) {
                return who + "\"" + path.address + "\" is not a numeric IP address";
            }
            if (std::find(addresses.begin(), addresses.end(), *address) != addresses.end()) {
                return who + path.address + " is the address of two heartbeat paths; " +
                       "a beat could not be told to belong to either";
            }
            addresses.push_back(*address);
            if (path.interval < 10ms) {
                return who + "the interval must be at least 10ms";
            }
        }
    }
    return {};
}

HeartbeatLedger::HeartbeatLedger(const std::vector<HeartbeatPeer>& peers, DrawNonce draw)
    : draw_{std::move(draw)}
{
    retarget(peers);
}

void HeartbeatLedger::retarget(const std::vector<HeartbeatPeer>& peers)
{
    KNELL_ASSERT(fault_of(peers).empty());
    auto hosts = std::exchange(hosts_, {});
    const auto paths = std::exchange(paths_, {});
    const auto by_tag = std::exchange(by_tag_, {});
    deadlines_ = {};
    for (const auto& peer : peers) {
        Host fresh{.id = peer.host, .seal = HeartbeatSeal{peer.key}, .tag = host_tag(peer.host)};
        const auto known = by_tag.find(key_of(fresh.tag));
        if (known != by_tag.end() && same_key(hosts[known->second].seal, fresh.seal)) {
            add(peer, std::move(hosts[known->second]), paths);
        } else {
            fresh.nonce = draw_();
            add(peer, std::move(fresh), {});
        }
    }
}

void HeartbeatLedger::add(const HeartbeatPeer& peer, Host host, const std::vector<Path>& known)
{
    const auto before = std::exchange(host.paths, {});
    for (const auto& wanted : peer.paths) {
        // What this session has said already is no news on a path that comes later.
        Path path{.host = 0,
                  .monitor = wanted.monitor,
                  .address = *parse_address(wanted.address),
                  .interval = wanted.interval,
                  .sequence = host.newest};
        const auto same = std::find_if(before.begin(), before.end(), [&](std::size_t i) {
            return known[i].monitor == path.monitor && known[i].address == path.address &&
                   known[i].interval == path.interval;
        });
        if (same != before.end()) {
            path = known[*same];
        }
        path.host = hosts_.size();
        if (path.seen) {
            deadlines_.emplace(path.waiting_since + path.interval + path.interval / 2,
                               paths_.size());
        }
        host.paths.push_back(paths_.size());
        paths_.push_back(std::move(path));
    }
    by_tag_.emplace(key_of(host.tag), hosts_.size());
    hosts_.push_back(std::move(host));
}

void HeartbeatLedger::wake(Instant now)
{
    const auto due = next_due();
    late_by_ = due && now > *due ? now - *due : Duration::zero();
}

void HeartbeatLedger::renew_nonces(Host& host)
{
    host.nonce = draw_();
    host.previous_nonce.reset();
    host.drawn_at.reset();
}

HeartbeatLedger::Belief HeartbeatLedger::weigh(Instant now, Host& host, Path& path,
                                               const HeartbeatPacket& packet)
{
    if (host.believed && now - host.heard_at > lapse) {
        // Whoever held packets back may let them go now; none of them knows the next nonce.
        host.believed = false;
        renew_nonces(host);
    }
    if (host.believed && packet.boot == host.boot && packet.session == host.session) {
        if (packet.sequence <= path.sequence) {
            return Belief::replayed;
        }
        if (packet.sequence > host.newest) {
            const auto step = packet.sequence - host.newest;
            host.heard_mask = step >= 64 ? 1 : (host.heard_mask << step) | 1;
            host.newest = packet.sequence;
        } else {
            const auto behind = host.newest - packet.sequence;
            if (behind >= window || ((host.heard_mask >> behind) & 1) != 0) {
                return Belief::replayed;
            }
            host.heard_mask |= std::uint64_t{1} << behind;
        }
        path.sequence = packet.sequence;
        return Belief::fresh;
    }
    if (packet.nonce != host.nonce && packet.nonce != host.previous_nonce) {
        return Belief::unproven;
    }
    host.believed = true;
    host.said_goodbye = false;
    host.boot = packet.boot;
    host.session = packet.session;
    host.newest = packet.sequence;
    host.heard_mask = ~std::uint64_t{0}; // nothing from before the proof counts any more
    for (const auto index : host.paths) {
        paths_[index].sequence = packet.sequence;
    }
    renew_nonces(host);
    return Belief::fresh;
}

std::optional<HeartbeatBytes> HeartbeatLedger::challenge(Instant now, Host& host, Path& path,
                                                         const HeartbeatPacket& packet,
                                                         Duration pause)
{
    if (path.challenged_at && now - *path.challenged_at < pause) {
        return std::nullopt;
    }
    if (host.drawn_at && now - *host.drawn_at >= challenge_every) {
        host.previous_nonce = host.nonce;
        host.nonce = draw_();
        host.drawn_at.reset();
    }
    if (!host.drawn_at) {
        host.drawn_at = now;
    }
    path.challenged_at = now;
    return host.seal.seal({.kind = HeartbeatPacket::Kind::challenge,
                           .host = host.tag,
                           .boot = packet.boot,
                           .session = packet.session,
                           .sequence = packet.sequence,
                           .nonce = host.nonce,
                           .system_uuid = std::nullopt});
}

void HeartbeatLedger::report(Instant now, Host& host, Path& path, const HeartbeatPacket& packet,
                             Events& events)
{
    if (packet.kind == HeartbeatPacket::Kind::goodbye) {
        path.waiting_since = now;
        if (!host.said_goodbye) {
            host.said_goodbye = true;
            events.push_back(Goodbye{host.id, BootId{to_uuid(packet.boot)}});
        }
        return;
    }
    if (!path.seen) {
        path.seen = true;
        const auto index = static_cast<std::size_t>(&path - paths_.data());
        deadlines_.emplace(now + path.interval + path.interval / 2, index);
    }
    path.waiting_since = now;
    AgentReport report{.boot = BootId{to_uuid(packet.boot)},
                       .uptime = uptime_of(packet),
                       .nova_compute = packet.nova_compute,
                       .libvirt = packet.libvirt,
                       .system_uuid = std::nullopt};
    if (packet.system_uuid) {
        report.system_uuid = SystemUuid{to_uuid(*packet.system_uuid)};
    }
    events.push_back(ProbeResult{.host = host.id,
                                 .monitor = path.monitor,
                                 .pulse = Pulse::beating,
                                 .asked_at = now,
                                 .report = std::move(report),
                                 .detail = {}});
}

std::optional<HeartbeatBytes> HeartbeatLedger::receive(Instant now, const Address& from,
                                                       std::span<const std::uint8_t> bytes,
                                                       Events& events)
{
    const auto tag = claimed_host(bytes);
    if (!tag) {
        ++counters_.format;
        return std::nullopt;
    }
    const auto found = by_tag_.find(key_of(*tag));
    if (found == by_tag_.end()) {
        ++counters_.unknown_host;
        return std::nullopt;
    }
    Host& host = hosts_[found->second];
    const auto index = std::find_if(host.paths.begin(), host.paths.end(),
                                    [&](std::size_t i) { return paths_[i].address == from; });
    if (index == host.paths.end()) {
        ++counters_.source;
        return std::nullopt;
    }
    Path& path = paths_[*index];
    // Whoever forges must not use up what the real one may say: each is judged by its signature.
    if (!host.seal.genuine(bytes)) {
        ++counters_.hmac;
        return std::nullopt;
    }
    const auto packet = parse_genuine(bytes);
    if (!packet || packet->kind == HeartbeatPacket::Kind::challenge) {
        ++counters_.format;
        return std::nullopt;
    }
    switch (weigh(now, host, path, *packet)) {
    case Belief::replayed:
        ++counters_.replay;
        return std::nullopt;
    case Belief::unproven:
        ++counters_.unproven;
        return challenge(now, host, path, *packet, challenge_pause);
    case Belief::fresh:
        break;
    }
    ++counters_.accepted;
    host.heard_at = now;
    report(now, host, path, *packet, events);
    return challenge(now, host, path, *packet, challenge_every);
}

void HeartbeatLedger::doubt(Instant now, std::string why)
{
    doubted_until_ = now;
    doubt_ = std::move(why);
}

void HeartbeatLedger::say(const Path& path, Pulse pulse, std::string detail, Events& events) const
{
    events.push_back(ProbeResult{.host = hosts_[path.host].id,
                                 .monitor = path.monitor,
                                 .pulse = pulse,
                                 .asked_at = path.waiting_since,
                                 .report = std::nullopt,
                                 .detail = std::move(detail)});
}

void HeartbeatLedger::judge(Instant now, Events& events)
{
    if (late_by_ > Duration::zero()) {
        for (auto& path : paths_) {
            if (path.seen && late_by_ > path.interval && path.waiting_since < now) {
                say(path, Pulse::inconclusive, late_text(late_by_), events);
                path.waiting_since = now;
            }
        }
        late_by_ = Duration::zero();
    }
    while (!deadlines_.empty() && deadlines_.top().first <= now) {
        const auto index = deadlines_.top().second;
        deadlines_.pop();
        Path& path = paths_[index];
        // Beats have moved the deadline since it was noted here.
        auto deadline = path.waiting_since + path.interval + path.interval / 2;
        if (deadline <= now) {
            const bool doubted = doubted_until_ && path.waiting_since <= *doubted_until_;
            say(path, doubted ? Pulse::inconclusive : Pulse::silent, doubted ? doubt_ : "", events);
            path.waiting_since += path.interval;
            deadline += path.interval;
        }
        deadlines_.emplace(deadline, index);
    }
}

std::vector<Address> HeartbeatLedger::addresses() const
{
    std::vector<Address> all;
    all.reserve(paths_.size());
    for (const auto& path : paths_) {
        all.push_back(path.address);
    }
    return all;
}

std::optional<Instant> HeartbeatLedger::next_due() const
{
    if (deadlines_.empty()) {
        return std::nullopt;
    }
    return deadlines_.top().first;
}

} // namespace knell::monitor
