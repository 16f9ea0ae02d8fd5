// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/http/scripted_server.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cctype>

namespace knell::http {
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto quietly = asio::as_tuple(asio::use_awaitable);

/// A script that throws is a mistake in the test.
void rethrow(std::exception_ptr problem)
{
    if (problem) {
        std::rethrow_exception(problem);
    }
}

std::string lowered(std::string text)
{
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

tcp::socket& lowest(tcp::socket& socket)
{
    return socket;
}

tcp::socket& lowest(asio::ssl::stream<tcp::socket>& stream)
{
    return stream.next_layer();
}

} // namespace

std::string Seen::header(const std::string& name) const
{
    const std::string wanted = "\r\n" + lowered(name) + ": ";
    const std::string text = lowered(head);
    const auto at = text.find(wanted);
    if (at == std::string::npos) {
        return {};
    }
    const auto begin = at + wanted.size();
    return head.substr(begin, head.find("\r\n", begin) - begin);
}

Behaviour answer(unsigned status, const std::string& body, const std::string& headers)
{
    return {"HTTP/1.1 " + std::to_string(status) + " Whatever\r\nContent-Length: " +
            std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body};
}

ScriptedServer::ScriptedServer(asio::io_context& loop, Script script)
    : loop_{loop}, script_{std::move(script)}, acceptor_{loop,
                                                         tcp::endpoint{
                                                             asio::ip::address_v4::loopback(), 0}}
{
    asio::co_spawn(loop_, listen(), rethrow);
}

ScriptedServer::ScriptedServer(asio::io_context& loop, Script script, asio::ssl::context& tls)
    : ScriptedServer{loop, std::move(script)}
{
    tls_ = &tls;
}

std::string ScriptedServer::url(const std::string& path) const
{
    return (tls_ == nullptr ? "http://127.0.0.1:" : "https://127.0.0.1:") + std::to_string(port()) +
           path;
}

asio::awaitable<void> ScriptedServer::listen()
{
    for (;;) {
        auto [ec, socket] = co_await acceptor_.async_accept(quietly);
        if (ec) {
            co_return;
        }
        const unsigned number = ++connections_;
        if (tls_ == nullptr) {
            asio::co_spawn(loop_, serve(std::move(socket), number), rethrow);
            continue;
        }
        asio::ssl::stream<tcp::socket> stream{std::move(socket), *tls_};
        asio::co_spawn(loop_, serve(std::move(stream), number), rethrow);
    }
}

template <class Stream>
asio::awaitable<void> ScriptedServer::serve(Stream stream, unsigned connection)
{
    if constexpr (!std::is_same_v<Stream, tcp::socket>) {
        auto [ec] = co_await stream.async_handshake(asio::ssl::stream_base::server, quietly);
        if (ec) {
            co_return;
        }
    }
    std::string buffer;
    for (;;) {
        auto [ec, size] = co_await asio::async_read_until(stream, asio::dynamic_buffer(buffer),
                                                          "\r\n\r\n", quietly);
        if (ec) {
            co_return;
        }
        Seen seen;
        seen.connection = connection;
        seen.head = buffer.substr(0, size);
        buffer.erase(0, size);
        const auto first = seen.head.find(' ');
        seen.method = seen.head.substr(0, first);
        seen.target = seen.head.substr(first + 1, seen.head.find(' ', first + 1) - first - 1);
        const std::string length = seen.header("Content-Length");
        const std::size_t wanted = length.empty() ? 0 : std::stoul(length);
        if (buffer.size() < wanted) {
            auto [failed, got] =
                co_await asio::async_read(stream, asio::dynamic_buffer(buffer),
                                          asio::transfer_exactly(wanted - buffer.size()), quietly);
            if (failed || got == 0) {
                co_return;
            }
        }
        seen.body = buffer.substr(0, wanted);
        buffer.erase(0, wanted);
        seen_.push_back(seen);
        Behaviour behaviour = script_(seen);
        const bool go_on = co_await answer_with(stream, std::move(behaviour));
        if (!go_on) {
            co_return;
        }
    }
}

template <class Stream>
asio::awaitable<bool> ScriptedServer::answer_with(Stream& stream, Behaviour behaviour)
{
    asio::steady_timer timer{loop_};
    if (behaviour.before > Duration::zero()) {
        timer.expires_after(behaviour.before);
        co_await timer.async_wait(quietly);
    }
    const std::size_t piece = behaviour.between > Duration::zero() ? 1 : behaviour.bytes.size();
    for (std::size_t at = 0; at < behaviour.bytes.size(); at += piece) {
        auto [ec, sent] = co_await asio::async_write(
            stream, asio::buffer(behaviour.bytes.data() + at, piece), quietly);
        if (ec || sent == 0) {
            co_return false;
        }
        if (behaviour.between > Duration::zero()) {
            timer.expires_after(behaviour.between);
            co_await timer.async_wait(quietly);
        }
    }
    tcp::socket& socket = lowest(stream);
    switch (behaviour.then) {
    case Behaviour::Then::keep:
        co_return true;
    case Behaviour::Then::close:
        socket.shutdown(tcp::socket::shutdown_send);
        break;
    case Behaviour::Then::reset:
        socket.set_option(asio::socket_base::linger{true, 0});
        break;
    case Behaviour::Then::hang:
        timer.expires_after(1h);
        co_await timer.async_wait(quietly);
        break;
    }
    socket.close();
    co_return false;
}

} // namespace knell::http
