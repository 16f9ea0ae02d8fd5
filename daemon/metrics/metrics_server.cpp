// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/metrics/metrics_server.hpp"

#include "daemon/clock.hpp"
#include "daemon/metrics/collector.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/buffers_generator.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

namespace knell::metrics {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Error = boost::system::error_code;
using Tcp = asio::ip::tcp;

constexpr Duration lag_every = 100ms;
constexpr Duration rest_after_failed_accept = 100ms;
/// Of what somebody goes on sending whom we have refused already.
constexpr std::size_t most_drained = 64UL * 1024;

constexpr const char* no_body = "a request has no body here\n";

struct Answer {
    http::status status = http::status::ok;
    std::shared_ptr<const std::string> body;
    const char* type = "text/plain; charset=utf-8";
};

Answer say(http::status status, std::string words)
{
    return {status, std::make_shared<const std::string>(std::move(words))};
}

std::string lines_of(const std::vector<std::string>& lines)
{
    std::string text;
    for (const auto& line : lines) {
        text += line + "\n";
    }
    return text;
}

Answer answer_to(http::verb verb, std::string_view target, Collector& collector)
{
    if (verb != http::verb::get && verb != http::verb::head) {
        return say(http::status::method_not_allowed, "only GET and HEAD\n");
    }
    const auto path = target.substr(0, target.find('?'));
    if (path == "/metrics") {
        return {http::status::ok, collector.exposition(now()),
                "text/plain; version=0.0.4; charset=utf-8"};
    }
    if (path == "/healthz") {
        return say(http::status::ok, "ok\n");
    }
    if (path == "/readyz") {
        const auto& reasons = collector.not_ready(now());
        return reasons.empty() ? say(http::status::ok, "ready\n")
                               : say(http::status::service_unavailable, lines_of(reasons));
    }
    return say(http::status::not_found, "there are /metrics, /healthz and /readyz\n");
}

/// To a request that could not be read.
Answer answer_to(const Error& error)
{
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return say(http::status::request_header_fields_too_large, "the request is too long\n");
    }
    if (error == http::error::body_limit) {
        return say(http::status::payload_too_large, no_body);
    }
    return say(http::status::bad_request, "this is no HTTP request\n");
}

} // namespace

/// What the server and its connections share.
class MetricsServer::State : public std::enable_shared_from_this<State> {
public:
    State(asio::io_context& loop, Collector& collector, ServerOptions options)
        : collector_{&collector}, options_{std::move(options)}, acceptor_{loop}, rest_{loop},
          lag_{loop}
    {
    }

    [[nodiscard]] Error listen(const Tcp::endpoint& endpoint);
    void start();
    void close();
    void ended(const std::shared_ptr<Session>& session);

    /// Null once closed.
    [[nodiscard]] Collector* collector() const noexcept { return collector_; }
    [[nodiscard]] const ServerOptions& options() const noexcept { return options_; }
    /// When the next answer may leave; each call takes one place.
    [[nodiscard]] Instant next_place(Instant now);
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
    [[nodiscard]] std::size_t connections() const noexcept { return sessions_.size(); }

private:
    void accept();
    void on_accept(const Error& error, Tcp::socket socket);
    void measure_lag(Instant due);

    Collector* collector_;
    ServerOptions options_;
    Tcp::acceptor acceptor_;
    asio::steady_timer rest_;
    asio::steady_timer lag_;
    std::set<std::shared_ptr<Session>> sessions_;
    bool accepting_ = false;
    Instant next_place_{};
};

/// One connection: a request, its answer, and the next request.
class MetricsServer::Session : public std::enable_shared_from_this<Session> {
public:
    Session(Tcp::socket socket, std::shared_ptr<State> server)
        : stream_{std::move(socket)}, turn_{stream_.get_executor()}, server_{std::move(server)},
          buffer_{server_->options().header + 4096}
    {
    }

