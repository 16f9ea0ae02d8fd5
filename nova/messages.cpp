// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/messages.hpp"

#include "nova/json.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include <algorithm>
#include <charconv>

namespace knell::nova {
namespace {

/// "2026-11-22T14:02:15.000000Z" (Identity API v3: ISO 8601, always UTC), without
/// looking at the zone: only the difference of two such times is ever used.
std::optional<Duration> since_epoch(std::string_view text)
{
    if (text.size() < 19 || text[4] != '-' || text[7] != '-' || text[10] != 'T' ||
        text[13] != ':' || text[16] != ':') {
        return std::nullopt;
    }
    const auto number = [&](std::size_t at, std::size_t length) {
        int value = -1;
        const char* const end = text.data() + at + length;
        const auto result = std::from_chars(text.data() + at, end, value);
        return result.ec == std::errc{} && result.ptr == end ? value : -1;
    };
    const int year = number(0, 4);
    const int month = number(5, 2);
    const int day = number(8, 2);
    const std::chrono::year_month_day date{std::chrono::year{year},
                                           std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    const int hours = number(11, 2);
    const int minutes = number(14, 2);
    const int seconds = number(17, 2);
    if (year < 1970 || month < 0 || day < 0 || !date.ok() || hours < 0 || minutes < 0 ||
        seconds < 0) {
        return std::nullopt;
    }
    return Duration{std::chrono::sys_days{date}.time_since_epoch()} + std::chrono::hours{hours} +
           std::chrono::minutes{minutes} + std::chrono::seconds{seconds};
}

std::optional<Microversion> parse_microversion(std::string_view text)
{
    Microversion version;
    const char* const end = text.data() + text.size();
    auto result = std::from_chars(text.data(), end, version.major);
    if (result.ec != std::errc{} || result.ptr == end || *result.ptr != '.') {
        return std::nullopt;
    }
    result = std::from_chars(result.ptr + 1, end, version.minor);
    if (result.ec != std::errc{} || result.ptr != end) {
        return std::nullopt;
    }
    return version;
}

/// RFC 3986 knows no others; and it is shown as it is.
bool looks_like_url(std::string_view text)
{
    constexpr std::size_t longest = 2048;
    return text.size() <= longest &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

void add_endpoints(const json::object& service, std::vector<Endpoint>& found)
{
    for (const json::value& value : array_at(service, "endpoints")) {
        const json::object* endpoint = value.if_object();
        if (endpoint == nullptr || !looks_like_url(text_at(*endpoint, "url"))) {
            continue;
        }
        std::string region{text_at(*endpoint, "region_id")};
        if (region.empty()) {
            region = text_at(*endpoint, "region");
        }
        found.push_back({std::string{text_at(*endpoint, "interface")}, std::move(region),
                         std::string{text_at(*endpoint, "url")}});
    }
}

/// Yes, no, or a word that is neither.
std::optional<bool> either(std::string_view word, std::string_view yes, std::string_view no)
{
    return word == yes ? std::optional{true} : word == no ? std::optional{false} : std::nullopt;
}

ServiceRecord read_service(const json::object& service)
{
    ServiceRecord record;
    record.binary = text_at(service, "binary");
    record.host = text_at(service, "host");
    record.id = text_at(service, "id");
    if (const json::value* forced = service.if_contains("forced_down")) {
        if (const bool* flag = forced->if_bool()) {
            record.forced_down = *flag;
        }
    }
    record.disabled = either(text_at(service, "status"), "disabled", "enabled");
    record.up = either(text_at(service, "state"), "up", "down");
    record.disabled_reason = one_line(text_at(service, "disabled_reason"));
    return record;
}

} // namespace

std::string to_string(Microversion version)
{
    return std::to_string(version.major) + "." + std::to_string(version.minor);
}

Microversion VersionRange::nearest(Microversion wanted) const
{
    return std::max(least, std::min(most, wanted));
}

std::string VersionRange::too_old_for(const char* what, Microversion needed) const
{
    return "this Nova speaks at most " + to_string(most) + ", and " + what + " needs " +
           to_string(needed);
}

Parsed<TokenDocument> parse_token(std::string_view body)
{
    const auto document = parse_object(body);
    if (!document) {
        return Unreadable{"the token answer is not JSON"};
    }
    const json::object* token = object_at(*document, "token");
    if (token == nullptr) {
        return Unreadable{"the token answer has no \"token\""};
    }
    const auto issued = since_epoch(text_at(*token, "issued_at"));
    const auto expires = since_epoch(text_at(*token, "expires_at"));
    if (!issued || !expires || *expires <= *issued) {
        return Unreadable{"the token answer has no usable issued_at and expires_at"};
    }
    TokenDocument result{*expires - *issued, {}};
    for (const json::value& value : array_at(*token, "catalog")) {
        const json::object* service = value.if_object();
        if (service != nullptr && text_at(*service, "type") == "compute") {
            add_endpoints(*service, result.compute);
        }
    }
    return result;
}

Parsed<VersionRange> parse_version(std::string_view body)
{
    const auto document = parse_object(body);
    const json::object* version = document ? object_at(*document, "version") : nullptr;
    if (version == nullptr) {
        return Unreadable{"it does not tell its versions as Nova does"};
    }
    const auto most = parse_microversion(text_at(*version, "version"));
    const auto least = parse_microversion(text_at(*version, "min_version"));
    if (!most || !least || *most < *least) {
        return Unreadable{"it is a Nova API without microversions (v2.0); the endpoint must "
                          "be the one of v2.1"};
    }
    return VersionRange{*least, *most};
}

Parsed<std::vector<ServiceRecord>> parse_services(std::string_view body)
{
    const auto document = parse_object(body);
    const json::array* services = document ? if_array_at(*document, "services") : nullptr;
    if (services == nullptr) {
        return Unreadable{"the answer has no list of services"};
    }
    std::vector<ServiceRecord> result;
    for (const json::value& value : *services) {
        const json::object* service = value.if_object();
        if (service == nullptr) {
            return Unreadable{"the list of services holds something else"};
        }
        result.push_back(read_service(*service));
    }
    return result;
}

Parsed<ServersSample> parse_servers(std::string_view body, std::string_view host)
{
    const auto document = parse_object(body);
    const json::array* servers = document ? if_array_at(*document, "servers") : nullptr;
    if (servers == nullptr) {
        return Unreadable{"the answer has no list of servers"};
    }
    ServersSample sample;
    for (const json::value& value : *servers) {
        const json::object* server = value.if_object();
        if (server == nullptr) {
            return Unreadable{"the list of servers holds something else"};
        }
        const std::string_view status = text_at(*server, "host_status");
        if (status.empty() || text_at(*server, "OS-EXT-SRV-ATTR:host") != host) {
            ++sample.others;
            continue;
        }
        ++sample.sampled;
        sample.down += status == "DOWN" ? 1 : 0;
    }
    return sample;
}

bool tells_of_unfinished_evacuations(std::string_view message)
{
    return message.find("evacuation migration records remain") != std::string_view::npos;
}

std::optional<std::string> choose_endpoint(const std::vector<Endpoint>& endpoints,
                                           std::string_view interface, std::string_view region)
{
    for (const Endpoint& endpoint : endpoints) {
        if (endpoint.interface == interface && (region.empty() || endpoint.region == region) &&
            !endpoint.url.empty()) {
            return endpoint.url;
        }
    }
    return std::nullopt;
}

std::string token_url(std::string_view auth_url)
{
    while (auth_url.ends_with('/')) {
        auth_url.remove_suffix(1);
    }
    std::string url{auth_url};
    if (!auth_url.ends_with("/v3")) {
        url += "/v3";
    }
    return url + "/auth/tokens";
}

std::string version_root(std::string_view endpoint)
{
    while (endpoint.ends_with('/')) {
        endpoint.remove_suffix(1);
    }
    if (endpoint.ends_with("/v2.1")) {
        return std::string{endpoint} + "/";
    }
    if (const auto at = endpoint.find("/v2.1/"); at != std::string_view::npos) {
        return std::string{endpoint.substr(0, at)} + "/v2.1/";
    }
    if (endpoint.ends_with("/v2") || endpoint.find("/v2/") != std::string_view::npos) {
        // The old API; it tells of itself that it has no microversions.
        return std::string{endpoint.substr(0, endpoint.rfind("/v2") + 3)} + "/";
    }
    return std::string{endpoint} + "/v2.1/";
}

std::string percent_encoded(std::string_view text)
{
    return boost::urls::encode(boost::core::string_view{text.data(), text.size()},
                               boost::urls::unreserved_chars);
}

} // namespace knell::nova
