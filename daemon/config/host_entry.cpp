// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/host_entry.hpp"

#include "daemon/config/duration_text.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/merge.hpp"
#include "daemon/config/nearest.hpp"
#include "daemon/config/problems.hpp"
#include "monitor/heartbeat_key.hpp"

#include <algorithm>

namespace knell::config {
namespace {

constexpr std::size_t longest_host_name = 255; // `host` of Nova's services table

bool fits_a_host_name(std::string_view name) noexcept
{
    return !name.empty() && name.size() <= longest_host_name &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "._-") == std::string_view::npos;
}

/// One host in the making. `item` and `group` have their {n} and {host} filled in.
struct Making {
    const Value& item;
    const Value& group;
    const Place& name_place;
    InventoryDraft& draft;
    Host& host;
    HostPolicy& policy;
    bool first; ///< of its name; a second one has been told already

    [[nodiscard]] Problems& problems() const noexcept { return draft.context.problems; }
    [[nodiscard]] const std::string& name() const noexcept { return host.id.get(); }
    /// The site's defaults, the group's word over them, the host's over both.
    [[nodiscard]] Value layered(const Value& defaults, std::string_view key) const
    {
        return overlaid(overlaid(defaults, value_at(group, key)), value_at(item, key));
    }
};

/// Returns the group's entry, or null for a host without a (known) group.
const Value& group_of(const MapReader& map, Host& host, InventoryDraft& draft)
{
    static const Value none;
    map.read_text("group", host.group);
    if (host.group.empty()) {
        return none;
    }
    draft.used_groups.insert(host.group);
    if (const Entry* entry = draft.site.groups.find(host.group)) {
        return entry->value;
    }
    std::vector<std::string> names;
    for (const Entry& entry : draft.site.groups.entries) {
        names.push_back(entry.key);
    }
    draft.context.problems.error(map.place({"group"}), "there is no group `" + host.group + "`",
                                 names.empty() ? "define it under `groups`"
                                               : suggestion(host.group, names));
    return none;
}

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
        const Duration silence = way.interval * way.fall;
        if (way.wanted && stall >= silence) {
            making.problems().error(way.place,
                                    "`stall` is " + to_text(stall) + ", as long as the " +
                                        to_text(silence) + " of silence that make `" + name +
                                        "` fall",
                                    "a pause of our own would look like a dead host; make `stall` "
                                    "shorter, or `fall` or `interval` larger");
        }
    };
    check(settings.icmp, "icmp");
    check(settings.heartbeat, "heartbeat");
}

void add_monitors(Making& making, const MonitorSettings& settings, bool beats)
{
    Config& config = making.draft.config;
    const auto policy = [](const NetworkId& network, MonitorKind kind,
                           const MonitorSettings::Way& way) {
        const char* const prefix = kind == MonitorKind::icmp ? "icmp@" : "heartbeat@";
        return MonitorPolicy{
            MonitorId{prefix + network.get()}, kind, network, way.interval, way.fall, way.rise};
    };
    std::vector<monitor::HeartbeatPeer::Path> paths;
    for (const auto& [network, address] : making.host.addresses) {
        if (settings.icmp.wanted) {
            const auto& added = making.policy.monitors.emplace_back(
                policy(network, MonitorKind::icmp, settings.icmp));
            config.icmp_targets.push_back({monitor::HostProbe{making.host.id, added.id}, address,
                                           settings.icmp.interval, settings.timeout});
        }
        if (beats) {
            const auto& added = making.policy.monitors.emplace_back(
                policy(network, MonitorKind::heartbeat, settings.heartbeat));
            paths.push_back({added.id, address, settings.heartbeat.interval});
        }
    }
    if (!paths.empty() && making.host.heartbeat_key) {
        config.heartbeat_peers.push_back(
            {making.host.id, *making.host.heartbeat_key, std::move(paths)});
    }
}

/// Returns whether the host's agent will beat.
bool read_watching(Making& making)
{
    read_addresses(making);
    const MonitorSettings settings = read_monitors(
        making.layered(making.draft.site.monitors, "monitors"), "monitors", making.problems());
    making.policy.userspace_warning = settings.userspace_warning;
    const bool key = read_heartbeat_key(making);
    const bool beats = settings.heartbeat.wanted && key;
    if (settings.heartbeat.wanted && settings.heartbeat.demanded && !key) {
        making.problems().error(settings.heartbeat.place,
                                "heartbeats without a key: host " + making.name() +
                                    " has none, and there is no site key",
                                "set heartbeat: {site_key: {file: PATH}}, or write "
                                "`heartbeat: none` here");
    }
    if (!settings.icmp.wanted && !beats) {
        making.problems().error(settings.icmp.place,
                                "nothing would watch host " + making.name() +
                                    ": neither icmp nor heartbeat",
                                "leave one of them on");
    }
    if (beats) {
        check_listeners(making);
    }
    check_stall(making, settings);
    add_monitors(making, settings, beats);
    return beats;
}

