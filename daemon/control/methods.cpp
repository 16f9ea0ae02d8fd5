// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/methods.hpp"

#include "daemon/control/handlers.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace knell::control {

namespace {

namespace json = boost::json;
using What = OperatorOrder::What;

constexpr Param host{"host", ParamKind::host};
constexpr Param reason{"reason", ParamKind::reason};
constexpr Param force{"force", ParamKind::flag, true};

constexpr std::array<Param, 0> nothing{};
constexpr std::array only_host{host};
constexpr std::array only_reason{reason};
constexpr std::array host_reason{host, reason};
constexpr std::array host_reason_force{host, reason, force};
constexpr std::array host_episode{host, Param{"episode", ParamKind::episode, true}};
constexpr std::array hosts_reason{Param{"hosts", ParamKind::hosts}, reason};
constexpr std::array host_seconds_reason{host, Param{"seconds", ParamKind::seconds}, reason};

constexpr std::array table{
    Method{"version", Role::reader, nothing, tell_version},
    Method{"status", Role::reader, nothing, tell_status},
    Method{"watch", Role::reader, nothing, watch},
    Method{"host.list", Role::reader, nothing, list_hosts},
    Method{"host.show", Role::reader, only_host, show_host},
    Method{"host.explain", Role::reader, host_episode, explain_host},
    Method{"host.rehearse", Role::reader, only_host, rehearse_fence},
    Method{"plan.show", Role::reader, nothing, show_plan},
    Method{"host.fence", Role::operator_, host_reason_force, order<What::fence>},
    Method{"host.release", Role::operator_, host_reason_force, order<What::release>},
    Method{"host.confirm_off", Role::operator_, host_reason_force, order<What::confirm_off>},
    Method{"host.inspect", Role::operator_, only_host, order<What::inspect>},
    Method{"plan.approve", Role::operator_, hosts_reason, order<What::approve>},
    Method{"maintenance.start", Role::operator_, host_seconds_reason,
           order<What::begin_maintenance>},
    Method{"maintenance.end", Role::operator_, host_reason, order<What::end_maintenance>},
    Method{"hold.on", Role::operator_, only_reason, order<What::hold>},
    Method{"hold.off", Role::operator_, only_reason, order<What::unhold>},
    Method{"arm", Role::operator_, only_reason, order<What::arm>},
    Method{"disarm", Role::operator_, only_reason, order<What::disarm>},
    Method{"readmit", Role::operator_, nothing, order<What::readmit>},
    Method{"config.reload", Role::operator_, nothing, reload},
};

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
    if (const auto fault = fault_of(method->params, params)) {
        reply(error_response(id, {ErrorCode::bad_params, *fault + "; " + std::string{name} +
                                                             " takes " + list_of(method->params)}));
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
