// SPDX-License-Identifier: GPL-3.0-or-later
// What somebody writes into the control socket. Input: flags (the lowest two: who he is, 0 nobody,
// 1 a reader, 2 an operator, 3 root; 4: he does not hang up before he is answered), the size of his
// writes, his bytes.
#include "daemon/control/session.hpp"
#include "tests/fuzz/input.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <sys/socket.h>
#include <unistd.h>

namespace knell::control {
namespace {

namespace json = boost::json;
using fuzz::Bytes;
using fuzz::require;

constexpr gid_t readers = 61001;
constexpr gid_t operators = 61002;

/// A daemon with one host; keeps its orders.
class Daemon : public Operations {
public:
    FleetView fleet() override
    {
        FleetView view;
        view.mode_by = "configuration";
        view.hosts.push_back(*host(HostId{"compute1"}));
        return view;
    }
    std::optional<HostView> host(const HostId& host) override
    {
        if (host.get() != "compute1") {
            return std::nullopt;
        }
        return HostView{.host = host,
                        .state = "Held",
                        .since = {},
                        .why = "it waits",
                        .boot = std::nullopt,
                        .identity = std::nullopt,
                        .monitors = {},
                        .in_plan = true};
    }
    Explanation explain(const HostId& host, std::optional<EpisodeId> episode) override
    {
        require(!episode || episode->get() >= 1, "an episode has a number");
        return {
            {{.seq = 1,
              .at = "2026-11-22T12:00:00.000000Z",
              .boot_clock = {},
              .entry = {.what = JournalEntry::What::told, .host = host, .episode = EpisodeId{7}}}},
            ""};
    }
    DaemonStatus status() override { return {true, "Nova answers", {}, {}}; }
    void order(OperatorOrder order, OnAnswer on_answer) override
    {
        check(order);
        orders += order.dry_run ? 0 : 1;
        on_answer(true, "mode: NO, it only watches\nand nothing else");
    }
    void reload(const std::string&, OnAnswer on_answer) override
    {
        ++orders;
        on_answer(false, "nothing has changed");
    }

    unsigned orders = 0;

private:
    static void check(const OperatorOrder& order)
    {
        require(!order.host || order.host->get() == "compute1", "an order is about a host we know");
        for (const auto& host : order.hosts) {
            require(host.get() == "compute1", "an order is about hosts we know");
        }
        require(order.reason.size() <= 500 && fuzz::fit_to_show(order.reason),
                "a reason is one line of text", order.reason);
        require(order.lasting >= Duration::zero() && order.lasting <= 24h * 30,
                "nothing is planned for ever");
        require(order.by.starts_with("uid="), "an order has an author");
    }
};

Peer peer(unsigned who)
{
    if (who == 3) {
        return {};
    }
    return {.uid = 61000,
            .gid = 61000,
            .pid = 1,
            .groups = {who == 1   ? readers
                       : who == 2 ? operators
                                  : 61003}};
}

/// The peer's end of a connection.
class Connection {
public:
    Connection() { require(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_) == 0, "a socket pair"); }
    ~Connection() { ::close(ends_[0]); }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    [[nodiscard]] int servers_end() const { return ends_[1]; }
    void write(Bytes bytes) const
    {
        static_cast<void>(
            ::send(ends_[0], bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
    }
    void hang_up() const { ::shutdown(ends_[0], SHUT_WR); }
    void read()
    {
        char chunk[4096];
        for (ssize_t got = 0; (got = ::recv(ends_[0], chunk, sizeof chunk, MSG_DONTWAIT)) > 0;) {
            in.append(chunk, static_cast<std::size_t>(got));
        }
    }

    std::string in;

private:
    int ends_[2] = {-1, -1};
};

/// Every answer is a whole one, to a request that was made.
unsigned check_answers(std::string_view in)
{
    unsigned answers = 0;
    for (auto end = in.find('\n'); end != std::string_view::npos; end = in.find('\n')) {
        boost::system::error_code error;
        const auto value = json::parse(in.substr(0, end), error);
        in.remove_prefix(end + 1);
        ++answers;
        const auto* answer = value.if_object();
        require(!error && answer != nullptr, "an answer is an object in one line");
        require(answer->at("jsonrpc") == "2.0", "an answer is JSON-RPC");
        require(answer->contains("result") != answer->contains("error"),
                "an answer is a result or an error");
        if (const auto* fault = answer->if_contains("error")) {
            const auto& text = fault->at("message").as_string();
            require(!text.empty(), "an error has words");
        } else {
            require(!answer->at("id").is_null(), "who got a result had asked");
        }
    }
    return answers;
}

} // namespace

KNELL_FUZZ_TARGET(control_request)
{
    fuzz::Input input{bytes};
    const auto flags = input.byte();
    const std::size_t size = 1 + input.byte() * 16U;
    auto stream = input.rest();
    const auto lines = static_cast<unsigned>(std::count(stream.begin(), stream.end(), '\n'));

    Daemon daemon;
    RecentNotices notices;
    const Access access{{{"readers", readers}}, {{"operators", operators}}};
    const std::string version = "1.0";
    Services services{daemon, notices, access, version};
    boost::asio::io_context loop;
    Connection connection;
    unsigned ended = 0;
    auto session = std::make_shared<Session>(
        Session::Socket{loop, boost::asio::local::stream_protocol{}, connection.servers_end()},
        peer(flags & 3), services, Bounds{.request = 2048}, [&](const auto&) { ++ended; });
    session->start();
    while (!stream.empty()) {
        const auto piece = stream.first(std::min(size, stream.size()));
        stream = stream.subspan(piece.size());
        connection.write(piece);
        loop.poll();
        connection.read();
        if ((flags & 4) != 0) {
            session->publish("{\"notice\":1}\n");
        }
    }
    connection.hang_up();
    session.reset();
    for (int turns = 0; turns < 10'000 && ended == 0; ++turns) {
        loop.poll();
        connection.read();
    }
    require(ended == 1, "a session ends once");
    const bool watched = (flags & 4) != 0;
    require(watched || check_answers(connection.in) <= lines + 1, "no line is answered twice");
    require(daemon.orders == 0 || (flags & 3) >= 2, "only operators give orders");
    require(daemon.orders <= lines, "an order is a line");
    loop.restart();
    loop.poll();
}

} // namespace knell::control
