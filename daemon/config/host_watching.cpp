// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/duration_text.hpp"
#include "daemon/config/making.hpp"
#include "daemon/config/nearest.hpp"
#include "daemon/config/problems.hpp"
#include "daemon/config/verdict_section.hpp"
#include "monitor/heartbeat_key.hpp"

#include <algorithm>

namespace knell::config {
namespace {

void read_addresses(Making& making)
{
    const Value& addresses = value_at(making.item, "addresses");
    Problems& problems = making.problems();
    if (addresses.kind != Value::Kind::map || addresses.entries.empty()) {
        problems.error(addresses.kind == Value::Kind::null ? making.name_place : addresses.place,
                       "nothing would watch host " + making.name() + ": it has no `addresses`",
                       "addresses: {mgmt: 10.0.0.11}");
        return;
    }
    const auto& networks = making.draft.site.networks;
    for (const Entry& entry : addresses.entries) {
        if (std::find(networks.begin(), networks.end(), entry.key) == networks.end()) {
            problems.error(entry.place, "network `" + entry.key + "` is not among `networks`",
                           suggestion(entry.key, networks));
            continue;
        }
        const auto text = read_name(entry.value, entry.key, problems);
        if (!text) {
            continue;
        }
        const auto parsed = parse_address(*text);
        if (const auto* fault = std::get_if<NotAnAddress>(&parsed)) {
            problems.error(entry.value.place, "`" + *text + "` " + fault->message, fault->remedy);
            continue;
        }
        const std::string& address = std::get<Address>(parsed).text;
        making.draft.unique.address(address, making.name(), entry.value.place);
        making.host.addresses.emplace(NetworkId{entry.key}, address);
    }
}

/// Returns whether a key was given at all; if it could not be read, that has been said.
bool read_heartbeat_key(Making& making)
{
    const Site& site = making.draft.site;
    if (const Entry* entry = making.item.find("heartbeat_key");
        entry != nullptr && entry->value.kind != Value::Kind::null) {
        making.host.heartbeat_key = read_key(*entry, making.draft.context);
        return true;
    }
    if (site.site_key) {
        making.host.heartbeat_key = monitor::derive_heartbeat_key(*site.site_key, making.host.id);
    }
    return site.site_key_given;
}

void check_listeners(const Making& making)
{
    const auto& listen = making.draft.config.heartbeat_listen;
    for (const auto& [network, address] : making.host.addresses) {
        const bool v6 = address.find(':') != std::string::npos;
        const bool heard = std::any_of(listen.begin(), listen.end(),
                                       [v6](const ListenAddress& a) { return a.v6() == v6; });
        if (!heard && !listen.empty()) {
            making.problems().error(
                making.draft.site.listen_place,
                std::string{v6 ? "IPv6" : "IPv4"} + " heartbeats of host " + making.name() +
                    " over " + network.get() + " would not be heard",
                std::string{"add "} + (v6 ? "\"[::]:7412\"" : "\"0.0.0.0:7412\"") + " to `listen`");
        }
    }
}

void check_stall(const Making& making, const MonitorSettings& settings)
{
    const Duration stall = making.draft.config.policy.vantage.stall;
    const auto check = [&](const MonitorSettings::Way& way, const std::string& name) {
        if (way.wanted && stall >= way.silence()) {
            making.problems().error(way.place,
                                    "`stall` is " + to_text(stall) + ", as long as the " +
                                        to_text(way.silence()) + " of silence that make `" + name +
                                        "` fall",
                                    "a pause of our own would look like a dead host; make `stall` "
                                    "shorter, or `fall` or `interval` larger");
        }
    };
    check(settings.icmp, "icmp");
    check(settings.heartbeat, "heartbeat");
    check(settings.tcp, "tcp");
}

/// A link that fails over, or a switch that boots, is silent for longer than `fast` waits: only a
/// second network tells that from a dead host.
void check_haste(const Making& making, const MonitorSettings& settings)
{
    if (settings.profile == Profile::fast && making.host.addresses.size() == 1) {
        making.problems().warning(settings.profile_place,
                                  "profile `fast` over one network: host " + making.name() +
                                      " is dead when a bond fails over",
                                  "watch it over a second network, or take `default`");
    }
}

const char* prefix_of(MonitorKind kind)
{
    switch (kind) {
    case MonitorKind::icmp:
        return "icmp@";
    case MonitorKind::heartbeat:
        return "heartbeat@";
    case MonitorKind::tcp:
        break;
    }
    return "tcp@";
}

void add_monitors(Making& making, const MonitorSettings& settings, bool beats)
{
    Config& config = making.draft.config;
    std::vector<monitor::HeartbeatPeer::Path> paths;
    for (const auto& [network, address] : making.host.addresses) {
        const auto add = [&, &on = network](MonitorKind kind, const MonitorSettings::Way& way) {
            making.policy.monitors.push_back({MonitorId{prefix_of(kind) + on.get()}, kind, on,
                                              way.interval, way.fall, way.rise});
            return making.policy.monitors.back().id;
        };
        if (settings.icmp.wanted) {
            const auto& way = settings.icmp;
            config.icmp_targets.push_back(
                {monitor::HostProbe{making.host.id, add(MonitorKind::icmp, way)}, address,
                 way.interval, way.timeout, way.dense});
        }
        if (beats) {
            paths.push_back({add(MonitorKind::heartbeat, settings.heartbeat), address,
                             settings.heartbeat.interval});
        }
        if (settings.tcp.wanted) {
            const auto& way = settings.tcp;
            config.tcp_targets.push_back({{making.host.id, add(MonitorKind::tcp, way)},
                                          address,
                                          settings.tcp_port,
                                          way.interval,
                                          way.timeout,
                                          way.dense});
        }
    }
    if (!paths.empty() && making.host.heartbeat_key) {
        config.heartbeat_peers.push_back(
            {making.host.id, *making.host.heartbeat_key, std::move(paths)});
    }
}

/// To the agent, over the first of the site's networks that leads there.
void add_channel(Making& making, std::uint16_t port)
{
    for (const std::string& network : making.draft.site.networks) {
        const auto found = making.host.addresses.find(NetworkId{network});
        if (found != making.host.addresses.end()) {
            making.draft.config.channel_targets.push_back({making.host.id, found->second, port});
            return;
        }
    }
}

void read_rule(Making& making)
{
    if (making.host.addresses.empty()) {
        return; // which has been said
    }
    VerdictScope scope{making.draft.site.networks, making.name()};
    for (const auto& [network, address] : making.host.addresses) {
        scope.networks.push_back(network.get());
    }
    for (const MonitorPolicy& monitor : making.policy.monitors) {
        scope.monitors.push_back(monitor.id);
    }
    const Value& site = making.draft.site.verdict;
    making.policy.rule =
        read_verdict(making.layered(site, "verdict", overlaid_verdict), scope, making.problems());
}

void check_userspace(const Making& making, const MonitorSettings& settings, bool beats)
{
    if (settings.userspace.action == UserspacePolicy::Action::fence && !beats) {
        making.problems().warning(settings.userspace_place,
                                  "host " + making.name() +
                                      " has no heartbeats, so that its user space can die unseen",
                                  "set up knell-agent there, or write userspace: {dead: never}");
    }
}

} // namespace

bool read_watching(Making& making)
{
    read_addresses(making);
    const MonitorSettings settings =
        read_monitors(making.layered(making.draft.site.monitors, "monitors", overlaid_monitors),
                      "monitors", making.problems());
    making.policy.userspace = settings.userspace;
    const bool key = read_heartbeat_key(making);
    const bool beats = settings.heartbeat.wanted && key;
    if (settings.heartbeat.wanted && settings.heartbeat.demanded && !key) {
        making.problems().error(settings.heartbeat.place,
                                "heartbeats without a key: host " + making.name() +
                                    " has none, and there is no site key",
                                "set heartbeat: {site_key: {file: PATH}}, or write "
                                "`heartbeat: none` here");
    }
    if (!settings.icmp.wanted && !beats && !settings.tcp.wanted) {
        making.problems().error(settings.icmp.place,
                                "nothing would watch host " + making.name() +
                                    ": neither icmp nor heartbeat nor tcp",
                                "leave one of them on");
    }
    if (beats) {
        check_listeners(making);
    }
    check_stall(making, settings);
    check_haste(making, settings);
    check_userspace(making, settings, beats);
    add_monitors(making, settings, beats);
    if (beats && settings.channel_port) {
        add_channel(making, *settings.channel_port);
    }
    read_rule(making);
    return beats;
}

} // namespace knell::config
