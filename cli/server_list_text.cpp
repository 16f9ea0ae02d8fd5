// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/server_list_text.hpp"

#include "cli/reading.hpp"
#include "cli/text.hpp"

#include <boost/json/array.hpp>

#include <algorithm>
#include <array>
#include <ostream>
#include <tuple>

namespace knell::cli {

namespace {

namespace json = boost::json;

/// A host_status as the table shows it, in the order of urgency.
struct Meaning {
    std::string_view shown;
    std::string_view text;
};

constexpr std::array<Meaning, 6> meanings{{
    {"DOWN", "forced_down is set. Whoever set it says that the host does not run; where knell did, "
             "its power is proven off. Its servers can be evacuated."},
    {"UNKNOWN", "nova-compute has not reported for service_down_time (60 s by default): the host "
                "may be dead or cut off, or Nova's own services in trouble. It proves nothing."},
    {"MAINTENANCE", "nova-compute is disabled: nothing new is scheduled there. The host may live "
                    "and may be dead: Nova does not look."},
    {"?", "Nova does not show it to this user, or cannot reach the database of the server's cell."},
    {"-", "the server has no host (not scheduled yet, or shelved), or Nova no nova-compute service "
          "for it."},
    {"UP", "nova-compute has reported within service_down_time. A host that has died since then "
           "is UP too."},
}};

// nova/compute/api.py, get_instance_host_status(). OPNFV's manual lets MAINTENANCE override DOWN;
// the code never did.
constexpr std::string_view precedence =
    "HOST STATUS is the first of these that is true: forced_down (DOWN), disabled (MAINTENANCE), "
    "reporting (UP); else UNKNOWN.\n";

constexpr std::string_view policy = "os_compute_api:servers:show:host_status";

std::string host_status(const nova::ServerRow& server)
{
    if (!server.host_status) {
        return "?";
    }
    return server.host_status->empty() ? "-" : plain(*server.host_status);
}

/// A word that we do not know comes first: it deserves a look.
int urgency(const nova::ServerRow& server)
{
    const auto shown = host_status(server);
    const auto found = std::find_if(meanings.begin(), meanings.end(),
                                    [&](const Meaning& one) { return one.shown == shown; });
    return found == meanings.end() ? -1 : static_cast<int>(found - meanings.begin());
}

std::string power(const nova::ServerRow& server)
{
    // python-novaclient's words for nova/compute/power_state.py.
    constexpr std::array<const char*, 8> words{"NOSTATE",  "Running", "2",       "Paused",
                                               "Shutdown", "5",       "Crashed", "Suspended"};
    if (!server.power_state) {
        return "?";
    }
    const auto number = *server.power_state;
    return number >= 0 && number < static_cast<std::int64_t>(words.size())
               ? words.at(static_cast<std::size_t>(number))
               : std::to_string(number);
}

/// "net1=10.0.0.3, 10.0.0.4; net2=..."
std::string networks(const nova::ServerRow& server)
{
    std::string text;
    for (const auto& [name, addresses] : server.networks) {
        text += (text.empty() ? "" : "; ") + plain(name);
        const char* separator = "=";
        for (const auto& address : addresses) {
            text += separator + plain(address);
            separator = ", ";
        }
    }
    return text.empty() ? "-" : text;
}

std::string where(const nova::ServerRow& server, bool by_host)
{
    if (!by_host) {
        return server.cell_reachable ? networks(server) : "?";
    }
    if (!server.host) {
        return "?";
    }
    return server.host->empty() ? "-" : plain(*server.host);
}

bool any_host_shown(const nova::ServerList& list)
{
    return std::any_of(list.servers.begin(), list.servers.end(),
                       [](const auto& server) { return server.host.has_value(); });
}

void print_table(std::ostream& out, const nova::ServerList& list)
{
    const bool by_host = any_host_shown(list);
    std::vector<const nova::ServerRow*> rows;
    for (const auto& server : list.servers) {
        rows.push_back(&server);
    }
    std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
        const auto key = [](const nova::ServerRow& one) {
            return std::tuple{urgency(one), one.host.value_or(""), one.name};
        };
        return key(*a) < key(*b);
    });
    Table table{{"ID", "NAME", "STATUS", "TASK STATE", "POWER STATE", by_host ? "HOST" : "NETWORKS",
                 "HOST STATUS"}};
    for (const auto* server : rows) {
        table.add({plain(server->id), server->cell_reachable ? plain(server->name) : "?",
                   plain(server->status),
                   !server->cell_reachable      ? "?"
                   : server->task_state.empty() ? "-"
                                                : plain(server->task_state),
                   power(*server), where(*server, by_host), host_status(*server)});
    }
    table.print(out);
}

void print_meanings(std::ostream& out, const nova::ServerList& list)
{
    Table table{{}, "  "};
    for (const Meaning& meaning : meanings) {
        const bool occurs =
            std::any_of(list.servers.begin(), list.servers.end(),
                        [&](const auto& server) { return host_status(server) == meaning.shown; });
        if (occurs || meaning.shown == "DOWN") {
            table.add({std::string{meaning.shown}, std::string{meaning.text}});
        }
    }
    out << precedence;
    table.print(out);
}

