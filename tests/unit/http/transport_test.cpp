// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/http/transport_fixture.hpp"

#include <boost/asio/post.hpp>

#include <cstdlib>

namespace knell::http {
namespace {

using Framings = TransportTest;
using Failures = TransportTest;
using KeptConnections = TransportTest;
using Manners = TransportTest;
using Lifetimes = TransportTest;

TEST_F(Framings, a_body_of_known_length_is_read)
{
    ScriptedServer server{loop_, [](const Seen&) { return answer(200, "hello"); }};
    const Outcome outcome = fetch(to(server.url("/x?y=1")));
    EXPECT_EQ(body(outcome), "hello");
    EXPECT_EQ(server.seen().at(0).target, "/x?y=1");
}

TEST_F(Framings, a_chunked_body_is_put_together)
{
    ScriptedServer server{loop_, [](const Seen&) {
                              return Behaviour{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                                               "\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"};
                          }};
    EXPECT_EQ(body(fetch(to(server.url()))), "hello");
}

TEST_F(Framings, a_body_may_end_with_its_connection)
{
    ScriptedServer server{loop_, [](const Seen&) {
                              return Behaviour{"HTTP/1.1 200 OK\r\n\r\nhello", Then::close};
                          }};
    EXPECT_EQ(body(fetch(to(server.url()))), "hello");
}

TEST_F(Framings, an_answer_byte_by_byte_is_an_answer)
{
    ScriptedServer server{loop_, [](const Seen&) {
                              Behaviour slow = answer(200, "hello");
                              slow.between = 1ms;
                              return slow;
                          }};
    EXPECT_EQ(body(fetch(to(server.url()))), "hello");
}

TEST_F(Failures, a_request_that_is_objected_to_when_there_is_a_connection_is_not_sent)
{
    ScriptedServer server{loop_, [](const Seen&) { return answer(200, "hello"); }};
    for (int i = 0; i < 2; ++i) { // on a new connection, and on one that was kept
        Request request = to(server.url());
        request.objection = [] { return std::optional<std::string>{"too late"}; };
        const Outcome outcome = fetch(std::move(request));
        EXPECT_TRUE(std::holds_alternative<NotSent>(outcome));
        EXPECT_EQ(why(outcome), "too late");
        EXPECT_EQ(server.seen().size(), static_cast<std::size_t>(i));
        request = to(server.url());
        request.objection = [] { return std::optional<std::string>{}; };
        EXPECT_EQ(body(fetch(std::move(request))), "hello");
    }
}

TEST_F(Framings, an_empty_answer_is_an_answer)
{
    ScriptedServer server{loop_,
                          [](const Seen&) { return Behaviour{"HTTP/1.1 204 No Content\r\n\r\n"}; }};
    const Outcome outcome = fetch(to(server.url()));
    ASSERT_TRUE(std::holds_alternative<Response>(outcome)) << why(outcome);
    EXPECT_EQ(std::get<Response>(outcome).status, 204U);
}

TEST_F(Framings, an_interim_answer_is_not_the_answer)
{
    ScriptedServer server{loop_, [](const Seen&) {
                              return Behaviour{"HTTP/1.1 103 Early Hints\r\nX-A: early\r\n\r\n" +
                                               answer(200, "real", "X-A: late\r\n").bytes};
                          }};
    const Outcome outcome = fetch(to(server.url()));
    EXPECT_EQ(body(outcome), "real");
    EXPECT_EQ(std::get<Response>(outcome).header("x-a"), "late");
}

TEST_F(Framings, headers_are_found_in_whatever_case)
{
    ScriptedServer server{
        loop_, [](const Seen&) { return answer(201, "", "x-SUBJECT-token:  abc \r\n"); }};
    const Outcome outcome = fetch(to(server.url()));
    ASSERT_TRUE(std::holds_alternative<Response>(outcome)) << why(outcome);
    EXPECT_EQ(std::get<Response>(outcome).header("X-Subject-Token"), "abc");
    EXPECT_EQ(std::get<Response>(outcome).header("X-Subject-Toke"), std::nullopt);
}

TEST_F(Framings, method_headers_and_body_arrive_as_given)
{
    ScriptedServer server{loop_, [](const Seen&) { return answer(200, ""); }};
    Request request = to(server.url());
    request.method = "PUT";
    request.headers.push_back({"Content-Type", Secret{"application/json"}});
    request.headers.push_back({"X-Auth-Token", Secret{"t0ken"}});
    request.body = Secret{std::string(3000, 'x') + "end"};
    ASSERT_TRUE(std::holds_alternative<Response>(fetch(std::move(request))));
    const Seen& seen = server.seen().at(0);
    EXPECT_EQ(seen.method, "PUT");
    EXPECT_EQ(seen.header("Content-Type"), "application/json");
    EXPECT_EQ(seen.header("X-Auth-Token"), "t0ken");
    EXPECT_EQ(seen.header("Expect"), "");
    EXPECT_EQ(seen.body, std::string(3000, 'x') + "end");
}

TEST_F(Failures, a_refused_connection_means_not_sent)
{
    std::string url;
    {
        ScriptedServer gone{loop_, [](const Seen&) { return answer(200, ""); }};
        url = gone.url();
        gone.stop_listening();
        loop_.poll();
    }
    EXPECT_TRUE(std::holds_alternative<NotSent>(fetch(to(url))));
}

TEST_F(Failures, a_connection_closed_without_an_answer_means_lost)
{
    ScriptedServer server{loop_, [](const Seen&) { return Behaviour{"", Then::close}; }};
    EXPECT_TRUE(std::holds_alternative<Lost>(fetch(to(server.url()))));
    EXPECT_EQ(server.seen().size(), 1U);
}

TEST_F(Failures, a_reset_after_the_request_was_read_means_lost)
{
    ScriptedServer server{loop_, [](const Seen&) { return Behaviour{"", Then::reset}; }};
    EXPECT_TRUE(std::holds_alternative<Lost>(fetch(to(server.url()))));
    EXPECT_EQ(server.seen().size(), 1U);
}

TEST_F(Failures, half_an_answer_is_none)
{
    const std::string whole = answer(200, "hello").bytes;
    for (std::size_t length = 1; length < whole.size(); length += 5) {
        ScriptedServer server{loop_, [&](const Seen&) {
                                  return Behaviour{whole.substr(0, length), Then::close};
                              }};
        const Outcome outcome = fetch(to(server.url()));
        EXPECT_TRUE(std::holds_alternative<Lost>(outcome)) << length << body(outcome);
        EXPECT_EQ(server.seen().size(), 1U);
    }
}

TEST_F(Failures, a_chunked_body_without_its_end_is_none)
{
    ScriptedServer server{loop_, [](const Seen&) {
                              return Behaviour{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                                               "\r\n5\r\nhello\r\n",
                                               Then::close};
                          }};
    EXPECT_TRUE(std::holds_alternative<Lost>(fetch(to(server.url()))));
}

TEST_F(Failures, an_answer_that_does_not_come_in_time_is_lost)
{
    ScriptedServer server{loop_, [](const Seen&) { return Behaviour{"", Then::hang}; }};
    const Request request = to(server.url(), 200ms);
    const Instant deadline = request.reply_by;
    EXPECT_TRUE(std::holds_alternative<Lost>(fetch(request)));
    EXPECT_GE(instant(std::chrono::steady_clock::now()), deadline - 5ms);
}

TEST_F(Failures, a_trickle_does_not_stretch_the_deadline)
{
    ScriptedServer server{loop_, [](const Seen&) {
                              Behaviour slow = answer(200, std::string(10'000, 'x'));
                              slow.between = 5ms;
                              return slow;
                          }};
    EXPECT_TRUE(std::holds_alternative<Lost>(fetch(to(server.url(), 300ms))));
}

TEST_F(Failures, without_time_nothing_is_sent)
{
    ScriptedServer server{loop_, [](const Seen&) { return answer(200, ""); }};
    EXPECT_TRUE(std::holds_alternative<NotSent>(fetch(to(server.url(), -1us))));
    let_pass(20ms);
    EXPECT_EQ(server.connections(), 0U);
}

TEST_F(Failures, an_answer_beyond_the_limit_is_lost)
{
    ScriptedServer server{loop_, [](const Seen&) { return answer(200, std::string(2000, 'x')); }};
    Request request = to(server.url());
    request.most_body = 1999;
    const Outcome outcome = fetch(std::move(request));
    EXPECT_TRUE(std::holds_alternative<Lost>(outcome));
    EXPECT_NE(why(outcome).find("1999"), std::string::npos) << why(outcome);
    Request wider = to(server.url());
    wider.most_body = 2000;
    EXPECT_EQ(body(fetch(std::move(wider))).size(), 2000U);
}

TEST_F(Failures, endless_headers_are_cut_off)
{
    ScriptedServer server{loop_, [](const Seen&) {
                              std::string bytes = "HTTP/1.1 200 OK\r\n";
                              for (int i = 0; i < 6000; ++i) {
                                  bytes += "X-More: " + std::string(60, 'x') + "\r\n";
                              }
                              return Behaviour{bytes + "\r\n", Then::hang};
                          }};
    EXPECT_TRUE(std::holds_alternative<Lost>(fetch(to(server.url()))));
}

TEST_F(Failures, what_is_not_http_is_lost)
{
    for (const char* bytes :
         {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/9.9 200 OK\r\n\r\n", "\r\n\r\n", "<html>hello</html>"}) {
        ScriptedServer server{loop_, [&](const Seen&) { return Behaviour{bytes, Then::close}; }};
        EXPECT_TRUE(std::holds_alternative<Lost>(fetch(to(server.url())))) << bytes;
    }
}

TEST_F(KeptConnections, the_next_request_goes_over_the_same_one)
{
    ScriptedServer server{loop_, [](const Seen&) { return answer(200, "x"); }};
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(body(fetch(to(server.url()))), "x");
    }
    EXPECT_EQ(server.connections(), 1U);
}

TEST_F(KeptConnections, one_that_was_closed_while_idle_is_replaced)
{
    ScriptedServer server{loop_, [](const Seen&) {
                              Behaviour behaviour = answer(200, "x");
                              behaviour.then = Then::close;
                              return behaviour;
                          }};
    for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(body(fetch(to(server.url()))), "x");
    }
    EXPECT_EQ(server.seen().size(), 3U);
}

TEST_F(KeptConnections, one_that_fails_before_an_answer_is_replaced_once)
{
    for (const Then end : {Then::close, Then::reset}) {
        ScriptedServer server{loop_, [&](const Seen& seen) {
                                  return seen.connection == 1 && seen.target == "/second"
                                             ? Behaviour{"", end}
                                             : answer(200, seen.target);
                              }};
        EXPECT_EQ(body(fetch(to(server.url("/first")))), "/first");
        EXPECT_EQ(body(fetch(to(server.url("/second")))), "/second");
        EXPECT_EQ(server.connections(), 2U);
        EXPECT_EQ(server.seen().size(), 3U);
    }
}

TEST_F(KeptConnections, a_second_failure_on_a_fresh_connection_is_final)
{
    ScriptedServer server{
        loop_, [](const Seen& seen) {
            return seen.target == "/second" ? Behaviour{"", Then::close} : answer(200, "x");
        }};
    EXPECT_EQ(body(fetch(to(server.url("/first")))), "x");
    EXPECT_TRUE(std::holds_alternative<Lost>(fetch(to(server.url("/second")))));
    EXPECT_EQ(server.seen().size(), 3U);
}

TEST_F(KeptConnections, after_the_first_line_of_an_answer_nothing_is_repeated)
{
    ScriptedServer server{loop_, [](const Seen& seen) {
                              return seen.target == "/second"
                                         ? Behaviour{"HTTP/1.1 200 OK\r\n", Then::close}
                                         : answer(200, "x");
                          }};
    EXPECT_EQ(body(fetch(to(server.url("/first")))), "x");
    EXPECT_TRUE(std::holds_alternative<Lost>(fetch(to(server.url("/second")))));
    EXPECT_EQ(server.seen().size(), 2U);
}

TEST_F(KeptConnections, what_may_not_be_repeated_never_uses_one)
{
    ScriptedServer server{
        loop_, [](const Seen& seen) {
            return seen.method == "POST" ? Behaviour{"", Then::close} : answer(200, "x");
        }};
    EXPECT_EQ(body(fetch(to(server.url()))), "x");
    Request once = to(server.url());
    once.method = "POST";
    once.repetition = Repetition::harmful;
    EXPECT_TRUE(std::holds_alternative<Lost>(fetch(std::move(once))));
    EXPECT_EQ(server.seen().size(), 2U);
    EXPECT_EQ(server.connections(), 2U);
}

TEST_F(KeptConnections, a_request_once_written_stays_lost_though_the_second_try_was_refused)
{
    ScriptedServer* gone = nullptr;
    ScriptedServer server{loop_, [&](const Seen& seen) {
                              if (seen.target == "/second") {
                                  gone->stop_listening();
                                  return Behaviour{"", Then::close};
                              }
                              return answer(200, "x");
                          }};
    gone = &server;
    EXPECT_EQ(body(fetch(to(server.url("/first")))), "x");
    const Outcome outcome = fetch(to(server.url("/second")));
    EXPECT_TRUE(std::holds_alternative<Lost>(outcome)) << why(outcome);
}

TEST_F(Manners, a_redirect_is_shown_and_not_followed)
{
    ScriptedServer server{
        loop_, [](const Seen&) { return answer(302, "go", "Location: /elsewhere\r\n"); }};
    const Outcome outcome = fetch(to(server.url()));
    EXPECT_EQ(std::get<Response>(outcome).status, 302U);
    EXPECT_EQ(server.seen().size(), 1U);
}

TEST_F(Manners, only_http_is_spoken)
{
    for (const char* url : {"file:///etc/hostname", "ftp://127.0.0.1/", "gopher://127.0.0.1/x",
                            "http://", "", "::::"}) {
        EXPECT_TRUE(std::holds_alternative<NotSent>(fetch(to(url)))) << url;
    }
}

TEST_F(Manners, a_line_break_in_a_header_is_not_sent)
{
    ScriptedServer server{loop_, [](const Seen&) { return answer(200, ""); }};
    Request request = to(server.url());
    request.headers.push_back({"X-Auth-Token", Secret{"abc\r\nX-Evil: yes"}});
    const Outcome outcome = fetch(std::move(request));
    EXPECT_TRUE(std::holds_alternative<NotSent>(outcome));
    EXPECT_EQ(why(outcome).find("abc"), std::string::npos) << why(outcome);
    EXPECT_TRUE(server.seen().empty());
}

TEST_F(Manners, the_environments_proxy_is_used_only_when_asked_for)
{
    ScriptedServer proxy{loop_, [](const Seen&) { return answer(200, "proxy"); }};
    ScriptedServer server{loop_, [](const Seen&) { return answer(200, "server"); }};
    ASSERT_EQ(setenv("http_proxy", proxy.url().c_str(), 1), 0);
    EXPECT_EQ(body(fetch(to(server.url()))), "server");
    Request asked = to(server.url());
    asked.proxy = Proxy::from_environment;
    EXPECT_EQ(body(fetch(std::move(asked))), "proxy");
    unsetenv("http_proxy");
}

TEST_F(Manners, many_at_once_get_each_their_own_answer)
{
    ScriptedServer server{loop_, [](const Seen& seen) {
                              Behaviour behaviour = answer(200, seen.target);
                              behaviour.before = Duration{(seen.target.size() * 7919) % 20'000};
                              return behaviour;
                          }};
    unsigned right = 0;
    for (int i = 0; i < 60; ++i) {
        const std::string path = "/" + std::string(static_cast<std::size_t>(i), 'p');
        transport_->send(to(server.url(path)), [&right, path](Outcome outcome) {
            right += body(outcome) == path ? 1 : 0;
        });
    }
    let_pass(2s);
    EXPECT_EQ(right, 60U);
}

TEST_F(Lifetimes, when_the_transport_goes_no_handler_is_called)
{
    ScriptedServer server{loop_, [](const Seen&) {
                              Behaviour behaviour = answer(200, "x");
                              behaviour.before = 20ms;
                              return behaviour;
                          }};
    bool called = false;
    transport_->send(to(server.url()), [&](Outcome) { called = true; });
    transport_->send(to("ftp://x"), [&](Outcome) { called = true; });
    let_pass(10ms);
    called = false;
    transport_->send(to("ftp://x"), [&](Outcome) { called = true; });
    transport_.reset();
    let_pass(50ms);
    EXPECT_FALSE(called);
}

TEST_F(Lifetimes, a_handler_may_send_and_may_end_the_transport)
{
    ScriptedServer server{loop_, [](const Seen&) { return answer(200, "x"); }};
    bool ended = false;
    transport_->send(to(server.url()), [&](Outcome) {
        transport_->send(to(server.url()), [&](Outcome) {
            transport_.reset();
            ended = true;
        });
        transport_->send(to(server.url()), [](Outcome) {});
    });
    let_pass(200ms);
    EXPECT_TRUE(ended);
}

TEST_F(Lifetimes, the_loop_may_go_with_requests_under_way)
{
    auto loop = std::make_unique<boost::asio::io_context>();
    auto transport = std::make_unique<Transport>(*loop);
    ScriptedServer server{loop_, [](const Seen&) { return Behaviour{"", Then::hang}; }};
    transport->send(to(server.url()), [](Outcome) { FAIL(); });
    loop->run_for(20ms);
    transport.reset();
    loop.reset();
}

} // namespace
} // namespace knell::http
