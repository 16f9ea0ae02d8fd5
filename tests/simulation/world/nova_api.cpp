// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/nova_api.hpp"

#include <boost/json.hpp>

#include <ctime>

namespace knell::sim {
namespace json = boost::json;

namespace {

unsigned minor_of(std::string_view version)
{
    return version.size() > 2 ? static_cast<unsigned>(std::stoul(std::string{version.substr(2)}))
                              : 1;
}

std::string header(const http::Request& request, std::string_view name)
{
    for (const auto& one : request.headers) {
        if (one.name == name) {
            return std::string{one.value.reveal()};
        }
    }
    return {};
}

std::string written(Duration since_epoch)
{
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count();
    const auto time = static_cast<std::time_t>(1'700'000'000 + seconds);
    std::tm parts{};
    gmtime_r(&time, &parts);
    char text[40];
    return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S.000000Z", &parts)};
}

} // namespace

NovaApi::NovaApi(Truth& truth, Cloud& cloud)
    : truth_{truth}, cloud_{cloud}, dice_{truth.options.wanted.seed, "nova api"}
{
}

http::Response NovaApi::answer(unsigned status, std::string body)
{
    return {
        status, {{"x-openstack-request-id", "req-" + std::to_string(requests_)}}, std::move(body)};
}

http::Response NovaApi::fault(unsigned status, const std::string& message)
{
    return answer(
        status, json::serialize(json::object{{"fault", {{"code", status}, {"message", message}}}}));
}

http::Response NovaApi::serve(const http::Request& request, const Way& way, const Words& words)
{
    ++requests_;
    const auto target = request.url.substr(std::string_view{base}.size());
    const auto path = target.substr(0, target.find('?'));
    const auto query = path.size() < target.size() ? target.substr(path.size() + 1) : "";
    if (path == "/identity/v3/auth/tokens") {
        return token();
    }
    if (path == "/v2.1/") {
        return answer(200, R"({"version":{"version":")" + truth_.options.nova_version +
                               R"(","min_version":"2.1"}})");
    }
    if (!valid_.contains(header(request, "X-Auth-Token"))) {
        return fault(401, "The request you have made requires authentication.");
    }
    const auto minor = minor_of(header(request, "X-OpenStack-Nova-API-Version"));
    if (minor > minor_of(truth_.options.nova_version)) {
        return fault(406, "Version is not supported by the API.");
    }
    if (path == "/v2.1/os-services") {
        return list(query, minor, way);
    }
    const std::string_view services = "/v2.1/os-services/";
    if (request.method == "PUT" && path.starts_with(services)) {
        auto response = put(path.substr(services.size()), request, minor, way, words);
        if (on_put) {
            on_put(path.substr(services.size()), request, response);
        }
        return response;
    }
    if (path == "/v2.1/servers/detail") {
        return servers(query);
    }
    return {404, {}, "<html><h1>404 Not Found</h1></html>"};
}

http::Response NovaApi::token()
{
    const auto value = "token-" + std::to_string(++tokens_);
    valid_.insert(value);
    const auto now = truth_.now().time_since_epoch();
    std::string endpoint{base};
    endpoint += "/v2.1";
    const json::object body{
        {"token",
         {{"issued_at", written(now)},
          {"expires_at", written(now + truth_.options.token_lifetime)},
          {"catalog", json::array{json::object{
                          {"type", "compute"},
                          {"endpoints", json::array{json::object{{"interface", "public"},
                                                                 {"region_id", "One"},
                                                                 {"url", endpoint}}}}}}}}}};
    auto response = answer(201, json::serialize(body));
    response.headers.emplace_back("x-subject-token", value);
    truth_.agenda.after(truth_.options.token_lifetime, [this, value] { valid_.erase(value); });
    return response;
}

http::Response NovaApi::list(const std::string& query, unsigned minor, const Way& way)
{
    const auto at = query.find("host=");
    const auto wanted = at == std::string::npos ? "" : query.substr(at + 5);
    json::array records;
    for (const auto& [host, service] : cloud_.services()) {
        if (service.deleted || (!wanted.empty() && host.get() != wanted)) {
            continue;
        }
        json::object record{{"binary", "nova-compute"}, {"host", host.get()}};
        if (way.cell_hidden) {
            if (minor >= 69) {
                record["status"] = "UNKNOWN";
                records.push_back(std::move(record));
            }
            continue;
        }
        const bool old = way.stale && truth_.now() - service.changed_at < truth_.options.staleness;
        const bool flag = old ? service.before : service.forced_down;
        record["id"] = minor >= 53 ? json::value(service.uuid) : json::value(7);
        if (minor >= 11) {
            record["forced_down"] = flag;
        }
        record["status"] = service.disabled ? "disabled" : "enabled";
        record["state"] = truth_.machine(host).nova_compute && !flag ? "up" : "down";
        record["disabled_reason"] =
            service.disabled_reason.empty() ? json::value{} : json::value(service.disabled_reason);
        records.push_back(std::move(record));
    }
    return answer(200, json::serialize(json::object{{"services", std::move(records)}}));
}

http::Response NovaApi::servers(const std::string& query) const
{
    const auto at = query.find("host=");
    const auto wanted = query.substr(at + 5, query.find('&', at) - at - 5);
    json::array list;
    for (const auto& [name, guest] : cloud_.guests()) {
        if (guest.home.get() == wanted) {
            const bool down = cloud_.service(guest.home).forced_down;
            list.push_back(json::object{{"id", name},
                                        {"host_status", down ? "DOWN" : "UP"},
                                        {"OS-EXT-SRV-ATTR:host", wanted}});
        }
    }
    return {200, {}, json::serialize(json::object{{"servers", std::move(list)}})};
}

http::Response NovaApi::put(const std::string& last, const http::Request& request, unsigned minor,
                            const Way& way, const Words& words)
{
    const json::value body = json::parse(request.body.reveal());
    const bool by_host = last == "force-down";
    if (by_host != (minor < 53)) {
        return fault(by_host ? 400 : 404, "Unknown action");
    }
    if (way.cell_hidden) {
        return fault(503, "The database of the cell cannot be reached.");
    }
    for (const auto& [host, service] : cloud_.services()) {
        if (service.deleted ||
            (by_host ? body.at("host").as_string() != host.get() : service.uuid != last)) {
            continue;
        }
        const bool set = body.at("forced_down").as_bool();
        if (!set && service.forced_down && cloud_.unfinished(host)) {
            return fault(400, "Unable to force up host " + host.get() +
                                  " as `done` evacuation migration records remain associated "
                                  "with the host. Ensure the compute service has been restarted, "
                                  "allowing these records to move to `completed` before "
                                  "retrying this request.");
        }
        const bool before = service.forced_down;
        const auto hands = service.hands;
        const auto word = words.find(host);
        cloud_.set_flag(host, set, Hand::knell, word == words.end() ? Word{} : word->second);
        if (way.forgets && before != set) {
            cloud_.service(host).forgotten = true;
            truth_.agenda.after(dice_.between(10ms, 15s), [this, host = host, set, before, hands] {
                if (cloud_.service(host).forced_down == set) {
                    truth_.say(host, "* Nova's database loses a commit");
                    cloud_.revert(host, before, hands);
                }
            });
        }
        return answer(200, R"({"service":{}})");
    }
    return fault(404, "Service " + last + " could not be found.");
}

} // namespace knell::sim
