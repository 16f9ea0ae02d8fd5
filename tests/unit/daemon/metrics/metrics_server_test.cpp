// SPDX-License-Identifier: GPL-3.0-or-later
// Real sockets on the loopback, and everything that may be sent to them.
#include "daemon/metrics/metrics_server.hpp"
#include "tests/unit/daemon/metrics/http_client.hpp"
#include "tests/unit/daemon/metrics/some_facts.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <functional>
#include <future>
#include <random>
#include <thread>

namespace knell::metrics {
namespace {

/// A server on a thread of its own, as knelld runs it.
class Server : public CollectorTest {
protected:
    Server()
    {
        options.port = 0;
        options.pace = 0ms;
    }
    ~Server() override { stop(); }

    void start()
    {
        auto opened = MetricsServer::open(loop_, collector, options);
        if (auto* why = std::get_if<std::string>(&opened)) {
            FAIL() << *why;
        }
        server_ = std::get<std::unique_ptr<MetricsServer>>(std::move(opened));
        port = server_->port();
        thread_ = std::thread{[this] { loop_.run(); }};
    }
    void stop()
    {
        if (thread_.joinable()) {
            on_loop([this] { server_.reset(); });
            thread_.join(); // nothing of it keeps the loop busy
        }
    }
    template <class Work>
    void on_loop(Work work)
    {
        std::promise<void> done;
        boost::asio::post(loop_, [&] {
            work();
            done.set_value();
        });
        done.get_future().wait();
    }
    /// Far more patient than it can take.
    [[nodiscard]] static bool eventually(const std::function<bool()>& so)
    {
        for (int n = 0; n < 3000; ++n) {
            if (so()) {
                return true;
            }
            std::this_thread::sleep_for(10ms);
        }
        return false;
    }
    [[nodiscard]] std::size_t connections()
    {
        std::size_t number = 0;
        on_loop([&] { number = server_->connections(); });
        return number;
    }

