// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/config_check.hpp"

#include "daemon/config/load_config.hpp"
#include "nova/find_cloud.hpp"

#include <ostream>

namespace knell::cli {

Exit check_config(const std::string& file, Terminal& terminal)
{
    const auto loaded = config::load_config(file);
    config::print(terminal.err, loaded.diagnostics);
    if (!loaded.config) {
        return Exit::failed;
    }
    const auto& access = loaded.config->nova;
    if (!nova::find_cloud(nova::cloud_query(access.cloud, access.clouds_file), terminal.err)) {
        return Exit::failed;
    }
    terminal.out << file << ": good, " << loaded.config->hosts.size() << " hosts\n";
    return Exit::ok;
}

} // namespace knell::cli
