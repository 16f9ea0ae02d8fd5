// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nova/messages.hpp"
#include "nova/nova_client.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace knell::nova {

/// A server as Nova shows it to whoever asks (GET /servers/detail, 2.16 or later). Texts are as
/// they came, cut to 1 KiB each.
struct ServerRow {
    std::string id;
    std::string name;
    std::string status;     ///< its own, e.g. "ACTIVE"; a dead host does not change it
    std::string task_state; ///< empty: none
    std::optional<std::int64_t> power_state; ///< by nova/compute/power_state.py; 1 is running
    std::map<std::string, std::vector<std::string>> networks; ///< addresses by network
    std::optional<std::string> host;        ///< empty: it has none; absent: not shown to us
    std::optional<std::string> host_status; ///< empty: no host, or no service; absent: not shown
    bool cell_reachable = true; ///< false: Nova knows little more than the id (2.69 or later)
};

struct ServerPage {
    std::vector<ServerRow> servers;
    std::string next; ///< the marker of the next page; empty: this was the last
};

[[nodiscard]] Parsed<ServerPage> parse_server_page(std::string_view body);

struct ServerList {
    std::vector<ServerRow> servers;
    bool all_projects = false; ///< false: those of the asking user's project, for no others may be
    bool complete = true;      ///< false: there are more than one wants to read
    std::string endpoint;
};

struct NoServerList {
    std::string why;
};

using ServerListOutcome = std::variant<ServerList, NoServerList>;

/// What servers the user of `cloud` is shown: those on `host`, exactly so named, or all if it is
/// empty. Of all projects where Nova permits that, else of the user's own. Follows pages by their
/// marker only, never by their address: tokens go nowhere but to the endpoint.
///
/// Blocks, for programs that ask one question and end: at most `patience` for each of at most 200
/// pages, and 20,000 servers.
[[nodiscard]] ServerListOutcome list_servers(CloudSettings cloud, NovaOptions options,
                                             const std::string& host, Duration patience);

} // namespace knell::nova
