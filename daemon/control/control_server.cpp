// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/control_server.hpp"

#include "daemon/control/listener.hpp"
#include "daemon/control/view_json.hpp"

#include <boost/json.hpp>

#include <unistd.h>
#include <utility>

namespace knell::control {

namespace {

using namespace std::chrono_literals;

} // namespace

std::variant<std::unique_ptr<ControlServer>, std::string>
ControlServer::open(boost::asio::io_context& loop, Operations& operations, ControlOptions options)
{
    std::vector<std::string> unknown;
    Access access;
    access.operators = known_groups(options.operators, unknown);
    access.readers = known_groups(options.readers, unknown);
    Listening listening;
    if (options.inherited) {
        listening.socket = *options.inherited;
        listening.warnings = let_in_at(listening.socket, access);
    } else {
        auto made = listen_on(options.socket, access);
        if (auto* fault = std::get_if<std::string>(&made)) {
            return std::move(*fault);
        }
        listening = std::get<Listening>(std::move(made));
    }
    std::unique_ptr<ControlServer> server{
        new ControlServer{loop, operations, std::move(options), std::move(access)}};
    server->warnings_ = std::move(listening.warnings);
    for (const auto& group : unknown) {
        server->warnings_.push_back("there is no group \"" + group +
                                    "\" on this machine; `control` in knell.yaml names it. "
                                    "Create it: groupadd --system " +
                                    group);
    }
    boost::system::error_code error;
    server->acceptor_.assign(Protocol{}, listening.socket, error);
    if (error) {
        return "cannot use the control socket: " + error.message();
    }
    server->accept();
    return server;
}

ControlServer::ControlServer(boost::asio::io_context& loop, Operations& operations,
                             ControlOptions options, Access access)
    : options_{std::move(options)}, access_{std::move(access)},
      services_{operations, notices_, access_, options_.version}, acceptor_{loop}, rest_{loop}
{
}

ControlServer::~ControlServer()
{
    for (const auto& session : sessions_) {
        session->close();
    }
    if (acceptor_.is_open() && !options_.inherited) {
        ::unlink(options_.socket.c_str());
    }
}

void ControlServer::accept()
{
    acceptor_.async_accept([this](const boost::system::error_code& error, Protocol::socket socket) {
        // The acceptor went away, and the server with it.
        if (error == boost::asio::error::operation_aborted) {
            return;
        }
        if (!error) {
            welcome(std::move(socket));
            accept();
            return;
        }
        // Most likely out of descriptors: trying again at once would spin.
        rest_.expires_after(100ms);
        rest_.async_wait([this](const boost::system::error_code& cancelled) {
            if (!cancelled) {
                accept();
            }
        });
    });
}

std::optional<Failure> ControlServer::reason_to_refuse(const Roles& roles, const Peer& peer) const
{
    if (!roles.has(Role::reader)) {
        return Failure{ErrorCode::not_permitted,
                       identity_of(peer) + " has no leave to look at knell; these have: " +
                           access_.who_has(Role::reader)};
    }
    const auto room = roles.has(Role::operator_)
                          ? options_.most_connections
                          : options_.most_connections -
                                std::min(options_.kept_for_operators, options_.most_connections);
    if (sessions_.size() >= room) {
        return Failure{ErrorCode::too_many, "too many connections; try again in a moment"};
    }
    return std::nullopt;
}

void ControlServer::welcome(Protocol::socket socket)
{
    auto peer = peer_of(socket.native_handle());
    // Without a name nobody is served, not even with a reason.
    if (std::holds_alternative<std::string>(peer)) {
        return;
    }
    auto& known = std::get<Peer>(peer);
    // Far more than may stay, so that a refusal can still be told.
    if (sessions_.size() >= options_.most_connections * 2) {
        return;
    }
    const auto refusal = reason_to_refuse(access_.roles_of(known), known);
    const auto session = std::make_shared<Session>(
        std::move(socket), std::move(known), services_, options_.bounds,
        [this](const std::shared_ptr<Session>& ended) { sessions_.erase(ended); });
    sessions_.insert(session);
    if (refusal) {
        session->refuse(*refusal);
    } else {
        session->start();
    }
}

void ControlServer::publish(const Notice& notice, std::chrono::system_clock::time_point at)
{
    const TimedNotice timed{at, notice};
    notices_.add(timed);
    const auto line = boost::json::serialize(boost::json::object{
                          {"jsonrpc", "2.0"}, {"method", "notice"}, {"params", to_json(timed)}}) +
                      "\n";
    // A session that is dropped for not reading leaves the set meanwhile.
    const auto sessions = sessions_;
    for (const auto& session : sessions) {
        session->publish(line);
    }
}

} // namespace knell::control
