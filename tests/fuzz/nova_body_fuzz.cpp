// SPDX-License-Identifier: GPL-3.0-or-later
// A body of Keystone or Nova, read as every document that it could be. Input: the status of the
// answer (two bytes), the body.
#include "nova/finding.hpp"
#include "nova/json.hpp"
#include "nova/server_list.hpp"
#include "nova/service_list.hpp"
#include "tests/fuzz/input.hpp"

#include <algorithm>
#include <set>

namespace knell::nova {
namespace {

using fuzz::require;

/// What we say about it must be fit for a log, a terminal and JSON.
void shown(std::string_view text)
{
    require(fuzz::fit_to_show(text), "what is told is one line of text", text);
    require(text.size() < 700, "what is told is short");
}

const json::array* list_in(const std::optional<json::object>& document, const char* key)
{
    return document ? if_array_at(*document, key) : nullptr;
}

json::object written(const ServiceRecord& record)
{
    json::object service{{"binary", record.binary}, {"host", record.host}, {"id", record.id}};
    if (record.forced_down) {
        service["forced_down"] = *record.forced_down;
    }
    if (record.disabled) {
        service["status"] = *record.disabled ? "disabled" : "enabled";
    }
    if (record.up) {
        service["state"] = *record.up ? "up" : "down";
    }
    service["disabled_reason"] = record.disabled_reason;
    return service;
}

bool same(const ServiceRecord& a, const ServiceRecord& b)
{
    return a.binary == b.binary && a.host == b.host && a.id == b.id &&
           a.forced_down == b.forced_down && a.disabled == b.disabled && a.up == b.up &&
           a.disabled_reason == b.disabled_reason;
}

/// By what the document itself says, read in another way.
bool all_say_true(const json::array& services, std::string_view host)
{
    return std::all_of(services.begin(), services.end(), [&](const json::value& value) {
        const auto& service = value.get_object();
        const auto* forced = service.if_contains("forced_down");
        return text_at(service, "host") != host || text_at(service, "binary") != "nova-compute" ||
               (forced != nullptr && forced->is_bool() && forced->get_bool());
    });
}

void services(std::string_view body, const std::optional<json::object>& document)
{
    const auto parsed = parse_services(body);
    const auto* list = list_in(document, "services");
    if (const auto* unreadable = std::get_if<Unreadable>(&parsed)) {
        return shown(unreadable->why);
    }
    const auto& records = std::get<std::vector<ServiceRecord>>(parsed);
    require(list != nullptr && list->size() == records.size(), "every record is read");
    json::array again;
    for (const auto& record : records) {
        shown(record.disabled_reason);
        again.push_back(written(record));
    }
    const auto reread = parse_services(json::serialize(json::object{{"services", again}}));
    const auto* others = std::get_if<std::vector<ServiceRecord>>(&reread);
    require(others != nullptr &&
                std::equal(records.begin(), records.end(), others->begin(), others->end(), same),
            "services that were written again read the same");

    const auto whole = whole_list(records);
    if (const auto* unreadable = std::get_if<Unreadable>(&whole)) {
        return shown(unreadable->why);
    }
    std::set<HostId> hosts;
    for (const auto& seen : std::get<std::vector<ServiceSeen>>(whole)) {
        require(!seen.host.get().empty() && seen.host.get().size() <= 255, "a host has a name");
        require(hosts.insert(seen.host).second, "each host is there once");
        require(!seen.forced_down || all_say_true(*list, seen.host.get()),
                "a flag is known only where every record says so");
        require(seen.disabled || seen.disabled_reason.empty(), "who is enabled has no reason");
    }
}

void servers(std::string_view body, const std::optional<json::object>& document)
{
    const auto* list = list_in(document, "servers");
    const auto parsed = parse_servers(body, "compute1");
    if (const auto* sample = std::get_if<ServersSample>(&parsed)) {
        require(list != nullptr && sample->sampled + sample->others == list->size() &&
                    sample->down <= sample->sampled,
                "every server is counted once");
    }
    const auto page = parse_server_page(body);
    if (const auto* unreadable = std::get_if<Unreadable>(&page)) {
        return shown(unreadable->why);
    }
    require(std::holds_alternative<ServersSample>(parsed), "who can be listed can be counted");
    require(std::get<ServerPage>(page).next.size() <= 1024, "a marker is short");
    for (const auto& server : std::get<ServerPage>(page).servers) {
        require(!server.id.empty(), "a server has an id");
        std::size_t addresses = 0;
        for (const auto& [network, all] : server.networks) {
            addresses += all.size();
        }
        require(addresses <= 64 && server.id.size() <= 1024 && server.name.size() <= 1024,
                "a server has a size");
    }
}

void keystone(std::string_view body)
{
    const auto token = parse_token(body);
    if (const auto* document = std::get_if<TokenDocument>(&token)) {
        require(document->lifetime > Duration::zero(), "a token lives for a while");
        const auto url = choose_endpoint(document->compute, "public", "");
        require(!url || !url->empty(), "an endpoint has an address");
        for (const auto& endpoint : document->compute) {
            require(version_root(endpoint.url).ends_with('/'), "versions are told at a folder");
        }
    } else {
        shown(std::get<Unreadable>(token).why);
    }
    const auto version = parse_version(body);
    if (const auto* range = std::get_if<VersionRange>(&version)) {
        require(range->least <= range->most, "the least is not more than the most");
        require(range->nearest(knows_forced_down) >= range->least &&
                    range->nearest(knows_forced_down) <= range->most,
                "what is spoken is understood");
        const auto again = parse_version(json::serialize(
            json::object{{"version", json::object{{"version", to_string(range->most)},
                                                  {"min_version", to_string(range->least)}}}}));
        const auto* same = std::get_if<VersionRange>(&again);
        require(same != nullptr && same->least == range->least && same->most == range->most,
                "a version that was written again reads the same");
    } else {
        shown(std::get<Unreadable>(version).why);
    }
}

void faults(unsigned status, std::string_view body)
{
    http::Response response;
    response.status = status;
    response.body = body;
    response.headers = {{"X-OpenStack-Request-Id", std::string{body.substr(0, 80)}},
                        {"retry-after", std::string{body.substr(0, 12)}}};
    const auto finding = judge(response);
    require(finding.outcome != NovaOutcome::done && !finding.forced_down,
            "a fault says nothing of the flag");
    require((finding.outcome == NovaOutcome::refused) == (finding.refusal != NovaRefusal::none),
            "who refuses says how");
    require(!finding.retry_after ||
                (*finding.retry_after >= Duration::zero() && *finding.retry_after <= 1h),
            "nobody is put off for ever");
    shown(finding.detail);
    shown(fault_message(body));
    shown(one_line(body));
    require(request_id(response).size() <= 64, "a request has a short name");
}

/// The same bytes as what we have to say.
void our_own_words(std::string_view text, bool is_utf8)
{
    const auto body = parse_object(force_down_by_host(text, true));
    require(body ? text_at(*body, "host") == text : !is_utf8, "a host is named as it is");
    CloudSettings settings;
    settings.username = text;
    settings.password = Secret{std::string{text}};
    settings.project_id = text;
    const auto asked = parse_object(token_request(settings).reveal());
    require(asked.has_value() || !is_utf8, "a password can be written");
    if (asked) {
        const auto& identity = asked->at("auth").at("identity").as_object();
        require(text_at(identity.at("password").at("user").as_object(), "password") == text,
                "a password is written as it is");
    }
    const auto encoded = percent_encoded(text);
    require(encoded.find_first_of("/?#&% \r\n") == encoded.find('%') &&
                encoded.size() <= 3 * text.size(),
            "a name stays one part of a path");
}

} // namespace

KNELL_FUZZ_TARGET(nova_body)
{
    fuzz::Input input{bytes};
    const unsigned status = 100 + input.number<std::uint16_t>() % 500;
    const auto body = fuzz::text_of(input.rest());
    const auto document = parse_object(body);
    services(body, document);
    servers(body, document);
    keystone(body);
    faults(status, body);
    // Boost.JSON takes nothing but UTF-8.
    const bool is_utf8 =
        parse_object(
            json::serialize(json::object{{"x", json::string_view{body.data(), body.size()}}}))
            .has_value();
    our_own_words(body, is_utf8);
}

} // namespace knell::nova
