// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/nova/fake_cloud.hpp"

#include <boost/json.hpp>

#include <ctime>

namespace knell::nova {
namespace json = boost::json;
using http::Behaviour;
using http::Seen;

namespace {

Behaviour fault(unsigned status, const std::string& message)
{
    const json::object body{{"fault", {{"code", status}, {"message", message}}}};
    return http::answer(status, json::serialize(body), "x-openstack-request-id: req-fake\r\n");
}

std::string path_of(const Seen& seen)
{
    return seen.target.substr(0, seen.target.find('?'));
}

unsigned minor_of(const std::string& version)
{
    return version.size() > 2 ? static_cast<unsigned>(std::stoul(version.substr(2))) : 1;
}

unsigned asked_minor(const Seen& seen)
{
    return minor_of(seen.header("X-OpenStack-Nova-API-Version"));
}

std::string written(std::chrono::system_clock::time_point time)
{
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[40];
    const auto size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000000Z", &parts);
    return {text, size};
}

std::map<std::string, FakeCloud::Service> two_services()
{
    return {{"compute1", {"11111111-0000-4000-8000-000000000001"}},
            {"compute2", {"11111111-0000-4000-8000-000000000002"}}};
}

} // namespace

FakeCloud::FakeCloud(boost::asio::io_context& loop)
    : services{two_services()}, server_{loop, [this](const Seen& seen) { return answer_to(seen); }}
{
}

FakeCloud::FakeCloud(boost::asio::io_context& loop, boost::asio::ssl::context& tls)
    : services{two_services()}, server_{loop, [this](const Seen& seen) { return answer_to(seen); },
                                        tls}
{
}

CloudSettings FakeCloud::settings() const
{
    CloudSettings settings;
    settings.cloud = "fake";
    settings.auth_url = server_.url("/identity/v3");
    settings.username = "admin";
    settings.user_domain_id = "default";
    settings.password = Secret{"sesame"};
    settings.project_id = "p";
    return settings;
}

std::string FakeCloud::last_request_id() const
{
    return "req-" + std::to_string(server_.seen().size());
}

std::vector<std::string> FakeCloud::asked() const
{
    std::vector<std::string> result;
    for (const Seen& seen : server_.seen()) {
        result.push_back(seen.method + " " + path_of(seen));
    }
    return result;
}

unsigned FakeCloud::count(const std::string& start) const
{
    unsigned found = 0;
    for (const std::string& one : asked()) {
        found += one.starts_with(start) ? 1 : 0;
    }
    return found;
}

Behaviour FakeCloud::answer_to(const Seen& seen)
{
    if (fault) {
        if (auto behaviour = fault(seen)) {
            return *behaviour;
        }
    }
    return serve(seen);
}

Behaviour FakeCloud::serve(const Seen& seen)
{
    const std::string path = path_of(seen);
    if (path == "/identity/v3/auth/tokens") {
        return token(seen);
    }
    if (path == "/v2.1/") {
        return http::answer(200,
                            R"({"version":{"version":")" + version + R"(","min_version":"2.1"}})");
    }
    if (!valid_.contains(seen.header("X-Auth-Token"))) {
        return nova::fault(401, "The request you have made requires authentication.");
    }
    if (asked_minor(seen) > minor_of(version)) {
        return nova::fault(406, "Version is not supported by the API.");
    }
    if (path == "/v2.1/os-services") {
        return list(seen);
    }
    if (seen.method == "PUT" && path.starts_with("/v2.1/os-services/")) {
        return put(seen);
    }
    if (path == "/v2.1/servers/detail") {
        return list_servers(seen);
    }
    return http::answer(404, "<html><h1>404 Not Found</h1></html>");
}

Behaviour FakeCloud::token(const Seen& seen)
{
    const json::value body = json::parse(seen.body);
    if (body.at_pointer("/auth/identity/password/user/password").as_string() != password) {
        return nova::fault(401, "The request you have made requires authentication.");
    }
    const std::string value = "token-" + std::to_string(++tokens_);
    valid_.insert(value);
    const auto now = std::chrono::system_clock::now();
    const auto endpoint = [&](const char* interface, const char* region, const std::string& path) {
        return json::object{{"interface", interface},
                            {"region_id", region},
                            {"url", compute_url.empty() ? url(path) : compute_url}};
    };
    const json::object answer{
        {"token",
         {{"issued_at", written(now)},
          {"expires_at", written(now + token_lifetime)},
          {"catalog",
           json::array{json::object{{"type", "compute"},
                                    {"endpoints",
                                     {endpoint("public", "One", "/v2.1"),
                                      endpoint("internal", "Two", "/elsewhere/v2.1")}}}}}}}};
    return http::answer(201, json::serialize(answer), "x-subject-token: " + value + "\r\n");
}

Behaviour FakeCloud::list(const Seen& seen) const
{
    const auto at = seen.target.find("host=");
    const std::string wanted = at == std::string::npos ? "" : seen.target.substr(at + 5);
    json::array records;
    for (const auto& [host, service] : services) {
        if (!wanted.empty() && host != wanted) {
            continue;
        }
        json::object record{{"binary", "nova-compute"}, {"host", host}};
        if (!service.cell_reachable) {
            if (asked_minor(seen) < 69) {
                continue;
            }
            record["status"] = "UNKNOWN";
        } else {
            if (asked_minor(seen) >= 53) {
                record["id"] = service.id;
            } else {
                record["id"] = 7;
            }
            if (asked_minor(seen) >= 11) {
                record["forced_down"] = service.forced_down;
            }
            record["status"] = service.disabled ? "disabled" : "enabled";
            record["state"] = service.up && !service.forced_down ? "up" : "down";
            record["disabled_reason"] = service.disabled_reason.empty()
                                            ? json::value{}
                                            : json::value(service.disabled_reason);
        }
        records.push_back(std::move(record));
    }
    return http::answer(200, json::serialize(json::object{{"services", std::move(records)}}),
                        "x-openstack-request-id: " + last_request_id() + "\r\n");
}

Behaviour FakeCloud::list_servers(const Seen& seen) const
{
    if (!all_projects && seen.target.find("all_tenants=1") != std::string::npos) {
        return nova::fault(403, "Policy doesn't allow os_compute_api:servers:detail:"
                                "get_all_tenants to be performed.");
    }
    const auto at = seen.target.find("marker=");
    if (at == std::string::npos) {
        return http::answer(200, servers);
    }
    const auto page = pages.find(seen.target.substr(at + 7));
    return page == pages.end() ? nova::fault(400, "marker not found")
                               : http::answer(200, page->second);
}

Behaviour FakeCloud::put(const Seen& seen)
{
    const std::string last = path_of(seen).substr(std::string{"/v2.1/os-services/"}.size());
    const json::value body = json::parse(seen.body);
    const bool by_host = last == "force-down";
    if (by_host != (asked_minor(seen) < 53)) {
        return nova::fault(by_host ? 400 : 404, "Unknown action");
    }
    for (auto& [host, service] : services) {
        if (by_host ? body.at("host").as_string() == host : service.id == last) {
            service.forced_down = body.at("forced_down").as_bool();
            return http::answer(200, R"({"service":{}})",
                                "X-OpenStack-Request-Id: " + last_request_id() + "\r\n");
        }
    }
    return nova::fault(404, "Service " + last + " could not be found.");
}

} // namespace knell::nova
