// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/server_list.hpp"

#include "cli/server_list_text.hpp"
#include "cli/text.hpp"
#include "daemon/config/load_config.hpp"
#include "nova/find_cloud.hpp"

#include <boost/json/object.hpp>

#include <ostream>

namespace knell::cli {

namespace {

/// Nova needs a minute before it notices that the database of a cell is gone; nobody waits so long.
constexpr Duration patience = 30s;

/// Its table is of more than what programs are told.
constexpr View view{nullptr, listing_of_servers};

/// What is needed to ask. Nothing: the fault has been told.
struct Access {
    nova::CloudSettings cloud;
    nova::NovaOptions options;
};

std::optional<Access> by_configuration(const std::string& file, std::ostream& err)
{
    auto loaded = config::load_config(file);
    if (!loaded.config) {
        config::print(err, loaded.diagnostics);
        err << "knellctl: without that file, name an entry of clouds.yaml: --os-cloud NAME\n";
        return std::nullopt;
    }
    const auto& access = loaded.config->nova;
    auto cloud = nova::find_cloud(nova::cloud_query(access.cloud, access.clouds_file), err);
    if (!cloud) {
        return std::nullopt;
    }
    nova::NovaOptions options;
    options.endpoint_override = access.endpoint_override;
    options.region = access.region;
    options.interface = access.interface;
    return Access{std::move(*cloud), std::move(options)};
}

std::optional<Access> by_name(const std::string& name, std::ostream& err)
{
    nova::CloudQuery query;
    query.cloud = name;
    // An owner's own file goes before knelld's, which the owner may not even read.
    query.directories = {"~/.config/openstack", "/etc/openstack", "/etc/knell"};
    auto cloud = nova::find_cloud(query, err);
    return cloud ? std::optional{Access{std::move(*cloud), {}}} : std::nullopt;
}

} // namespace

Exit list_servers(const ServerListQuery& query, Terminal& terminal)
{
    const Target target{"", query.format, query.columns};
    if (!fits(target, view, terminal)) {
        return Exit::usage;
    }
    auto access = query.os_cloud.empty() ? by_configuration(query.file, terminal.err)
                                         : by_name(query.os_cloud, terminal.err);
    if (!access) {
        return Exit::failed;
    }
    ServersSeenBy seen;
    seen.cloud = access->cloud.cloud;
    seen.host = query.host;
    auto outcome = nova::list_servers(std::move(access->cloud), std::move(access->options),
                                      query.host, patience);
    if (const auto* none = std::get_if<nova::NoServerList>(&outcome)) {
        terminal.err << "knellctl: " << plain(none->why) << '\n';
        return Exit::failed;
    }
    seen.list = std::get<nova::ServerList>(std::move(outcome));
    if (query.format == Format::table && query.columns.empty()) {
        print_servers(terminal.out, seen);
        return Exit::ok;
    }
    return present(target, view, terminal, to_json(seen));
}

} // namespace knell::cli
