// SPDX-License-Identifier: GPL-3.0-or-later
// Keystone or Nova send us to another server. Following would take the password or the token there.
#include "tests/unit/http/test_certificates.hpp"
#include "tests/unit/nova/nova_client_fixture.hpp"

namespace knell::nova {
namespace {

using http::answer;
using http::Behaviour;
using http::Seen;
using ::testing::HasSubstr;

class Elsewhere : public NovaClientTest {
protected:
    /// What this one of our requests meets, in the words of FakeCloud::asked().
    void redirect(const std::string& request, unsigned status)
    {
        cloud_.fault = [this, request, status](const Seen& seen) -> std::optional<Behaviour> {
            const std::string target = seen.target.substr(0, seen.target.find('?'));
            if (!(seen.method + " " + target).starts_with(request)) {
                return std::nullopt;
            }
            return answer(status, "", "Location: " + there() + seen.target + "\r\n");
        };
    }
    /// Of another name than the cloud, so that nothing could take the two for one.
    std::string there() const { return "http://localhost:" + std::to_string(elsewhere_.port()); }

    void nobody_came()
    {
        loop_.run_for(20ms);
        EXPECT_EQ(elsewhere_.connections(), 0U);
        EXPECT_TRUE(elsewhere_.seen().empty());
    }

    http::ScriptedServer elsewhere_{loop_, [](const Seen&) { return answer(200, "{}"); }};
};

constexpr unsigned redirects[] = {301, 302, 303, 307, 308};

TEST_F(Elsewhere, keystones_redirect_does_not_take_the_password_there)
{
    for (const unsigned status : redirects) {
        redirect("POST /identity/v3/auth/tokens", status);
        const NovaAnswer result = force_down();
        EXPECT_EQ(result.outcome, NovaOutcome::unknown);
        EXPECT_THAT(result.detail, HasSubstr("Keystone answered HTTP " + std::to_string(status)));
        EXPECT_THAT(result.detail, HasSubstr("it sends us to " + there() + "/identity/v3/auth/"));
        EXPECT_THAT(result.detail, HasSubstr(": correct auth_url in clouds.yaml"));
    }
    nobody_came();
}

TEST_F(Elsewhere, novas_redirect_does_not_take_the_token_there)
{
    for (const char* request : {"GET /v2.1/", "GET /v2.1/os-services", "PUT /v2.1/os-services/"}) {
        for (const unsigned status : redirects) {
            client_.reset();
            redirect(request, status);
            const NovaAnswer result = force_down();
            EXPECT_EQ(result.outcome, NovaOutcome::unknown) << request << status;
            EXPECT_THAT(result.detail, HasSubstr("Nova answered HTTP " + std::to_string(status)));
            EXPECT_THAT(result.detail, HasSubstr("it sends us to " + there() + "/v2.1/"));
            EXPECT_THAT(result.detail, HasSubstr("or set nova.endpoint_override"));
            EXPECT_THAT(client().health().last_error, HasSubstr("it sends us to " + there()));
            EXPECT_FALSE(cloud_.services.at("compute1").forced_down);
        }
    }
    nobody_came();
}

TEST_F(Elsewhere, the_owners_view_does_not_take_the_token_there)
{
    for (const unsigned status : redirects) {
        redirect("GET /v2.1/servers/detail", status);
        const ServersSeen seen = sample();
        EXPECT_FALSE(seen.known);
        EXPECT_THAT(seen.detail, HasSubstr("it sends us to " + there()));
    }
    nobody_came();
}

TEST_F(Elsewhere, what_a_redirect_asks_for_is_not_repeated_in_the_error)
{
    redirect("PUT /v2.1/", 307);
    const auto usual = cloud_.fault;
    cloud_.fault = [&](const Seen& seen) -> std::optional<Behaviour> {
        return usual(seen)
                   ? std::optional{answer(307, "",
                                          "Location: " + there() +
                                              "/x?t=" + seen.header("X-Auth-Token") + "\r\n")}
                   : std::nullopt;
    };
    EXPECT_THAT(force_down().detail, HasSubstr("it sends us to " + there() + "/x, "))
        << "force_down() looks for the token in it";
    nobody_came();
}

TEST_F(Elsewhere, a_way_from_https_to_http_is_not_taken_either)
{
    const http::TestCertificates certificates;
    certificates.issue("server", {});
    boost::asio::ssl::context tls{boost::asio::ssl::context::tls_server};
    certificates.show(tls, "server");
    FakeCloud safe{loop_, tls};
    CloudSettings settings = safe.settings();
    settings.tls.ca_file = certificates.file("ca.pem");
    client_ = std::make_unique<NovaClient>(loop_, *transport_, settings, options_);
    EXPECT_EQ(read().outcome, NovaOutcome::done);
    for (const char* request : {"POST /identity", "GET /v2.1/", "PUT /v2.1/"}) {
        for (const unsigned status : redirects) {
            client_ = std::make_unique<NovaClient>(loop_, *transport_, settings, options_);
            safe.fault = [&](const Seen& seen) -> std::optional<Behaviour> {
                return (seen.method + " " + seen.target).starts_with(request)
                           ? std::optional{answer(status, "",
                                                  "Location: " + there() + seen.target + "\r\n")}
                           : std::nullopt;
            };
            const NovaAnswer result = force_down();
            EXPECT_EQ(result.outcome, NovaOutcome::unknown) << request << status;
            EXPECT_THAT(result.detail, HasSubstr("it sends us to http://localhost:"));
        }
    }
    nobody_came();
}

class CatalogueWithoutTls : public Elsewhere {
protected:
    CatalogueWithoutTls()
    {
        certificates_.issue("server", {});
        certificates_.show(tls_, "server");
        safe_.compute_url = there() + "/v2.1";
    }
    NovaAnswer ask(const CloudSettings& settings)
    {
        client_ = std::make_unique<NovaClient>(loop_, *transport_, settings, options_);
        return read();
    }
    CloudSettings settings() const
    {
        CloudSettings settings = safe_.settings();
        settings.tls.ca_file = certificates_.file("ca.pem");
        return settings;
    }

    http::TestCertificates certificates_;
    boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
    FakeCloud safe_{loop_, tls_};
};

TEST_F(CatalogueWithoutTls, of_a_keystone_with_tls_does_not_get_the_token_in_the_clear)
{
    for (const char* scheme : {"http", "HTTP"}) {
        safe_.compute_url = scheme + there().substr(4) + "/v2.1";
        const NovaAnswer result = ask(settings());
        EXPECT_EQ(result.outcome, NovaOutcome::unknown);
        EXPECT_THAT(result.detail, HasSubstr("names " + safe_.compute_url + " for compute"));
        EXPECT_THAT(result.detail, HasSubstr("our token would be sent in the clear"));
        EXPECT_THAT(result.detail, HasSubstr("set nova.endpoint_override to it"));
    }
    EXPECT_EQ(safe_.count("POST /identity/v3/auth/tokens"), 2U);
    nobody_came();
}

TEST_F(CatalogueWithoutTls, is_followed_where_the_operator_wrote_the_same_address_himself)
{
    options_.endpoint_override = safe_.compute_url;
    (void)ask(settings());
    EXPECT_FALSE(elsewhere_.seen().empty());
}

TEST_F(CatalogueWithoutTls, is_followed_where_the_operator_asks_keystone_without_tls_himself)
{
    cloud_.compute_url = safe_.compute_url;
    (void)ask(cloud_.settings());
    EXPECT_FALSE(elsewhere_.seen().empty());
}

} // namespace
} // namespace knell::nova