/// A session that outlives our patience would be cut off in the middle.
void fit_timeout(Making& making, FenceItem& item)
{
    fencing::IpmiDevice& device = item.device;
    const Duration reply = making.policy.fence.reply;
    if (!item.timeout_given) {
        device.session_timeout =
            std::max<Duration>(std::min(device.session_timeout, reply - 100ms), 500ms);
        device.retransmission_timeout =
            std::min(device.retransmission_timeout, device.session_timeout / 2);
    } else if (device.session_timeout > reply) {
        making.problems().error(item.timeout_place,
                                "`session_timeout` is " + to_text(device.session_timeout) +
                                    ", longer than `reply`, " + to_text(reply),
                                "make `reply` longer, or the session's timeout shorter");
    }
}

void add_device(Making& making, FenceItem item, std::size_t position)
{
    std::string name = item.device.id.get();
    const bool named = !name.empty();
    if (!named) {
        name = making.name() + "-bmc" + (position == 0 ? "" : std::to_string(position + 1));
        item.device.id = DeviceId{name};
    }
    if (named || making.first) {
        making.draft.unique.device(name, making.name(), item.name_place);
    }
    if (!item.device.address.empty()) {
        making.draft.unique.bmc(item.device.address, item.device.port, making.name(),
                                item.address_place);
    }
    if (item.guid) {
        making.draft.unique.guid(item.guid->get(), making.name(), item.guid_place);
    }
    fit_timeout(making, item);
    making.policy.devices.push_back(item.device.id);
    making.host.devices.push_back(std::move(item.device));
}

/// The identity belongs to the host, so its devices must agree on it.
void check_identity(Making& making, const FenceItem& item, const FenceItem& first)
{
    if (item.identity_check != first.identity_check) {
        making.problems().error(
            item.identity_place,
            "the fence devices of host " + making.name() + " disagree on `identity`",
            "write the same for each", {{"the first device", first.identity_place}});
    }
    if (item.guid && making.policy.identity && *item.guid != *making.policy.identity) {
        making.problems().error(item.guid_place,
                                "the fence devices of host " + making.name() +
                                    " have different `guid`s",
                                "a host has one; /sys/class/dmi/id/product_uuid shows it");
    }
    if (item.guid) {
        making.policy.identity = item.guid;
    }
}

void read_fence(Making& making, bool beats)
{
    const Value fence =
        overlaid_by_position(value_at(making.group, "fence"), value_at(making.item, "fence"));
    Problems& problems = making.problems();
    if (fence.kind != Value::Kind::list && fence.kind != Value::Kind::null) {
        problems.error(fence.place, "`fence` must be a list, not " + described(fence),
                       "- {type: ipmi, address: 10.0.1.11, ...}");
        return;
    }
    if (fence.items.empty()) {
        problems.warning(making.name_place,
                         "host " + making.name() +
                             " has no fence device: it is watched, but can never be fenced",
                         "give it or its group a `fence`");
        return;
    }
    std::vector<FenceItem> items;
    for (const Value& item : fence.items) {
        items.push_back(read_fence_item(item, Completeness::whole, making.draft.context));
        check_identity(making, items.back(), items.front());
    }
    making.policy.identity_check = items.front().identity_check;
    if (making.policy.identity_check == IdentityCheck::required && !making.policy.identity &&
        !beats) {
        problems.error(items.front().place,
                       "host " + making.name() +
                           " can never be fenced: identity is required, but there is no `guid` "
                           "and no heartbeat to learn it from",
                       "add the guid of /sys/class/dmi/id/product_uuid, set up heartbeats, or "
                       "write identity: unchecked");
    }
    for (std::size_t i = 0; i < items.size(); ++i) {
        add_device(making, std::move(items[i]), i);
    }
}

} // namespace

const std::vector<std::string>& host_keys()
{
    static const std::vector<std::string> keys{"name",      "group",    "failure_domain",
                                               "addresses", "monitors", "fencing",
                                               "recovery",  "fence",    "heartbeat_key"};
    return keys;
}

const Value& value_at(const Value& map, std::string_view key)
{
    static const Value nothing;
    const Entry* entry = map.find(key);
    return entry == nullptr ? nothing : entry->value;
}

void read_host(const NamedHost& named, const Value& raw, const Place& name_place,
               InventoryDraft& draft)
{
    Problems& problems = draft.context.problems;
    if (!fits_a_host_name(named.name)) {
        problems.error(name_place, "this `name` is no host name",
                       "letters, digits, dots, dashes and underscores, 255 at most");
        return;
    }
    const bool first = draft.unique.host(named.name, name_place);

    const HostId id{named.name};
    Host host{id, {}, {}, {}, {}, {}};
    HostPolicy policy{id, {}, {}, {}, IdentityCheck::required, {}, true, 60s, 3s, 15min};
    const Value item = instantiate(raw, named, problems);
    const MapReader map{item, "host", host_keys(), problems};
    const Value group = instantiate(group_of(map, host, draft), named, problems);
    Making making{item, group, name_place, draft, host, policy, first};

    if (const Entry* domain = group.find("failure_domain")) {
        host.failure_domain = domain->value.text;
    }
    map.read_text("failure_domain", host.failure_domain);
    policy.fence =
        read_fence_timing(making.layered(draft.site.fencing, "fencing"), "fencing", problems);
    read_recovery(making.layered(draft.site.recovery, "recovery"), "recovery", policy, problems);
    const bool beats = read_watching(making);
    read_fence(making, beats);

    draft.config.hosts.push_back(std::move(host));
    draft.config.policy.hosts.push_back(std::move(policy));
}

} // namespace knell::config
