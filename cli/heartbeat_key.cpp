// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/heartbeat_key.hpp"

#include "daemon/config/load_config.hpp"
#include "daemon/config/nearest.hpp"
#include "monitor/heartbeat_key.hpp"

#include <algorithm>
#include <iterator>
#include <ostream>
#include <vector>

namespace knell::cli {

Exit print_heartbeat_key(const std::string& file, const std::string& host, Terminal& terminal)
{
    const auto loaded = config::load_config(file);
    if (!loaded.config) {
        config::print(terminal.err, loaded.diagnostics);
        return Exit::failed;
    }
    const auto& hosts = loaded.config->hosts;
    const auto found = std::find_if(hosts.begin(), hosts.end(),
                                    [&](const auto& one) { return one.id.get() == host; });
    if (found == hosts.end()) {
        std::vector<std::string> names;
        std::transform(hosts.begin(), hosts.end(), std::back_inserter(names),
                       [](const auto& one) { return one.id.get(); });
        const auto meant = config::nearest(host, names);
        terminal.err << "knellctl: " << file << " has no host `" << host << '`'
                     << (meant ? "; did you mean `" + *meant + "`?" : std::string{}) << '\n';
        return Exit::failed;
    }
    if (!found->heartbeat_key) {
        terminal.err << "knellctl: " << host
                     << " has no heartbeat key: set heartbeat: {site_key: {file: PATH}} in " << file
                     << '\n';
        return Exit::failed;
    }
    terminal.out << monitor::key_text(*found->heartbeat_key).reveal() << '\n';
    return Exit::ok;
}

} // namespace knell::cli
