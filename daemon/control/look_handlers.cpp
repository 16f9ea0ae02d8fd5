// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/handlers.hpp"
#include "daemon/control/known_host.hpp"
#include "daemon/control/view_json.hpp"

#include <boost/json.hpp>

namespace knell::control {

namespace {

namespace json = boost::json;

constexpr std::size_t notices_told = 50;

std::optional<EpisodeId> episode_of(const Call& call)
{
    const auto* episode = call.params.if_contains("episode");
    return episode == nullptr
               ? std::nullopt
               : std::optional{EpisodeId{static_cast<std::uint64_t>(episode->get_int64())}};
}

json::value or_null(const std::string& text)
{
    return text.empty() ? json::value{} : json::value(text);
}

} // namespace

void tell_version(const Call& call)
{
    call.reply(json::object{{"schema", schema}, {"version", call.services.version}});
}

void tell_status(const Call& call)
{
    const auto now = read_clocks();
    auto& operations = call.services.operations;
    auto result = to_json(operations.fleet(), now);
    result["daemon"] = to_json(operations.status(), call.services.version, now);
    call.reply(std::move(result));
}

void watch(const Call& call)
{
    call.subscribe();
    call.reply(json::object{{"schema", schema}, {"watching", true}});
}

void list_hosts(const Call& call)
{
    auto fleet = to_json(call.services.operations.fleet(), read_clocks());
    call.reply(json::object{{"schema", schema}, {"hosts", std::move(fleet.at("hosts"))}});
}

void show_host(const Call& call)
{
    if (const auto view = known_host(call)) {
        call.reply(json::object{{"schema", schema}, {"host", to_json(*view, read_clocks())}});
    }
}

void explain_host(const Call& call)
{
    const auto view = known_host(call);
    if (!view) {
        return;
    }
    const auto episode = episode_of(call);
    const auto explanation = call.services.operations.explain(view->host, episode);
    json::array history;
    for (const auto& row : explanation.history) {
        history.push_back(to_json(row));
    }
    json::array notices;
    for (const auto& notice : call.services.notices.of(view->host, notices_told)) {
        notices.push_back(to_json(notice));
    }
    call.reply(json::object{{"schema", schema},
                            {"host", to_json(*view, read_clocks())},
                            {"episode", episode ? json::value(episode->get()) : json::value{}},
                            {"history", std::move(history)},
                            {"history_trouble", or_null(explanation.trouble)},
                            {"notices", std::move(notices)}});
}

void show_plan(const Call& call)
{
    const auto now = read_clocks();
    const auto fleet = call.services.operations.fleet();
    json::array planned;
    json::array otherwise;
    for (const auto& host : fleet.hosts) {
        if (host.in_plan) {
            planned.push_back(to_json(host, now));
        } else if (host.state == "Held") {
            otherwise.push_back(to_json(host, now));
        }
    }
    auto whole = to_json(fleet, now);
    json::object result{{"schema", schema}};
    for (const char* member : {"mode", "mode_by", "hold", "storm", "domains"}) {
        result[member] = std::move(whole.at(member));
    }
    result["hosts"] = std::move(planned);
    result["held_otherwise"] = std::move(otherwise);
    call.reply(std::move(result));
}

} // namespace knell::control
