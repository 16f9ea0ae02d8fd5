// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/commands.hpp"
#include "cli/terminal.hpp"

#include <string>
#include <vector>

namespace knell::cli {

struct ServerListQuery {
    std::string file = "/etc/knell/knell.yaml"; ///< whose `nova:` section says which cloud
    std::string os_cloud; ///< an entry of clouds.yaml instead; the file is not read then
    std::string host;     ///< empty: servers of all hosts
    Format format = Format::table;
    std::vector<std::string> columns{}; ///< empty: all
};

/// Asks Nova, not knelld, what servers the user of that cloud is shown, and prints them with what
/// their host_status means: what the owner of a server sees of its host. Blocks.
[[nodiscard]] Exit list_servers(const ServerListQuery& query, Terminal& terminal);

} // namespace knell::cli
