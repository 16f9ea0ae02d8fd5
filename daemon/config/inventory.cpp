// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/host_entry.hpp"
#include "daemon/config/host_pattern.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/merge.hpp"
#include "daemon/config/problems.hpp"
#include "daemon/config/sections.hpp"
#include "daemon/config/verdict_section.hpp"

namespace knell::config {
namespace {

constexpr std::size_t host_limit = 20'000;

/// Said here once, rather than by each of the group's hosts.
void read_group(const Entry& group, const Site& site, const Context& context)
{
    Problems& problems = context.problems;
    HostPolicy scratch{HostId{group.key}};
    read_belonging(group.value, "group " + group.key, Section::group, scratch, problems);
    (void)read_monitors(overlaid_monitors(site.monitors, value_at(group.value, "monitors")),
                        "monitors", problems);
    (void)read_verdict(overlaid_verdict(site.verdict, value_at(group.value, "verdict")),
                       {site.networks, {}}, problems);
    read_recovery(overlaid(site.recovery, value_at(group.value, "recovery")), "recovery", scratch,
                  problems);
    (void)read_fence_timing(overlaid(site.fencing, value_at(group.value, "fencing")), "fencing",
                            problems);
    const Value& fence = value_at(group.value, "fence");
    if (fence.kind != Value::Kind::list && fence.kind != Value::Kind::null) {
        problems.error(fence.place, "`fence` must be a list, not " + described(fence),
                       "- {type: ipmi, username: knell, password: {file: PATH}}");
    }
    for (const Value& item : fence.items) {
        (void)read_fence_item(item, Completeness::part, context);
    }
}

void read_groups(const Site& site, const Context& context)
{
    if (site.groups.kind != Value::Kind::map && site.groups.kind != Value::Kind::null) {
        context.problems.error(site.groups.place,
                               "`groups` must be a map, not " + described(site.groups),
                               "rack1: {failure_domain: rack1}");
    }
    for (const Entry& group : site.groups.entries) {
        read_group(group, site, context);
    }
}

/// One entry of `hosts`: a host, or a pattern of many.
void read_entry(const Value& item, InventoryDraft& draft)
{
    Problems& problems = draft.context.problems;
    const MapReader map{item, "host", keys_of(Section::host), problems};
    if (item.kind != Value::Kind::map) {
        if (item.kind == Value::Kind::null) {
            problems.error(item.place, "an empty entry among `hosts`", "remove the lone `-`");
        }
        return;
    }
    const Entry* entry = map.find("name");
    if (entry == nullptr) {
        problems.error(item.place, "this host has no `name`",
                       "write the `host` of its nova-compute service, letter by letter");
        return;
    }
    const Place& place = entry->value.place;
    const auto name = read_name(entry->value, "name", problems);
    if (!name) {
        return;
    }
    const auto expanded = expand_name(*name);
    if (const auto* bad = std::get_if<BadPattern>(&expanded)) {
        problems.error(place, "`" + *name + "` " + bad->message, bad->remedy);
        return;
    }
    for (const NamedHost& named : std::get<std::vector<NamedHost>>(expanded)) {
        if (draft.config.hosts.size() >= host_limit) {
            problems.error(place, "more than " + std::to_string(host_limit) + " hosts",
                           "check the patterns");
            return;
        }
        read_host(named, item, place, draft);
    }
}

void warn_of_idle_groups(const InventoryDraft& draft)
{
    for (const Entry& group : draft.site.groups.entries) {
        if (!draft.used_groups.contains(group.key)) {
            draft.context.problems.warning(group.place, "no host is in group `" + group.key + "`",
                                           "remove it, or write group: " + group.key +
                                               " at its hosts");
        }
    }
}

/// The vantage is tested against sentinels, or else against the other hosts; with neither, knell
/// cannot tell a dead host from its own cut cable.
void warn_of_loneliness(const InventoryDraft& draft)
{
    const Config& config = draft.config;
    if (config.hosts.size() == 1 && config.policy.vantage.sentinels.empty()) {
        draft.context.problems.warning(
            draft.site.hosts.place,
            "one host and no sentinels: nothing tells a dead host from a cut cable of ours",
            "list a gateway under `sentinels`");
    }
}

} // namespace

void read_inventory(const Site& site, Config& config, const Context& context)
{
    InventoryDraft draft{site, config, context, Uniqueness{context.problems}, {}, {}};
    for (const SentinelOrigin& sentinel : site.sentinels) {
        draft.unique.sentinel(sentinel.name, sentinel.name_place);
        draft.unique.address(sentinel.address, "sentinel " + sentinel.name, sentinel.address_place);
    }
    read_groups(site, context);
    if (site.hosts.kind != Value::Kind::list || site.hosts.items.empty()) {
        context.problems.error(site.hosts.kind == Value::Kind::null ? site.root : site.hosts.place,
                               "`hosts` must list one host at least",
                               "- {name: compute1, addresses: {mgmt: 10.0.0.11}}");
    }
    for (const Value& item : site.hosts.items) {
        read_entry(item, draft);
    }
    draft.unique.warn_of_lookalikes();
    warn_of_idle_groups(draft);
    warn_of_loneliness(draft);
    config.policy.gate.domains = domain_policies(site.domains, draft.domains, context.problems);
    if (config.heartbeat_peers.empty()) {
        config.heartbeat_listen.clear();
    }
}

} // namespace knell::config
