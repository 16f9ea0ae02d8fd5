// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/config_check.hpp"

#include "daemon/config/load_config.hpp"
#include "nova/clouds_yaml.hpp"

#include <ostream>

namespace knell::cli {

Exit check_config(const std::string& file, Terminal& terminal)
{
    const auto loaded = config::load_config(file);
    config::print(terminal.err, loaded.diagnostics);
    if (!loaded.config) {
        return Exit::failed;
    }
    nova::CloudQuery query;
    if (!loaded.config->nova.cloud.empty()) {
        query.cloud = loaded.config->nova.cloud;
    }
    if (!loaded.config->nova.clouds_file.empty()) {
        query.clouds_file = loaded.config->nova.clouds_file;
    }
    const auto cloud = nova::read_cloud(query);
    if (const auto* errors = std::get_if<nova::CloudErrors>(&cloud)) {
        for (const auto& error : *errors) {
            terminal.err << error << '\n';
        }
        return Exit::failed;
    }
    for (const auto& warning : std::get<nova::CloudSettings>(cloud).warnings) {
        terminal.err << "warning: " << warning << '\n';
    }
    terminal.out << file << ": good, " << loaded.config->hosts.size() << " hosts\n";
    return Exit::ok;
}

} // namespace knell::cli
