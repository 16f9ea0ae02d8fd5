// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/session.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace knell::control {

struct ControlOptions {
    std::filesystem::path socket = "/run/knell/control";
    std::vector<std::string> readers;   ///< groups
    std::vector<std::string> operators; ///< groups
    std::string version;
    /// A listening socket to take over instead of binding one: socket_from_systemd().
    std::optional<int> inherited;
    Bounds bounds;
    std::size_t most_connections = 64;
    std::size_t kept_for_operators = 8; ///< of those; readers cannot lock operators out
};

/// The control socket: JSON-RPC 2.0, one request or response per line, shapes in
/// view_json.hpp, methods and their roles in methods.cpp. Whoever connects is
/// judged by the kernel's word on his user and groups, never by his pid nor by
/// what he says. Everything happens on the loop's thread.
class ControlServer {
public:
    /// Before the loop runs: looking up groups may block. `operations` is borrowed.
    [[nodiscard]] static std::variant<std::unique_ptr<ControlServer>, std::string>
    open(boost::asio::io_context& loop, Operations& operations, ControlOptions options);
    /// Drops all connections and removes the socket file that it made.
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    /// To all who watch, and kept for host.explain.
    void publish(const Notice& notice, std::chrono::system_clock::time_point at);

    /// For the log at the start: groups that do not exist, and the like.
    [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }
    [[nodiscard]] std::size_t connections() const noexcept { return sessions_.size(); }

private:
    using Protocol = boost::asio::local::stream_protocol;

    ControlServer(boost::asio::io_context& loop, Operations& operations, ControlOptions options,
                  Access access);

    void accept();
    void welcome(Protocol::socket socket);
    [[nodiscard]] std::optional<Failure> reason_to_refuse(const Roles& roles,
                                                          const Peer& peer) const;

    ControlOptions options_;
    Access access_;
    RecentNotices notices_;
    Services services_;
    std::vector<std::string> warnings_;
    Protocol::acceptor acceptor_;
    boost::asio::steady_timer rest_; ///< after a failed accept
    std::set<std::shared_ptr<Session>> sessions_;
};

} // namespace knell::control
