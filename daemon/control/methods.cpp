// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/methods.hpp"

#include "daemon/control/view_json.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <utility>

namespace knell::control {

namespace {

namespace json = boost::json;
using What = OperatorOrder::What;

constexpr std::size_t longest_reason = 500;
constexpr std::size_t notices_told = 50;

constexpr std::array<std::string_view, 0> nothing{};
constexpr std::array<std::string_view, 1> only_host{"host"};
constexpr std::array<std::string_view, 1> only_reason{"reason"};
constexpr std::array<std::string_view, 2> host_reason{"host", "reason"};
constexpr std::array<std::string_view, 3> host_reason_force{"host", "reason", "?force"};

std::string_view bare(std::string_view param)
{
    return param.starts_with('?') ? param.substr(1) : param;
}

std::string list(std::span<const std::string_view> params)
{
    std::string text;
    for (const auto param : params) {
        text += (text.empty() ? "" : ", ") + std::string{bare(param)} +
                (param.starts_with('?') ? " (may be left out)" : "");
    }
    return text.empty() ? "no parameters" : text;
}

/// A reason ends up in logs and on terminals: one line of plain text.
bool one_plain_line(std::string_view text)
{
    const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
    return text.find_first_not_of(' ') != std::string_view::npos && text.size() <= longest_reason &&
           std::none_of(text.begin(), text.end(), control);
}

std::optional<Failure> fault_of(const Method& method, const json::object& params)
{
    const auto bad = [&](const std::string& what) {
        return Failure{ErrorCode::bad_params,
                       what + "; " + std::string{method.name} + " takes " + list(method.params)};
    };
    for (const auto& param : params) {
        const std::string_view key{param.key()};
        if (std::none_of(method.params.begin(), method.params.end(),
                         [&](std::string_view name) { return bare(name) == key; })) {
            return bad("unknown parameter \"" + std::string{key} + "\"");
        }
    }
    for (const auto name : method.params) {
        const auto* value = params.if_contains(bare(name));
        if (name == "?force") {
            if (value != nullptr && !value->is_bool()) {
                return bad("\"force\" must be true or false");
            }
        } else if (value == nullptr || !value->is_string()) {
            return bad("\"" + std::string{name} + "\" must be a text");
        } else if (name == "reason" && !one_plain_line(value->get_string())) {
            return bad("\"reason\" must be one line of 1 to " + std::to_string(longest_reason) +
                       " bytes without control characters");
        }
    }
    return std::nullopt;
}

HostId host_of(const Call& call)
{
    return HostId{std::string{call.params.at("host").get_string()}};
}

/// Replies itself when there is no such host.
std::optional<HostView> known_host(const Call& call)
{
    auto view = call.services.operations.host(host_of(call));
    if (!view) {
        call.reply(Failure{ErrorCode::no_such_host,
                           "knell watches no host \"" + host_of(call).get() +
                               "\"; names are exactly those of Nova's service records"});
    }
    return view;
}

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
    const auto explanation = call.services.operations.explain(view->host);
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
                            {"history", std::move(history)},
                            {"history_trouble", explanation.trouble.empty()
                                                    ? json::value{}
                                                    : json::value(explanation.trouble)},
                            {"notices", std::move(notices)}});
}

template <What what>
void order(const Call& call)
{
    OperatorOrder order{.id = OrderId{0},
                        .what = what,
                        .host = std::nullopt,
                        .by = identity_of(call.peer),
                        .reason = {},
                        .force = false};
    if (call.params.contains("host")) {
        if (!known_host(call)) {
            return;
        }
        order.host = host_of(call);
    }
    if (const auto* reason = call.params.if_contains("reason")) {
        order.reason = std::string{reason->get_string()};
    }
    if (const auto* force = call.params.if_contains("force")) {
        order.force = force->get_bool();
    }
    call.services.operations.order(std::move(order), [reply = call.reply](bool accepted,
                                                                          std::string text) {
        reply(json::object{{"schema", schema}, {"accepted", accepted}, {"text", std::move(text)}});
    });
}

void watch(const Call& call)
{
    call.subscribe();
    call.reply(json::object{{"schema", schema}, {"watching", true}});
}