std::string remedy()
{
    return "To show it to the owners of servers, in nova-api's policy.yaml: \"" +
           std::string{policy} +
           "\": \"rule:project_reader_or_admin\" (an older Nova: \"rule:admin_or_owner\").";
}

std::string policy_sentence(HostStatusShown shown)
{
    const std::string name{policy};
    switch (shown) {
    case HostStatusShown::yes:
        return "This user may see host_status: the policy " + name + " permits it.";
    case HostStatusShown::unknown_only:
        return "This user may see host_status only where it is UNKNOWN, never DOWN: the policy " +
               name + " refuses, and " + name + ":unknown-only permits. " + remedy();
    case HostStatusShown::perhaps:
        return "This user may see host_status where it is UNKNOWN; whether anything else too (the "
               "policy " +
               name + ") or not (only " + name + ":unknown-only), these servers cannot tell.";
    case HostStatusShown::no:
        return "This user may not see host_status: the policy " + name +
               " refuses, as it does by default to all but administrators (or " + name +
               ":unknown-only permits, and nothing is UNKNOWN now). " + remedy();
    case HostStatusShown::untold:
        break;
    }
    return "Whether this user may see host_status (the policy " + name +
           "), only a server could tell.";
}

const char* word_for(HostStatusShown shown)
{
    switch (shown) {
    case HostStatusShown::yes:
        return "yes";
    case HostStatusShown::unknown_only:
        return "unknown-only";
    case HostStatusShown::perhaps:
        return "perhaps";
    case HostStatusShown::no:
        return "no";
    case HostStatusShown::untold:
        break;
    }
    return "untold";
}

json::value or_null(const std::optional<std::string>& text)
{
    return text ? json::value(*text) : json::value{};
}

} // namespace

HostStatusShown host_status_shown(const nova::ServerList& list)
{
    bool told = false;
    bool hidden = false;
    bool unknown = false;
    bool other = false;
    for (const auto& server : list.servers) {
        if (!server.cell_reachable) {
            continue; // shows nothing to anybody
        }
        told = true;
        hidden = hidden || !server.host_status;
        unknown = unknown || server.host_status == "UNKNOWN";
        other = other || (server.host_status && server.host_status != "UNKNOWN");
    }
    if (!told) {
        return HostStatusShown::untold;
    }
    if (other) {
        return HostStatusShown::yes;
    }
    if (!unknown) {
        return HostStatusShown::no;
    }
    return hidden ? HostStatusShown::unknown_only : HostStatusShown::perhaps;
}

void print_servers(std::ostream& out, const ServersSeenBy& seen)
{
    const auto& list = seen.list;
    if (!list.servers.empty()) {
        print_table(out, list);
        out << '\n';
    }
    out << list.servers.size() << (list.servers.size() == 1 ? " server" : " servers")
        << (seen.host.empty() ? "" : " on " + plain(seen.host)) << ", as Nova at "
        << plain(list.endpoint) << " shows them to cloud \"" << plain(seen.cloud) << "\""
        << (list.all_projects ? ", of all projects.\n" : ", of its own project only.\n");
    if (!list.complete) {
        out << "There are more; name a host to see all of its servers: --host HOST\n";
    }
    print_meanings(out, list);
    out << policy_sentence(host_status_shown(list)) << '\n';
    if (list.all_projects) {
        out << "What an owner sees may differ: knellctl server list --os-cloud OWNERS-CLOUD\n";
    }
}

json::object to_json(const ServersSeenBy& seen)
{
    json::array servers;
    for (const auto& server : seen.list.servers) {
        json::object networks;
        for (const auto& [name, addresses] : server.networks) {
            networks[name] = json::array(addresses.begin(), addresses.end());
        }
        servers.push_back(json::object{
            {"id", server.id},
            {"name", server.cell_reachable ? json::value(server.name) : json::value{}},
            {"status", server.status},
            {"task_state",
             server.task_state.empty() ? json::value{} : json::value(server.task_state)},
            {"power_state", server.power_state ? json::value(*server.power_state) : json::value{}},
            {"networks", std::move(networks)},
            {"host", or_null(server.host)},
            {"host_status", or_null(server.host_status)}});
    }
    return {{"schema", 1},
            {"cloud", seen.cloud},
            {"endpoint", seen.list.endpoint},
            {"all_projects", seen.list.all_projects},
            {"complete", seen.list.complete},
            {"host_status_shown", word_for(host_status_shown(seen.list))},
            {"servers", std::move(servers)}};
}

Listing listing_of_servers(const json::object& object)
{
    Listing listing{
        {"ID", "Name", "Status", "Task State", "Power State", "Networks", "Host", "Host Status"},
        {}};
    for (const auto& server : elements(object, {"servers"})) {
        std::string networks;
        const auto shown = cell(server, {"networks"});
        for (const auto& network : shown.is_object() ? shown.get_object() : json::object{}) {
            networks += (networks.empty() ? "" : "; ") + std::string{network.key()} + "=" +
                        joined(texts(network.value(), {}));
        }
        listing.rows.push_back({cell(server, {"id"}), cell(server, {"name"}),
                                cell(server, {"status"}), cell(server, {"task_state"}),
                                cell(server, {"power_state"}), json::value(networks),
                                cell(server, {"host"}), cell(server, {"host_status"})});
    }
    return listing;
}

} // namespace knell::cli
