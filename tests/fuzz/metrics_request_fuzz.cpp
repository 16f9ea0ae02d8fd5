// SPDX-License-Identifier: GPL-3.0-or-later
// What somebody sends to the metrics' port. Input: the size of his writes, his bytes, after which
// he hangs up.
#include "daemon/metrics/collector.hpp"
#include "daemon/metrics/metrics_server.hpp"
#include "tests/fuzz/input.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace knell::metrics {
namespace {

using fuzz::Bytes;
using fuzz::require;

/// A server without any facts, and its loop.
class Desk {
public:
    Desk()
    {
        auto opened = MetricsServer::open(loop, collector_,
                                          {.port = 0, .patience = 10s, .pace = Duration::zero()});
        require(std::holds_alternative<std::unique_ptr<MetricsServer>>(opened), "a port is free");
        server = std::get<std::unique_ptr<MetricsServer>>(std::move(opened));
    }

    boost::asio::io_context loop;
    std::unique_ptr<MetricsServer> server;

private:
    Collector collector_{
        {[](Instant) { return Facts{}; }, [](const HostId&) { return std::nullopt; }}};
};

class Connection {
public:
    explicit Connection(std::uint16_t port) : socket_{::socket(AF_INET, SOCK_STREAM, 0)}
    {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        require(::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                    0,
                "a server is reached");
        // No trace of it is left in the kernel's tables.
        const linger at_once{1, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    ~Connection() { ::close(socket_); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void write(Bytes bytes) const
    {
        static_cast<void>(::send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
    }
    void hang_up() const { ::shutdown(socket_, SHUT_WR); }
    /// False when the other end has gone.
    bool read()
    {
        char chunk[4096];
        ssize_t got = 0;
        while ((got = ::recv(socket_, chunk, sizeof chunk, MSG_DONTWAIT)) > 0) {
            in.append(chunk, static_cast<std::size_t>(got));
        }
        return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    }

    std::string in;

private:
    int socket_;
};

} // namespace

KNELL_FUZZ_TARGET(metrics_request)
{
    static Desk desk;
    fuzz::Input input{bytes};
    const std::size_t size = 1 + input.byte() * 16U;
    auto stream = input.rest();
    const bool asks = fuzz::text_of(stream).find("HTTP/1.") != std::string_view::npos;

    bool open = true;
    std::string answers;
    {
        Connection connection{desk.server->port()};
        while (desk.server->connections() == 0) {
            desk.loop.run_one();
        }
        while (!stream.empty() && open) {
            const auto piece = stream.first(std::min(size, stream.size()));
            stream = stream.subspan(piece.size());
            connection.write(piece);
            desk.loop.poll();
            open = connection.read();
        }
        connection.hang_up();
        for (int turns = 0; turns < 100'000 && open && desk.server->connections() > 0; ++turns) {
            desk.loop.poll();
            open = connection.read();
        }
        answers = connection.in;
    }
    for (int turns = 0; turns < 100'000 && desk.server->connections() > 0; ++turns) {
        desk.loop.poll();
    }
    require(desk.server->connections() == 0, "who hangs up is let go");
    require(answers.empty() || answers.starts_with("HTTP/1.1 "), "an answer is HTTP");
    require(asks || !answers.starts_with("HTTP/1.1 200"), "who asks nothing is told nothing");
}

} // namespace knell::metrics
