// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/format.hpp"
#include "nova/server_list.hpp"

#include <boost/json/object.hpp>

#include <iosfwd>
#include <string>

namespace knell::cli {

struct ServersSeenBy {
    nova::ServerList list;
    std::string cloud; ///< of clouds.yaml: whose eyes these are
    std::string host;  ///< empty: all hosts
};

/// How much of host_status the servers show that policy permits (nova/policies/servers.py).
enum class HostStatusShown {
    yes,          ///< os_compute_api:servers:show:host_status lets this user see it
    unknown_only, ///< only ...:show:host_status:unknown-only does: no other value is shown
    perhaps,      ///< nothing but UNKNOWN is there: either of them
    no,           ///< none is shown: neither, or unknown-only and nothing is UNKNOWN
    untold        ///< no server that could tell
};
[[nodiscard]] HostStatusShown host_status_shown(const nova::ServerList& list);

/// A table with what is urgent first, then what its host_status means, then who may see it. What
/// Nova does not show is "?"; what there is not is "-".
void print_servers(std::ostream& out, const ServersSeenBy& seen);

/// {"schema": 1, "cloud": text, "endpoint": text, "all_projects": bool, "complete": bool,
///  "host_status_shown": "yes" | "unknown-only" | "perhaps" | "no" | "untold",
///  "servers": [{"id": text, "name": text | null, "status": text, "task_state": text | null,
///               "power_state": n | null, "networks": {name: [address...]},
///               "host": text | null, "host_status": text | null}]}
/// in Nova's order; null: not shown, and of task_state: none.
[[nodiscard]] boost::json::object to_json(const ServersSeenBy& seen);
/// Of that object. Networks are one text: "net1=10.0.0.3, 10.0.0.4; net2=..."
[[nodiscard]] Listing listing_of_servers(const boost::json::object& servers);

} // namespace knell::cli
