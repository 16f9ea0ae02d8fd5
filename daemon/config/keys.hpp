// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace knell::config {

/// The maps that knell.yaml is made of.
enum class Section {
    site,
    control,
    sentinels,
    sentinel,
    monitors,
    icmp,
    heartbeat_monitor, ///< `heartbeat` below `monitors`
    tcp,
    channel,
    userspace,
    heartbeat,
    verdict,
    rule, ///< where it is a map
    row,  ///< of a matrix, beside the networks
    failure_domain,
    fencing, ///< of the site; groups and hosts have fence_timing alone
    fence_timing,
    budget,
    storm,
    planned,
    recovery,
    flapping,
    nova,
    metrics,
    group,
    host,
    fence_device
};

/// The keys that one of them may have, in the order in which people should meet them.
[[nodiscard]] const std::vector<std::string>& keys_of(Section section);

/// Every word that is a key somewhere, once each.
[[nodiscard]] std::vector<std::string> all_keys();

} // namespace knell::config