    void start() { read(); }
    void close()
    {
        turn_.cancel();
        stream_.close();
    }

private:
    using Parser = http::request_parser<http::empty_body>;

    void read();
    void on_read(const Error& error);
    void await_turn();
    void respond(const Answer& answer, bool head, bool keep);
    void on_written(const Error& error, bool keep);
    void drain();
    void end() { server_->ended(shared_from_this()); }

    /// Calls `then` unless the server is closed by then.
    template <class Then>
    auto later(Then then)
    {
        return [self = shared_from_this(), then = std::move(then)](const Error& error,
                                                                   std::size_t size = 0) {
            if (self->server_->collector() != nullptr) {
                then(*self, error, size);
            }
        };
    }

    beast::tcp_stream stream_;
    asio::steady_timer turn_;
    std::shared_ptr<State> server_;
    beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    std::size_t drained_ = 0;
};

void MetricsServer::Session::read()
{
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(server_->options().header));
    stream_.expires_after(server_->options().patience);
    http::async_read_header(
        stream_, buffer_, *parser_,
        later([](Session& self, const Error& error, std::size_t) { self.on_read(error); }));
}

void MetricsServer::Session::on_read(const Error& error)
{
    if (!error) {
        return await_turn();
    }
    const bool nonsense = error.category() == make_error_code(http::error::bad_method).category() &&
                          error != http::error::end_of_stream &&
                          error != http::error::partial_message;
    return nonsense ? respond(answer_to(error), false, false) : end();
}

void MetricsServer::Session::await_turn()
{
    const auto& request = parser_->get();
    if (parser_->content_length().value_or(0) > 0 ||
        request.count(http::field::transfer_encoding) > 0) {
        return respond(say(http::status::payload_too_large, no_body),
                       request.method() == http::verb::head, false);
    }
    stream_.expires_never();
    const auto place = server_->next_place(now());
    turn_.expires_at(std::chrono::steady_clock::time_point{place.time_since_epoch()});
    turn_.async_wait(later([](Session& self, const Error& error, std::size_t) {
        if (!error) {
            const auto& asked = self.parser_->get();
            const auto target = asked.target();
            self.respond(answer_to(asked.method(), {target.data(), target.size()},
                                   *self.server_->collector()),
                         asked.method() == http::verb::head, asked.keep_alive());
        }
    }));
}

void MetricsServer::Session::respond(const Answer& answer, bool head, bool keep)
{
    const auto dress = [&](auto& response) {
        response.result(answer.status);
        response.version(11);
        response.keep_alive(keep);
        response.set(http::field::content_type, answer.type);
        response.set(http::field::cache_control, "no-store");
        if (answer.status == http::status::method_not_allowed) {
            response.set(http::field::allow, "GET, HEAD");
        }
        response.content_length(answer.body->size());
    };
    stream_.expires_after(server_->options().patience);
    // The body is shared with other answers, and kept by the handler until it has been sent.
    const auto written = [keep, body = answer.body](Session& self, const Error& error,
                                                    std::size_t) { self.on_written(error, keep); };
    if (head) {
        http::response<http::empty_body> response;
        dress(response);
        beast::async_write(stream_, http::message_generator{std::move(response)}, later(written));
        return;
    }
    http::response<http::span_body<const char>> response;
    response.body() = {answer.body->data(), answer.body->size()};
    dress(response);
    beast::async_write(stream_, http::message_generator{std::move(response)}, later(written));
}

void MetricsServer::Session::on_written(const Error& error, bool keep)
{
    if (error) {
        return end();
    }
    if (keep) {
        return read();
    }
    Error ignored;
    stream_.socket().shutdown(Tcp::socket::shutdown_send, ignored);
    stream_.expires_after(server_->options().patience);
    drain();
}

/// A connection closed over bytes that nobody read is reset, and our answer may be lost with it.
void MetricsServer::Session::drain()
{
    buffer_.clear();
    stream_.async_read_some(
        buffer_.prepare(4096), later([](Session& self, const Error& error, std::size_t size) {
            self.drained_ += size;
            return error || self.drained_ > most_drained ? self.end() : self.drain();
        }));
}