    ServerOptions options;
    std::uint16_t port = 0;

private:
    boost::asio::io_context loop_;
    std::unique_ptr<MetricsServer> server_;
    std::thread thread_;
};

TEST_F(Server, a_scrape_keeps_the_grammar_line_by_line)
{
    start();
    HttpClient client{port};
    const auto response = client.get("/metrics");
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->fields.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    const Exposition shown{response->body};
    EXPECT_EQ(shown.faults(), std::vector<std::string>{});
    EXPECT_EQ(shown.value("knell_hosts{state=\"Healthy\"}"), 1);
}

TEST_F(Server, a_connection_serves_many_requests_also_when_they_come_at_once)
{
    start();
    HttpClient client{port};
    for (int n = 0; n < 3; ++n) {
        EXPECT_EQ(client.get("/healthz").value_or(Response{}).body, "ok\n");
    }
    const std::string one = "GET /healthz HTTP/1.1\r\nHost: knell\r\n\r\n";
    client.send(one + one + "GET /nothing HTTP/1.1\r\n\r\n");
    EXPECT_EQ(client.receive().value_or(Response{}).status, 200);
    EXPECT_EQ(client.receive().value_or(Response{}).status, 200);
    EXPECT_EQ(client.receive().value_or(Response{}).status, 404);
}

TEST_F(Server, a_client_that_wants_to_end_gets_its_answer_and_the_end)
{
    start();
    HttpClient modern{port};
    modern.send("GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(modern.receive().value_or(Response{}).status, 200);
    EXPECT_TRUE(modern.hung_up());
    HttpClient old{port};
    old.send("GET /healthz HTTP/1.0\r\n\r\n");
    EXPECT_EQ(old.receive().value_or(Response{}).status, 200);
    EXPECT_TRUE(old.hung_up());
}

TEST_F(Server, head_tells_the_length_and_sends_nothing)
{
    start();
    HttpClient client{port};
    client.send("HEAD /healthz HTTP/1.1\r\n\r\n");
    const auto response = client.receive(true);
    ASSERT_TRUE(response);
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->fields.at("content-length"), "3");
    EXPECT_EQ(client.get("/healthz").value_or(Response{}).status, 200) << "nothing lay in between";
}

TEST_F(Server, readiness_is_yes_or_why_not)
{
    start();
    EXPECT_EQ(HttpClient{port}.get("/readyz").value_or(Response{}).body, "ready\n");
    stop();
    facts.nova_answers = false;
    facts.journal_trouble = "database or disk is full";
    facts.fleet.hold = "by uid 0: moving racks";
    facts.fleet.clear = false;
    Collector other{{[this](Instant) { return facts; }, nullptr}};
    boost::asio::io_context loop;
    auto opened = MetricsServer::open(loop, other, options);
    auto& server = std::get<std::unique_ptr<MetricsServer>>(opened);
    std::thread thread{[&] { loop.run(); }};
    const auto response = HttpClient{server->port()}.get("/readyz").value_or(Response{});
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.body, "Nova does not answer as it should; knellctl status says how\n"
                             "the journal cannot be written; knellctl status says why\n"
                             "on hold: nothing is fenced, and Nova is told nothing\n"
                             "knelld's own view is in doubt; knellctl status says why\n");
    boost::asio::post(loop, [&] { server.reset(); });
    thread.join();
}

TEST_F(Server, a_query_behind_the_path_changes_nothing)
{
    start();
    EXPECT_EQ(HttpClient{port}.get("/healthz?why=not").value_or(Response{}).status, 200);
    EXPECT_EQ(HttpClient{port}.get("/healthz/").value_or(Response{}).status, 404);
}

TEST_F(Server, only_get_and_head_are_served)
{
    start();
    for (const std::string verb : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"}) {
        HttpClient client{port};
        client.send(verb + " /metrics HTTP/1.1\r\n\r\n");
        auto response = client.receive().value_or(Response{});
        EXPECT_EQ(response.status, 405) << verb;
        EXPECT_EQ(response.fields["allow"], "GET, HEAD");
    }
}

TEST_F(Server, an_error_repeats_nothing_of_the_request)
{
    start();
    const std::string mark = "s3cret-mark";
    const std::string requests[] = {
        "GET /" + mark + " HTTP/1.1\r\n\r\n",
        mark + " / HTTP/1.1\r\n\r\n",
        "GET /metrics HTTP/9.9\r\nX: " + mark + "\r\n\r\n",
        "GET /" + mark + " HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        "GET /" + std::string(9000, 'a') + mark + " HTTP/1.1\r\n\r\n",
    };
    for (const auto& request : requests) {
        HttpClient client{port};
        client.send(request);
        const auto response = client.receive().value_or(Response{});
        EXPECT_GE(response.status, 400) << request.substr(0, 60);
        EXPECT_EQ(response.body.find(mark), std::string::npos);
        for (const auto& [name, value] : response.fields) {
            EXPECT_EQ(value.find(mark), std::string::npos) << name;
        }
    }
}

TEST_F(Server, a_request_has_no_body_and_ends_the_connection_if_it_has)
{
    start();
    for (const char* body : {"Content-Length: 5\r\n\r\nhello",
                             "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                             "Content-Length: 99999999999\r\n\r\n"}) {
        HttpClient client{port};
        client.send("GET /healthz HTTP/1.1\r\n" + std::string{body});
        EXPECT_EQ(client.receive().value_or(Response{}).status, 413) << body;
        client.send(std::string(200'000, 'x')); // far more than it is ready to throw away
        EXPECT_TRUE(client.hung_up() || connections() == 0);
    }
}

TEST_F(Server, a_request_of_eight_kilobytes_is_too_long)
{
    start();
    HttpClient fits{port};
    fits.send("GET /healthz HTTP/1.1\r\nX: " + std::string(8000, 'a') + "\r\n\r\n");
    EXPECT_EQ(fits.receive().value_or(Response{}).status, 200);
    HttpClient client{port};
    client.send("GET /healthz HTTP/1.1\r\nX: " + std::string(8200, 'a') + "\r\n\r\n");
    EXPECT_EQ(client.receive().value_or(Response{}).status, 431);
    EXPECT_TRUE(client.hung_up());
    HttpClient endless{port};
    for (int n = 0; n < 3000; ++n) {
        if (!endless.send("X: " + std::string(100, 'a') + "\r\n")) {
            break;
        }
    }
    EXPECT_NE(endless.receive().value_or(Response{}).status, 200);
}

TEST_F(Server, half_a_request_is_waited_for_no_longer_than_its_patience)
{
    options.patience = 50ms;
    start();
    HttpClient silent{port};
    HttpClient half{port};
    half.send("GET /metr");
    HttpClient trickling{port};
    EXPECT_TRUE(silent.hung_up());
    EXPECT_TRUE(half.hung_up());
    EXPECT_TRUE(eventually([&] { return !trickling.send("X"); })) << "never still, and no line";
    EXPECT_EQ(connections(), 0U);
}

TEST_F(Server, a_client_that_does_not_read_is_dropped)
{
    facts.fleet.hosts.clear();
    for (int n = 0; n < 20'000; ++n) {
        facts.fleet.hosts.push_back(some_host("compute" + std::to_string(n)));
    }
    options.patience = 200ms;
    start();
    HttpClient lazy{port};
    lazy.send("GET /metrics HTTP/1.1\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return connections() == 1; }));
    ASSERT_TRUE(eventually([&] { return connections() == 0; }));
    EXPECT_EQ(lazy.receive(), std::nullopt) << "it was cut off in the middle";
}

TEST_F(Server, a_connection_too_many_waits_until_another_ends)
{
    start();
    std::vector<std::unique_ptr<HttpClient>> clients;
    for (std::size_t n = 0; n < options.most_connections; ++n) {
        clients.push_back(std::make_unique<HttpClient>(port));
        ASSERT_EQ(clients.back()->get("/healthz").value_or(Response{}).status, 200) << n;
    }
    HttpClient waiting{port};
    waiting.send("GET /healthz HTTP/1.1\r\n\r\n");
    EXPECT_EQ(clients.front()->get("/healthz").value_or(Response{}).status, 200);
    EXPECT_EQ(connections(), options.most_connections) << "it is not among them";
    clients.pop_back();
    EXPECT_EQ(waiting.receive().value_or(Response{}).status, 200);
    EXPECT_EQ(connections(), options.most_connections);
}

TEST_F(Server, answers_keep_their_distance_over_all_connections)
{
    options.pace = 20ms;
    start();
    HttpClient one{port};
    HttpClient other{port};
    const auto began = std::chrono::steady_clock::now();
    for (int n = 0; n < 5; ++n) {
        EXPECT_TRUE(one.get("/healthz"));
        EXPECT_TRUE(other.get("/healthz"));
    }
    EXPECT_GE(std::chrono::steady_clock::now() - began, 9 * 20ms)
        << "at least, however slow we are";
}

TEST_F(Server, arbitrary_bytes_are_answered_with_an_error_or_not_at_all)
{
    start();
    std::mt19937 dice{1};
    for (int n = 0; n < 300; ++n) {
        std::string bytes(1 + dice() % 300, '\0');
        for (auto& byte : bytes) {
            byte = static_cast<char>(dice());
        }
        if (n % 3 == 0) {
            bytes.insert(0, "GET /metrics HTTP/1.1\r\n");
        }
        HttpClient client{port};
        client.send(bytes + "\r\n\r\n");
        const auto response = client.receive();
        EXPECT_TRUE(!response || response->status >= 400) << n;
    }
    EXPECT_EQ(HttpClient{port}.get("/healthz").value_or(Response{}).status, 200);
}

TEST_F(Server, the_loops_lag_is_measured_while_it_is_open)
{
    start();
    EXPECT_TRUE(eventually([&] {
        std::string text;
        on_loop([&] { text = *collector.exposition(now += 1s); });
        return Exposition{text}.value("knell_eventloop_lag_seconds_count").value_or(0) >= 2;
    }));
}

TEST_F(Server, it_can_go_while_clients_are_connected)
{
    start();
    HttpClient idle{port};
    HttpClient half{port};
    ASSERT_TRUE(idle.get("/healthz"));
    half.send("GET /met");
    stop();
    EXPECT_TRUE(idle.hung_up());
    EXPECT_FALSE(half.get("/healthz"));
}

TEST_F(Server, an_address_in_use_is_refused_with_a_remedy)
{
    start();
    boost::asio::io_context loop;
    options.port = port;
    const auto opened = MetricsServer::open(loop, collector, options);
    ASSERT_TRUE(std::holds_alternative<std::string>(opened));
    EXPECT_EQ(std::get<std::string>(opened),
              "cannot listen for metrics on 127.0.0.1 port " + std::to_string(port) +
                  ": Address already in use; change `metrics: {listen: ...}` in knell.yaml, or set "
                  "it to none");
    options.address = "compute1";
    EXPECT_TRUE(std::holds_alternative<std::string>(MetricsServer::open(loop, collector, options)));
}

TEST_F(Server, it_listens_on_ipv6_as_well)
{
    options.address = "::1";
    start();
    HttpClient client{port, true};
    EXPECT_EQ(client.get("/healthz").value_or(Response{}).status, 200);
}

} // namespace
} // namespace knell::metrics
