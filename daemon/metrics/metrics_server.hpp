// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <variant>

namespace boost::asio {
class io_context;
}

namespace knell::metrics {

class Collector;

struct ServerOptions {
    std::string address = "127.0.0.1"; ///< numeric
    std::uint16_t port = 9712;         ///< 0: any that is free
    std::size_t header = 8UL * 1024;   ///< bytes of one request; none may have a body
    Duration patience = 5s; ///< for one whole request, and for the peer to take one answer
    std::size_t most_connections = 64; ///< the next one waits until another ends
    Duration pace = 10ms;              ///< between two answers, over all connections
};

/// HTTP/1.1 for those who watch knelld, over no more than GET and HEAD:
///
///     /metrics   what the collector holds, in Prometheus' text format 0.0.4
///     /healthz   200 while the loop turns
///     /readyz    200 when knelld would do its whole work, else 503 and why not
///
/// It knows no secret and asks for none, so it listens on loopback unless told otherwise. An
/// answer never repeats anything of the request. While it is open it also measures how late the
/// loop is.
///
/// On the loop's thread; `collector` is borrowed.
class MetricsServer {
public:
    /// The text says why the address cannot be listened on, and what to change.
    [[nodiscard]] static std::variant<std::unique_ptr<MetricsServer>, std::string>
    open(boost::asio::io_context& loop, Collector& collector, ServerOptions options);
    /// Drops all connections.
    ~MetricsServer();
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;

    [[nodiscard]] std::uint16_t port() const;
    [[nodiscard]] std::size_t connections() const noexcept;

private:
    class State;
    class Session;
    explicit MetricsServer(std::shared_ptr<State> state);
    std::shared_ptr<State> state_; ///< shared with handlers that the loop has queued already
};

} // namespace knell::metrics