constexpr std::array<Method, 12> table{{
    {"version", Role::reader, nothing, tell_version},
    {"status", Role::reader, nothing, tell_status},
    {"watch", Role::reader, nothing, watch},
    {"host.list", Role::reader, nothing, list_hosts},
    {"host.show", Role::reader, only_host, show_host},
    {"host.explain", Role::reader, only_host, explain_host},
    {"host.fence", Role::operator_, host_reason_force, order<What::fence>},
    {"host.release", Role::operator_, host_reason_force, order<What::release>},
    {"host.confirm_off", Role::operator_, host_reason, order<What::confirm_off>},
    {"arm", Role::operator_, only_reason, order<What::arm>},
    {"disarm", Role::operator_, only_reason, order<What::disarm>},
    {"readmit", Role::operator_, nothing, order<What::readmit>},
}};

json::object response(const json::value& id, Outcome outcome)
{
    if (const auto* failure = std::get_if<Failure>(&outcome)) {
        return error_response(id, *failure);
    }
    return {{"jsonrpc", "2.0"}, {"id", id}, {"result", std::get<json::value>(std::move(outcome))}};
}

/// The failure, or null: the envelope is as JSON-RPC 2.0 section 4 wants it.
std::optional<Failure> fault_of(const json::value& request)
{
    const auto bad = [](const char* text) { return Failure{ErrorCode::bad_request, text}; };
    const auto* object = request.if_object();
    if (object == nullptr) {
        return bad("a request is one JSON object; batches are not taken");
    }
    const auto* version = object->if_contains("jsonrpc");
    if (version == nullptr || !version->is_string() || version->get_string() != "2.0") {
        return bad("\"jsonrpc\" must be \"2.0\"");
    }
    const auto* id = object->if_contains("id");
    if (id == nullptr || !(id->is_string() || id->is_number())) {
        return bad("\"id\" must be a text or a number: knell does nothing that it cannot answer");
    }
    const auto* method = object->if_contains("method");
    if (method == nullptr || !method->is_string()) {
        return bad("\"method\" must be a text");
    }
    const auto* params = object->if_contains("params");
    if (params != nullptr && !params->is_object()) {
        return bad("\"params\" must be an object of named parameters");
    }
    return std::nullopt;
}

json::value id_of(const json::value& request)
{
    const auto* object = request.if_object();
    const auto* id = object == nullptr ? nullptr : object->if_contains("id");
    return id != nullptr && (id->is_string() || id->is_number()) ? *id : json::value{};
}

} // namespace

std::span<const Method> methods()
{
    return table;
}

json::object error_response(const json::value& id, const Failure& failure)
{
    return {{"jsonrpc", "2.0"},
            {"id", id},
            {"error",
             json::object{{"code", static_cast<int>(failure.code)}, {"message", failure.text}}}};
}

void dispatch(Services& services, const Peer& peer, const json::value& request,
              std::function<void()> subscribe, std::function<void(json::object response)> reply)
{
    const auto id = id_of(request);
    if (const auto fault = fault_of(request)) {
        reply(error_response(id, *fault));
        return;
    }
    const auto& object = request.get_object();
    const std::string_view name{object.at("method").get_string()};
    const auto method = std::find_if(table.begin(), table.end(),
                                     [&](const Method& each) { return each.name == name; });
    if (method == table.end()) {
        reply(error_response(
            id, {ErrorCode::no_such_method, "there is no method \"" + std::string{name} + "\""}));
        return;
    }
    if (!services.access.roles_of(peer).has(method->role)) {
        reply(error_response(id, {ErrorCode::not_permitted,
                                  identity_of(peer) + " may not call " + std::string{name} +
                                      "; these may: " + services.access.who_has(method->role)}));
        return;
    }
    const auto* given = object.if_contains("params");
    const auto params = given == nullptr ? json::object{} : given->get_object();
    if (const auto fault = fault_of(*method, params)) {
        reply(error_response(id, *fault));
        return;
    }
    method->handle({.services = services,
                    .peer = peer,
                    .params = params,
                    .subscribe = std::move(subscribe),
                    .reply = [id, reply = std::move(reply)](Outcome outcome) {
                        reply(response(id, std::move(outcome)));
                    }});
}

} // namespace knell::control
