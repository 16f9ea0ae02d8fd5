// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/host_entry.hpp"

#include "daemon/config/duration_text.hpp"
#include "daemon/config/keys.hpp"
#include "daemon/config/login_mark.hpp"
#include "daemon/config/making.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/nearest.hpp"
#include "daemon/config/problems.hpp"

#include <algorithm>

namespace knell::config {
namespace {

constexpr std::size_t longest_reason = 200;
constexpr std::size_t longest_host_name = 255; // `host` of Nova's services table

bool fits_a_host_name(std::string_view name) noexcept
{
    return !name.empty() && name.size() <= longest_host_name &&
           name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "._-") == std::string_view::npos;
}

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
    if (fence.items.empty() && making.policy.precious.empty()) {
        problems.warning(making.name_place,
                         "host " + making.name() +
                             " has no fence device: it is watched, but can never be fenced",
                         "give it or its group a `fence`");
    }
    if (fence.items.empty()) {
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

void read_domains(const MapReader& map, std::vector<DomainId>& into)
{
    std::vector<std::string> names;
    std::string name;
    map.read_texts("failure_domains", names);
    map.read_text("failure_domain", name);
    if (map.any({"failure_domains"}) && map.any({"failure_domain"})) {
        map.problems().error(map.place({"failure_domain"}),
                             "`failure_domain` beside `failure_domains`", "list it with the others",
                             {{"which are listed here", map.place({"failure_domains"})}});
    }
    if (!name.empty()) {
        names.push_back(name);
    }
    if (map.any({"failure_domains", "failure_domain"})) {
        into.clear();
        for (const std::string& each : names) {
            into.emplace_back(each);
        }
    }
}

/// A reason is asked for, because somebody will wonder why at the worst of times. A key without
/// any would look like a promise and be none.
void read_never_fence(const Value& entry, std::string& into, Problems& problems)
{
    const Entry* found = entry.find("never_fence");
    if (found == nullptr) {
        return;
    }
    const Value& value = found->value;
    const std::string remedy =
        "e.g. never_fence: \"runs etcd\"; `none` takes the group's word back";
    const bool flag = value.plain && (value.text == "true" || value.text == "false");
    if (value.kind == Value::Kind::null || flag) {
        problems.error(value.kind == Value::Kind::null ? found->place : value.place,
                       "`never_fence` must say why", remedy);
        return;
    }
    const auto reason = read_name(value, "never_fence", problems);
    if (!reason) {
        return;
    }
    if (reason->size() > longest_reason) {
        problems.error(value.place,
                       "`never_fence` is longer than " + std::to_string(longest_reason) + " bytes",
                       "a few words that still make sense at night");
        return;
    }
    into = *reason == "none" ? std::string{} : *reason;
}

/// Powered off by its own knelld, a machine could be proven off by nobody.
void spare_our_own_machine(Making& making)
{
    const Surroundings& surroundings = making.draft.context.surroundings;
    std::string how;
    for (const auto& [network, address] : making.host.addresses) {
        if (how.empty() && surroundings.own_addresses.contains(address)) {
            how = address + " is an address of this machine";
        }
    }
    const auto& identity = making.policy.identity;
    if (how.empty() && identity && surroundings.own_identity &&
        identity->get() == *surroundings.own_identity) {
        how = "its `guid` is that of this machine";
    }
    if (how.empty() || !making.policy.precious.empty()) {
        return;
    }
    making.policy.precious = "knelld itself runs on it: " + how;
    making.problems().warning(making.name_place,
                              "host " + making.name() + " runs knelld itself (" + how +
                                  "): it is watched, and never fenced automatically",
                              "say so yourself, never_fence: \"runs knelld\", or correct its "
                              "address if it is another machine");
}

} // namespace

const Value& value_at(const Value& map, std::string_view key)
{
    static const Value nothing;
    const Entry* entry = map.find(key);
    return entry == nullptr ? nothing : entry->value;
}

void read_belonging(const Value& entry, const std::string& where, Section section,
                    HostPolicy& policy, Problems& problems)
{
    read_domains(MapReader{entry, where, keys_of(section), problems}, policy.domains);
    read_never_fence(entry, policy.precious, problems);
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
    Host host{id, {}, {}, {}, {}};
    HostPolicy policy{id, {}, {}, {}};
    const Value item = instantiate(raw, named, problems);
    const MapReader map{item, "host", keys_of(Section::host), problems};
    const Value group = instantiate(group_of(map, host, draft), named, problems);
    Making making{item, group, name_place, draft, host, policy, first};

    read_belonging(group, "group " + host.group, Section::group, policy, problems);
    read_belonging(item, "host", Section::host, policy, problems);
    for (const DomainId& domain : policy.domains) {
        draft.domains[domain.get()] += first ? 1 : 0;
    }
    policy.fence = read_fence_timing(making.layered(draft.site.fencing, "fencing", overlaid),
                                     "fencing", problems);
    read_recovery(making.layered(draft.site.recovery, "recovery", overlaid), "recovery", policy,
                  problems);
    const bool beats = read_watching(making);
    read_fence(making, beats);
    spare_our_own_machine(making);

    for (const auto& device : host.devices) {
        draft.config.policy.logins.emplace(device.id, login_mark(device));
    }
    draft.config.hosts.push_back(std::move(host));
    draft.config.policy.hosts.push_back(std::move(policy));
}

} // namespace knell::config
