// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/host_entry.hpp"
#include "daemon/config/merge.hpp"
#include "daemon/config/monitor_section.hpp"

#include <string>

namespace knell::config {

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
    [[nodiscard]] Value layered(const Value& defaults, std::string_view key,
                                Value (*lay)(const Value& base, const Value& over)) const
    {
        return lay(lay(defaults, value_at(group, key)), value_at(item, key));
    }
};

/// Addresses, monitors and the rule of its verdict. Returns whether the host's agent will beat.
bool read_watching(Making& making);

} // namespace knell::config
