// SPDX-License-Identifier: GPL-3.0-or-later
// The questions about servers.
#include "nova/awaiting.hpp"
#include "nova/nova_session.hpp"

namespace knell::nova {
namespace asio = boost::asio;

namespace {

constexpr unsigned most_pages = 200;
constexpr std::size_t most_servers = 20'000;
/// A page is up to 1000 servers, with up to 64 KiB of user_data each if an administrator asks.
constexpr std::size_t most_page_bytes = std::size_t{96} << 20;

constexpr const char* hosts_hidden =
    "Nova does not show this user the hosts of servers, and so not those of one host either; that "
    "takes the policies os_compute_api:servers:allow_all_filters and "
    "os_compute_api:os-extended-server-attributes, which administrators have";

/// No `limit`: with one, Nova leaves out what lies in an unreachable cell
/// (api/openstack/compute/servers.py, _is_cell_down_supported).
std::string page_path(bool all_projects, const std::string& host, const std::string& marker)
{
    std::string query = all_projects ? "&all_tenants=1" : "";
    query += host.empty() ? "" : "&host=" + percent_encoded(host);
    query += marker.empty() ? "" : "&marker=" + percent_encoded(marker);
    return "/servers/detail" + (query.empty() ? "" : "?" + query.substr(1));
}

} // namespace

asio::awaitable<ServersSeen> NovaSession::sample(HostId host, AttemptId attempt, Instant by)
{
    ServersSeen seen{host, attempt, false, 0, 0, {}};
    const auto ready = co_await access(by);
    if (const auto* none = std::get_if<NoAccess>(&ready)) {
        went_wrong(none->why);
        seen.detail = none->why;
        co_return seen;
    }
    const VersionRange versions = std::get<Access>(ready).versions;
    if (versions.most < knows_host_status) {
        seen.detail = versions.too_old_for("host_status", knows_host_status);
        co_return seen;
    }
    Question question;
    question.version = versions.nearest(knows_host_status);
    question.path = "/servers/detail?all_tenants=1&host=" + percent_encoded(host.get()) +
                    "&limit=" + std::to_string(options_.servers_sampled);
    const Reply reply = co_await ask(question, by);
    if (!reply.response || !success(*reply.response)) {
        seen.detail = reply.response ? described("Nova", *reply.response) : reply.why;
        co_return seen;
    }
    const auto parsed = parse_servers(reply.response->body, host.get());
    if (const auto* unreadable = std::get_if<Unreadable>(&parsed)) {
        seen.detail = "Nova: " + unreadable->why;
        co_return seen;
    }
    const auto& sample = std::get<ServersSample>(parsed);
    seen.sampled = sample.sampled;
    seen.down = sample.down;
    seen.known = sample.sampled > 0 || sample.others == 0;
    seen.detail = sample.others == 0 ? std::to_string(sample.down) + " of " +
                                           std::to_string(sample.sampled) + " servers DOWN"
                                     : "Nova does not show our user host_status or the host of " +
                                           std::to_string(sample.others) + " servers";
    co_return seen;
}

asio::awaitable<ServerListOutcome> NovaSession::list_servers(std::string host, Duration patience)
{
    const auto ready = co_await access(clock_->now() + patience);
    if (const auto* none = std::get_if<NoAccess>(&ready)) {
        co_return NoServerList{none->why};
    }
    const VersionRange versions = std::get<Access>(ready).versions;
    if (versions.most < knows_host_status) {
        co_return NoServerList{versions.too_old_for("host_status", knows_host_status)};
    }
    ServerList list;
    list.all_projects = true;
    list.endpoint = endpoint_;
    std::string marker;
    for (unsigned pages = 0; list.complete; ++pages) {
        Question question;
        question.version = versions.nearest(shows_unreachable);
        question.most_body = most_page_bytes;
        question.path = page_path(list.all_projects, host, marker);
        const Reply reply = co_await ask(std::move(question), clock_->now() + patience);
        if (!reply.response) {
            co_return NoServerList{reply.why};
        }
        if (reply.response->status == 403 && list.all_projects && pages == 0) {
            list.all_projects = false;
            continue;
        }
        if (!success(*reply.response)) {
            co_return NoServerList{described("Nova", *reply.response)};
        }
        auto parsed = parse_server_page(reply.response->body);
        if (const auto* unreadable = std::get_if<Unreadable>(&parsed)) {
            co_return NoServerList{"Nova: " + unreadable->why};
        }
        auto& page = std::get<ServerPage>(parsed);
        for (ServerRow& server : page.servers) {
            if (!host.empty() && !server.host) {
                // Nova drops the filter without a word for those who may not use it.
                co_return NoServerList{hosts_hidden};
            }
            if (host.empty() || server.host == host) {
                list.servers.push_back(std::move(server));
            }
        }
        if (page.next.empty()) {
            break;
        }
        if (page.next == marker) {
            co_return NoServerList{"Nova: the list of servers goes round in a circle"};
        }
        marker = std::move(page.next);
        list.complete = pages + 1 < most_pages && list.servers.size() < most_servers;
    }
    co_return list;
}

} // namespace knell::nova
