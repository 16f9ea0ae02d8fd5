// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/config.hpp"
#include "daemon/config/gate_section.hpp"
#include "daemon/config/monitor_section.hpp"
#include "daemon/config/secret_source.hpp"

#include <optional>
#include <string>
#include <vector>

namespace knell::config {

/// The readers of knell.yaml's sections. Each says what is wrong and leaves defaults in its place,
/// so that the next can be read as well.

/// Where a sentinel came from, to be compared with the hosts.
struct SentinelOrigin {
    std::string name;
    std::string address;
    Place name_place;
    Place address_place;
};

/// Laid out once: everything but the hosts.
struct Site {
    std::vector<std::string> networks;
    std::vector<SentinelOrigin> sentinels;
    Place root;
    std::optional<Secret> site_key; ///< 32 bytes
    bool site_key_given = false;    ///< though perhaps unreadable, which was then said
    Place listen_place;             ///< of heartbeat.listen, for hosts that it cannot hear
    std::vector<DomainOrigin> domains;
    Value monitors; ///< defaults; hosts and groups are laid upon them
    Value verdict;
    Value fencing;
    Value recovery;
    Value groups;
    Value hosts;
};

[[nodiscard]] Site read_site(const Value& root, Config& config, const Context& context);

/// A key of 32 bytes, written as 64 hexadecimal digits in its source.
[[nodiscard]] std::optional<Secret> read_key(const Entry& entry, const Context& context);

void read_recovery(const Value& map, const std::string& where, HostPolicy& into,
                   Problems& problems);

/// The part of `fencing` that hosts and groups may give as well.
[[nodiscard]] FenceTiming read_fence_timing(const Value& map, const std::string& where,
                                            Problems& problems);

/// Hosts and groups: fills policy.hosts, hosts and the monitors' targets.
void read_inventory(const Site& site, Config& config, const Context& context);

/// One fence device of one host, or what a group says of its hosts' devices.
struct FenceItem {
    fencing::IpmiDevice device{DeviceId{""}, "",     623,     "",
                               {},           {},     {17, 3}, fencing::Privilege::operator_level,
                               {},           5900ms, 1s};
    IdentityCheck identity_check = IdentityCheck::required;
    std::optional<SystemUuid> guid;
    Place place;
    Place name_place;
    Place address_place;
    Place guid_place;
    Place identity_place;
    Place timeout_place;
    bool timeout_given = false; ///< of the session; the default bends to `reply`
};

enum class Completeness { whole, part };

/// `part`: for a group, whose hosts add the rest.
[[nodiscard]] FenceItem read_fence_item(const Value& item, Completeness completeness,
                                        const Context& context);

} // namespace knell::config
