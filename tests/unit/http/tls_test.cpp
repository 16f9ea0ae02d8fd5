// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/http/transport_fixture.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

namespace knell::http {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

/// Two authorities and their certificates, made once, by the openssl program.
class Authority {
public:
    Authority()
    {
        std::string pattern = (fs::temp_directory_path() / "knell-tls-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) {
            std::abort();
        }
        directory_ = pattern;
        for (const char* name : {"ca", "other"}) {
            run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" +
                std::string{name} + " -keyout " + file(std::string{name} + ".key") + " -out " +
                file(std::string{name} + ".pem"));
        }
        issue("server", "IP:127.0.0.1");
        issue("misnamed", "DNS:nova.example");
        issue("client", "DNS:knell");
    }
    ~Authority() { fs::remove_all(directory_); }

    std::string file(const std::string& name) const { return (directory_ / name).string(); }

private:
    void issue(const std::string& name, const std::string& subject)
    {
        run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name +
            " -keyout " + file(name + ".key") + " -out " + file(name + ".csr"));
        std::ofstream{file(name + ".ext")} << "subjectAltName=" << subject << '\n';
        run("x509 -req -days 2 -in " + file(name + ".csr") + " -CA " + file("ca.pem") + " -CAkey " +
            file("ca.key") + " -CAcreateserial -extfile " + file(name + ".ext") + " -out " +
            file(name + ".pem"));
    }
    static void run(const std::string& arguments)
    {
        if (std::system(("openssl " + arguments + " >/dev/null 2>&1").c_str()) != 0) {
            ADD_FAILURE() << "openssl " << arguments;
        }
    }

    fs::path directory_;
};

class Tls : public TransportTest {
protected:
    static const Authority& authority()
    {
        static const Authority authority;
        return authority;
    }

    ScriptedServer& serve(const std::string& certificate)
    {
        context_.use_certificate_file(authority().file(certificate + ".pem"),
                                      asio::ssl::context::pem);
        context_.use_private_key_file(authority().file(certificate + ".key"),
                                      asio::ssl::context::pem);
        server_ = std::make_unique<ScriptedServer>(
            loop_, [](const Seen&) { return answer(200, "safe"); }, context_);
        return *server_;
    }

    Request trusting(const std::string& ca)
    {
        Request request = to(server_->url());
        request.tls.ca_file = ca.empty() ? ca : authority().file(ca + ".pem");
        return request;
    }

    asio::ssl::context context_{asio::ssl::context::tls_server};
    std::unique_ptr<ScriptedServer> server_;
};

TEST_F(Tls, a_server_of_our_authority_is_spoken_to)
{
    serve("server");
    EXPECT_EQ(body(fetch(trusting("ca"))), "safe");
    EXPECT_EQ(body(fetch(trusting("ca"))), "safe");
    EXPECT_EQ(server_->connections(), 1U);
}

TEST_F(Tls, a_server_of_another_authority_gets_nothing)
{
    serve("server");
    const Outcome outcome = fetch(trusting("other"));
    EXPECT_TRUE(std::holds_alternative<NotSent>(outcome)) << body(outcome);
    EXPECT_TRUE(server_->seen().empty());
}

TEST_F(Tls, the_systems_authorities_do_not_know_ours)
{
    serve("server");
    EXPECT_TRUE(std::holds_alternative<NotSent>(fetch(trusting(""))));
    EXPECT_TRUE(server_->seen().empty());
}

TEST_F(Tls, a_server_with_anothers_name_gets_nothing)
{
    serve("misnamed");
    const Outcome outcome = fetch(trusting("ca"));
    EXPECT_TRUE(std::holds_alternative<NotSent>(outcome)) << body(outcome);
    EXPECT_TRUE(server_->seen().empty());
}

TEST_F(Tls, without_verification_anybody_will_do)
{
    serve("misnamed");
    Request request = trusting("other");
    request.tls.verify = false;
    EXPECT_EQ(body(fetch(std::move(request))), "safe");
}

TEST_F(Tls, a_connection_made_without_verification_is_not_reused_by_a_careful_request)
{
    serve("misnamed");
    Request careless = trusting("ca");
    careless.tls.verify = false;
    EXPECT_EQ(body(fetch(std::move(careless))), "safe");
    EXPECT_TRUE(std::holds_alternative<NotSent>(fetch(trusting("ca"))));
    EXPECT_EQ(server_->seen().size(), 1U);
}

TEST_F(Tls, a_bundle_that_is_not_there_is_said)
{
    serve("server");
    Request request = to(server_->url());
    request.tls.ca_file = "/nonexistent/ca.pem";
    const Outcome outcome = fetch(std::move(request));
    EXPECT_TRUE(std::holds_alternative<NotSent>(outcome));
    EXPECT_NE(why(outcome).find("/nonexistent/ca.pem"), std::string::npos) << why(outcome);
}

TEST_F(Tls, our_own_certificate_is_shown_to_who_asks)
{
    serve("server");
    context_.load_verify_file(authority().file("ca.pem"));
    context_.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
    EXPECT_FALSE(std::holds_alternative<Response>(fetch(trusting("ca"))));
    Request request = trusting("ca");
    request.tls.certificate_file = authority().file("client.pem");
    request.tls.key_file = authority().file("client.key");
    EXPECT_EQ(body(fetch(std::move(request))), "safe");
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
