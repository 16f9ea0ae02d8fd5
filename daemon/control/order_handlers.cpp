// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/handlers.hpp"
#include "daemon/control/known_host.hpp"
#include "daemon/control/view_json.hpp"

#include <boost/json.hpp>

#include <set>

namespace knell::control {

namespace {

namespace json = boost::json;

std::string text_of(const json::value& value)
{
    return std::string{value.get_string()};
}

/// The first of `hosts` that knell does not watch; empty: it watches them all.
std::string unknown_among(const std::vector<HostId>& hosts, Operations& operations)
{
    std::set<HostId> known;
    for (auto& host : operations.fleet().hosts) {
        known.insert(std::move(host.host));
    }
    for (const auto& host : hosts) {
        if (known.count(host) == 0) {
            return host.get();
        }
    }
    return {};
}

Operations::OnAnswer reply_with_answer(const Call& call)
{
    return [reply = call.reply](bool accepted, std::string text) {
        reply(json::object{{"schema", schema}, {"accepted", accepted}, {"text", std::move(text)}});
    };
}

/// core's words, "GATE: TEXT" a line, where a closed gate's text begins with NO; then a remark.
json::object gates_of(const std::string& host, std::string_view text)
{
    constexpr std::string_view between = ": ", closed = "NO, ";
    json::array gates;
    std::string note;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const auto colon = line.find(between);
        if (colon == std::string_view::npos) {
            note += (note.empty() ? "" : " ") + std::string{line};
            continue;
        }
        auto said = line.substr(colon + between.size());
        const bool open = !said.starts_with(closed);
        said.remove_prefix(open ? 0 : closed.size());
        gates.push_back(
            json::object{{"gate", line.substr(0, colon)}, {"open", open}, {"text", said}});
    }
    return {
        {"schema", schema}, {"host", host}, {"gates", std::move(gates)}, {"note", std::move(note)}};
}

} // namespace

void give_order(const Call& call, OperatorOrder::What what)
{
    OperatorOrder order{.id = OrderId{0},
                        .what = what,
                        .host = std::nullopt,
                        .by = identity_of(call.peer),
                        .reason = {},
                        .force = false};
    if (call.params.contains("host")) {
        const auto view = known_host(call);
        if (!view) {
            return;
        }
        order.host = view->host;
    }
    if (const auto* hosts = call.params.if_contains("hosts")) {
        for (const auto& host : hosts->get_array()) {
            order.hosts.emplace_back(text_of(host));
        }
        const auto unknown = unknown_among(order.hosts, call.services.operations);
        if (!unknown.empty()) {
            call.reply(no_such_host(unknown));
            return;
        }
    }
    if (const auto* reason = call.params.if_contains("reason")) {
        order.reason = text_of(*reason);
    }
    if (const auto* force = call.params.if_contains("force")) {
        order.force = force->get_bool();
    }
    if (const auto* lasting = call.params.if_contains("seconds")) {
        order.lasting = std::chrono::seconds{lasting->get_int64()};
    }
    call.services.operations.order(std::move(order), reply_with_answer(call));
}

void reload(const Call& call)
{
    call.services.operations.reload(identity_of(call.peer), reply_with_answer(call));
}

void rehearse_fence(const Call& call)
{
    const auto view = known_host(call);
    if (!view) {
        return;
    }
    OperatorOrder order{.id = OrderId{0},
                        .what = OperatorOrder::What::fence,
                        .host = view->host,
                        .by = identity_of(call.peer),
                        .reason = {},
                        .force = false,
                        .dry_run = true};
    call.services.operations.order(
        std::move(order), [reply = call.reply, host = view->host.get()](bool, std::string text) {
            reply(gates_of(host, text));
        });
}

} // namespace knell::control
