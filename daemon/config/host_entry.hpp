// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/host_pattern.hpp"
#include "daemon/config/keys.hpp"
#include "daemon/config/sections.hpp"
#include "daemon/config/uniqueness.hpp"

#include <set>
#include <string>
#include <vector>

namespace knell::config {

/// What grows while the hosts are read, one after the other.
struct InventoryDraft {
    const Site& site;
    Config& config;
    const Context& context;
    Uniqueness unique;
    std::set<std::string> used_groups;
    DomainSizes domains;
};

/// The value of a key of a map; null where there is none.
[[nodiscard]] const Value& value_at(const Value& map, std::string_view key);

/// What a host or group says of what it belongs to: failure domains, and those who must not lose
/// it. The nearer word replaces the farther.
void read_belonging(const Value& entry, const std::string& where, Section section,
                    HostPolicy& policy, Problems& problems);

/// One host: `item` is its entry in `hosts`, with {n} and {host} still in it.
void read_host(const NamedHost& named, const Value& item, const Place& name_place,
               InventoryDraft& draft);

} // namespace knell::config
