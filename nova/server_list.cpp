// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/server_list.hpp"

#include "http/transport.hpp"
#include "nova/json.hpp"
#include "nova/nova_session.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace knell::nova {
namespace asio = boost::asio;

namespace {

constexpr std::size_t most_text = 1024;
constexpr std::size_t most_addresses = 64; // of one server

std::string cut(std::string_view text)
{
    return std::string{text.substr(0, most_text)};
}

/// Absent: the key is not there. Null counts as empty.
std::optional<std::string> shown(const json::object& server, std::string_view key)
{
    return server.contains({key.data(), key.size()}) ? std::optional{cut(text_at(server, key))}
                                                     : std::nullopt;
}

void read_networks(const json::object& server, ServerRow& row)
{
    const json::object* addresses = object_at(server, "addresses");
    if (addresses == nullptr) {
        return;
    }
    std::size_t left = most_addresses;
    for (const auto& network : *addresses) {
        const std::string_view name{network.key().data(), network.key().size()};
        const json::array* list = network.value().if_array();
        if (list == nullptr) {
            continue;
        }
        for (const json::value& value : *list) {
            const json::object* address = value.if_object();
            if (address == nullptr || text_at(*address, "addr").empty() || left == 0) {
                continue;
            }
            --left;
            row.networks[cut(name)].push_back(cut(text_at(*address, "addr")));
        }
    }
}

ServerRow read_server(const json::object& server)
{
    ServerRow row;
    row.id = cut(text_at(server, "id"));
    row.name = cut(text_at(server, "name"));
    row.status = cut(text_at(server, "status"));
    row.task_state = cut(text_at(server, "OS-EXT-STS:task_state"));
    if (const json::value* power = server.if_contains("OS-EXT-STS:power_state")) {
        if (const std::int64_t* number = power->if_int64()) {
            row.power_state = *number;
        }
    }
    read_networks(server, row);
    row.host = shown(server, "OS-EXT-SRV-ATTR:host");
    row.host_status = shown(server, "host_status");
    // api/openstack/compute/views/servers.py, _show_from_down_cell
    row.cell_reachable = server.contains("name");
    return row;
}

std::string marker_of(std::string_view href)
{
    const auto link = boost::urls::parse_uri_reference({href.data(), href.size()});
    if (!link.has_value()) {
        return {};
    }
    for (const auto& parameter : link->params()) {
        if (parameter.key == "marker") {
            return parameter.value;
        }
    }
    return {};
}

asio::awaitable<void> ask(std::shared_ptr<NovaSession> session, std::string host, Duration patience,
                          std::optional<ServerListOutcome>& outcome)
{
    outcome = co_await session->list_servers(std::move(host), patience);
}

void rethrow(std::exception_ptr problem)
{
    if (problem) {
        std::rethrow_exception(problem);
    }
}

} // namespace

Parsed<ServerPage> parse_server_page(std::string_view body)
{
    const auto document = parse_object(body);
    const json::array* servers = document ? if_array_at(*document, "servers") : nullptr;
    if (servers == nullptr) {
        return Unreadable{"the answer has no list of servers"};
    }
    ServerPage page;
    for (const json::value& value : *servers) {
        const json::object* server = value.if_object();
        if (server == nullptr || text_at(*server, "id").empty()) {
            return Unreadable{"the list of servers holds something else"};
        }
        page.servers.push_back(read_server(*server));
    }
    for (const json::value& value : array_at(*document, "servers_links")) {
        const json::object* link = value.if_object();
        if (link == nullptr || text_at(*link, "rel") != "next") {
            continue;
        }
        page.next = marker_of(text_at(*link, "href"));
        if (page.next.empty() || page.next.size() > most_text) {
            return Unreadable{"the list of servers goes on, and does not say where"};
        }
    }
    return page;
}

ServerListOutcome list_servers(CloudSettings cloud, NovaOptions options, const std::string& host,
                               Duration patience)
{
    asio::io_context loop{1};
    http::Transport transport{loop};
    const auto session =
        std::make_shared<NovaSession>(loop, transport, std::move(cloud), std::move(options));
    std::optional<ServerListOutcome> outcome;
    asio::co_spawn(loop, ask(session, host, patience, outcome), rethrow);
    while (!outcome && loop.run_one() > 0) {
    }
    session->close();
    return outcome ? std::move(*outcome) : NoServerList{"Nova was not asked"};
}

} // namespace knell::nova
