// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/load_config.hpp"
#include "daemon/hardening.hpp"
#include "daemon/knelld.hpp"
#include "nova/find_cloud.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

namespace {

/// As sysexits.h has it. systemd does not restart a daemon whose configuration is wrong.
constexpr int exit_config = 78;

int run(const std::string& file, bool check_only)
{
    auto loaded = knell::config::load_config(file);
    knell::config::print(std::cerr, loaded.diagnostics);
    if (!loaded.config) {
        return exit_config;
    }
    const auto& access = loaded.config->nova;
    auto cloud = knell::nova::find_cloud(knell::nova::cloud_query(access.cloud, access.clouds_file),
                                         std::cerr);
    if (!cloud) {
        return exit_config;
    }
    if (check_only) {
        std::cout << file << ": good, " << loaded.config->hosts.size() << " hosts\n";
        return 0;
    }
    boost::asio::io_context loop{1};
    knell::Knelld daemon{loop, file, std::move(*loaded.config), std::move(*cloud)};
    if (const auto why = daemon.start()) {
        std::cerr << "knelld: " << *why << '\n';
        return 1;
    }
    loop.run();
    return daemon.exit_code();
}

} // namespace

int main(int argc, char** argv)
{
    CLI::App app{"knelld: watches compute hosts, fences the dead ones, and tells Nova only then",
                 "knelld"};
    std::string file = "/etc/knell/knell.yaml";
    bool check_only = false;
    app.add_option("--config", file, "The configuration")->capture_default_str();
    app.add_flag("--check", check_only, "Check the configuration and exit");
    app.set_version_flag("--version", "knelld " KNELL_VERSION);
    CLI11_PARSE(app, argc, argv);
    knell::harden_this_process();
    return run(file, check_only);
}
