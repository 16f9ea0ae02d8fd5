// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/access.hpp"
#include "daemon/control/notices.hpp"
#include "daemon/control/operations.hpp"
#include "daemon/control/params.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace knell::control {

/// What all methods work with. Outlives every session.
struct Services {
    Operations& operations;
    RecentNotices& notices;
    const Access& access;
    const std::string& version;
};

/// JSON-RPC 2.0, section 5.1; from -32001 on they are ours.
enum class ErrorCode {
    not_json = -32700,
    bad_request = -32600,
    no_such_method = -32601,
    bad_params = -32602,
    not_permitted = -32001,
    no_such_host = -32002,
    too_many = -32003
};

struct Failure {
    ErrorCode code;
    std::string text;
};

/// A result as documented in view_json.hpp, or why there is none.
using Outcome = std::variant<boost::json::value, Failure>;

struct Call {
    Services& services;
    const Peer& peer;
    const boost::json::object& params;
    std::function<void()> subscribe; ///< this connection wants notices from now on
    std::function<void(Outcome)> reply;
};

/// Who may call it and what it takes.
struct Method {
    std::string_view name;
    Role role;
    std::span<const Param> params;
    void (*handle)(const Call&); ///< its parameters are what `params` says
};

/// Every method there is. The role of a method is written here and nowhere else.
[[nodiscard]] std::span<const Method> methods();

/// One request, already parsed. The role is checked before anything in the
/// parameters is looked at. `reply` is called once, at once or later, with a
/// whole JSON-RPC response.
void dispatch(Services& services, const Peer& peer, const boost::json::value& request,
              std::function<void()> subscribe,
              std::function<void(boost::json::object response)> reply);

[[nodiscard]] boost::json::object error_response(const boost::json::value& id,
                                                 const Failure& failure);

} // namespace knell::control