Error MetricsServer::State::listen(const Tcp::endpoint& endpoint)
{
    Error error;
    const auto then = [&](auto&& step) {
        if (!error) {
            step();
        }
    };
    acceptor_.open(endpoint.protocol(), error);
    then([&] { acceptor_.set_option(asio::socket_base::reuse_address{true}, error); });
    if (endpoint.address().is_v6()) {
        then([&] { acceptor_.set_option(asio::ip::v6_only{true}, error); });
    }
    then([&] { acceptor_.bind(endpoint, error); });
    then([&] { acceptor_.listen(asio::socket_base::max_listen_connections, error); });
    return error;
}

void MetricsServer::State::start()
{
    accept();
    measure_lag(now() + lag_every);
}

void MetricsServer::State::close()
{
    collector_ = nullptr;
    acceptor_.close();
    rest_.cancel();
    lag_.cancel();
    for (const auto& session : std::exchange(sessions_, {})) {
        session->close();
    }
}

void MetricsServer::State::accept()
{
    if (accepting_ || sessions_.size() >= options_.most_connections) {
        return;
    }
    accepting_ = true;
    acceptor_.async_accept([self = shared_from_this()](const Error& error, Tcp::socket socket) {
        self->on_accept(error, std::move(socket));
    });
}

void MetricsServer::State::on_accept(const Error& error, Tcp::socket socket)
{
    if (collector_ == nullptr) {
        return;
    }
    if (error) { // most likely out of descriptors: trying again at once would spin
        rest_.expires_after(rest_after_failed_accept);
        rest_.async_wait([self = shared_from_this()](const Error&) {
            self->accepting_ = false;
            if (self->collector_ != nullptr) {
                self->accept();
            }
        });
        return;
    }
    accepting_ = false;
    const auto session = std::make_shared<Session>(std::move(socket), shared_from_this());
    sessions_.insert(session);
    session->start();
    accept();
}

void MetricsServer::State::ended(const std::shared_ptr<Session>& session)
{
    session->close();
    sessions_.erase(session);
    accept();
}

Instant MetricsServer::State::next_place(Instant now)
{
    const auto place = std::max(now, next_place_);
    next_place_ = place + options_.pace;
    return place;
}

void MetricsServer::State::measure_lag(Instant due)
{
    lag_.expires_at(std::chrono::steady_clock::time_point{due.time_since_epoch()});
    lag_.async_wait([self = shared_from_this(), due](const Error& error) {
        if (error || self->collector_ == nullptr) {
            return;
        }
        const auto at = now();
        self->collector_->on_lag(at - due);
        self->measure_lag(std::max(due + lag_every, at));
    });
}

MetricsServer::MetricsServer(std::shared_ptr<State> state) : state_{std::move(state)} {}

MetricsServer::~MetricsServer()
{
    state_->close();
}

std::variant<std::unique_ptr<MetricsServer>, std::string>
MetricsServer::open(asio::io_context& loop, Collector& collector, ServerOptions options)
{
    const auto cannot = [&](const Error& error) {
        return "cannot listen for metrics on " + options.address + " port " +
               std::to_string(options.port) + ": " + error.message() +
               "; change `metrics: {listen: ...}` in knell.yaml, or set it to none";
    };
    Error error;
    const auto address = asio::ip::make_address(options.address, error);
    if (error) {
        return cannot(error);
    }
    const auto state = std::make_shared<State>(loop, collector, options);
    if (const auto failed = state->listen({address, options.port})) {
        return cannot(failed);
    }
    state->start();
    return std::unique_ptr<MetricsServer>{new MetricsServer{state}};
}

std::uint16_t MetricsServer::port() const
{
    return state_->port();
}

std::size_t MetricsServer::connections() const noexcept
{
    return state_->connections();
}

} // namespace knell::metrics
