// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/http/test_certificates.hpp"
#include "tests/unit/http/transport_fixture.hpp"

#include <boost/asio/write.hpp>

#include <gmock/gmock.h>

namespace knell::http {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Tls : public TransportTest {
protected:
    static const TestCertificates& certificates()
    {
        static const TestCertificates made;
        return made;
    }

    /// A server with a certificate made for it.
    void serve(const TestCertificates::Wish& wish = {})
    {
        certificates().issue("server", wish);
        show("server");
    }
    void show(const std::string& certificate)
    {
        certificates().show(context_, certificate);
        server_ = std::make_unique<ScriptedServer>(
            loop_, [](const Seen&) { return answer(200, "safe"); }, context_);
    }

    Request trusting(const std::string& ca)
    {
        Request request = to(server_->url());
        request.tls.ca_file = ca.empty() ? ca : certificates().file(ca + ".pem");
        return request;
    }

    /// Asks a server that must get nothing; what is said about it.
    std::string refusal(const std::string& ca)
    {
        const Outcome outcome = fetch(trusting(ca));
        EXPECT_TRUE(std::holds_alternative<NotSent>(outcome)) << body(outcome);
        EXPECT_EQ(server_->connections(), 1U) << "it was not even asked";
        EXPECT_TRUE(server_->seen().empty());
        const std::string here = ", at https://127.0.0.1:" + std::to_string(server_->port()) + "; ";
        EXPECT_THAT(why(outcome), HasSubstr(here));
        return why(outcome);
    }
    /// The same server would be spoken to if nobody looked.
    void is_otherwise_well()
    {
        Request request = trusting("ca");
        request.tls.verify = false;
        EXPECT_EQ(body(fetch(std::move(request))), "safe");
    }

    boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
    std::unique_ptr<ScriptedServer> server_;
};

TEST_F(Tls, a_server_of_our_authority_is_spoken_to)
{
    serve();
    EXPECT_EQ(body(fetch(trusting("ca"))), "safe");
    EXPECT_EQ(body(fetch(trusting("ca"))), "safe");
    EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(Tls, a_server_of_another_authority_gets_nothing)
{
    serve();
    EXPECT_THAT(refusal("other"), HasSubstr("under cacert in clouds.yaml"));
    is_otherwise_well();
}

TEST_F(Tls, the_systems_authorities_do_not_know_ours)
{
    serve();
    EXPECT_THAT(refusal(""), HasSubstr("under cacert in clouds.yaml"));
}

TEST_F(Tls, a_server_with_anothers_name_gets_nothing)
{
    serve({.who = "DNS:nova.example"});
    EXPECT_THAT(refusal("ca"), HasSubstr("with a name that the certificate has"));
    is_otherwise_well();
}

TEST_F(Tls, an_expired_certificate_gets_nothing)
{
    serve({.from = -std::chrono::hours{48}, .until = -std::chrono::seconds{5}});
    EXPECT_THAT(refusal("ca"), AllOf(HasSubstr("expired"), HasSubstr("renew the server's")));
    is_otherwise_well();
}

TEST_F(Tls, a_certificate_of_tomorrow_gets_nothing)
{
    serve({.from = std::chrono::hours{1}, .until = std::chrono::hours{48}});
    EXPECT_THAT(refusal("ca"), AllOf(HasSubstr("not yet valid"), HasSubstr("set the clock right")));
    is_otherwise_well();
}

TEST_F(Tls, a_certificate_that_signed_itself_gets_nothing_unless_it_is_named)
{
    certificates().sign_itself("alone", {});
    show("alone");
    EXPECT_THAT(refusal("ca"), AllOf(HasSubstr("self-signed"), HasSubstr("under cacert")));
    is_otherwise_well();
    EXPECT_EQ(body(fetch(trusting("alone"))), "safe");
}

TEST_F(Tls, without_verification_anybody_will_do)
{
    serve({.who = "DNS:nova.example"});
    Request request = trusting("other");
    request.tls.verify = false;
    EXPECT_EQ(body(fetch(std::move(request))), "safe");
}

TEST_F(Tls, a_connection_made_without_verification_is_not_reused_by_a_careful_request)
{
    serve({.who = "DNS:nova.example"});
    Request careless = trusting("ca");
    careless.tls.verify = false;
    EXPECT_EQ(body(fetch(std::move(careless))), "safe");
    EXPECT_TRUE(std::holds_alternative<NotSent>(fetch(trusting("ca"))));
    EXPECT_EQ(server_->seen().size(), 1U);
}

TEST_F(Tls, a_bundle_that_is_not_there_is_said)
{
    serve();
    Request request = to(server_->url());
    request.tls.ca_file = "/nonexistent/ca.pem";
    const Outcome outcome = fetch(std::move(request));
    EXPECT_TRUE(std::holds_alternative<NotSent>(outcome));
    EXPECT_THAT(why(outcome), AllOf(HasSubstr("/nonexistent/ca.pem"), HasSubstr("correct cacert")));
}

TEST_F(Tls, our_own_certificate_is_shown_to_who_asks)
{
    serve();
    certificates().issue("client", {.who = "DNS:knell"});
    context_.load_verify_file(certificates().file("ca.pem"));
    context_.set_verify_mode(boost::asio::ssl::verify_peer |
                             boost::asio::ssl::verify_fail_if_no_peer_cert);
    EXPECT_FALSE(std::holds_alternative<Response>(fetch(trusting("ca"))));
    Request request = trusting("ca");
    request.tls.certificate_file = certificates().file("client.pem");
    request.tls.key_file = certificates().file("client.key");
    EXPECT_EQ(body(fetch(std::move(request))), "safe");
}

TEST_F(Tls, an_answer_in_plain_http_is_told_from_tls)
{
    using boost::asio::ip::tcp;
    tcp::acceptor plain{loop_, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
    tcp::socket peer{loop_};
    const std::string words = "HTTP/1.1 400 Bad Request\r\n\r\n";
    plain.async_accept(peer, [&](auto) { boost::asio::write(peer, boost::asio::buffer(words)); });
    const std::string here = "https://127.0.0.1:" + std::to_string(plain.local_endpoint().port());
    const Outcome outcome = fetch(to("https://user:canary@" + here.substr(8) + "/x?y=canary"));
    EXPECT_TRUE(std::holds_alternative<NotSent>(outcome)) << body(outcome);
    EXPECT_THAT(why(outcome), HasSubstr(", at " + here + "; no TLS is spoken there: correct"));
    EXPECT_THAT(why(outcome), Not(HasSubstr("canary")));
}

TEST_F(Tls, plain_http_on_the_other_side_means_not_sent)
{
    ScriptedServer plain{loop_, [](const Seen&) { return answer(200, "x"); }};
    const std::string url = "https" + plain.url().substr(4);
    // The server waits for the end of a request line that a handshake never has.
    EXPECT_TRUE(std::holds_alternative<NotSent>(fetch(to(url, 300ms))));
}

} // namespace
} // namespace knell::http
