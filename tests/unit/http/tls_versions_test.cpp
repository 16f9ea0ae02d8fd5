// SPDX-License-Identifier: GPL-3.0-or-later
// A program of its own, because OpenSSL is made lenient for all of it.
#include "tests/unit/http/test_certificates.hpp"
#include "tests/unit/http/transport_fixture.hpp"

#include <curl/curl.h>

#include <future>
#include <gmock/gmock.h>
#include <openssl/conf.h>
#include <openssl/ssl.h>

namespace knell::http {
namespace {

using testing::HasSubstr;

class TlsVersions : public TransportTest {
protected:
    static void SetUpTestSuite()
    {
        ASSERT_EQ(CONF_modules_load_file(KNELL_SOURCE_DIR "/tests/unit/http/lenient_openssl.cnf",
                                         nullptr, 0),
                  1);
    }

    /// A server that speaks this version of TLS and no other.
    void serve(int version)
    {
        context_ = boost::asio::ssl::context{boost::asio::ssl::context::tls_server};
        SSL_CTX_set_min_proto_version(context_.native_handle(), version);
        SSL_CTX_set_max_proto_version(context_.native_handle(), version);
        SSL_CTX_set_cipher_list(context_.native_handle(), "ALL:@SECLEVEL=0");
        certificates_.issue("server", {});
        certificates_.show(context_, "server");
        server_ = std::make_unique<ScriptedServer>(
            loop_, [](const Seen&) { return answer(200, "safe"); }, context_);
    }

    Outcome ask()
    {
        Request request = to(server_->url());
        request.tls.ca_file = certificates_.file("ca.pem");
        return fetch(std::move(request));
    }

    /// The same libcurl, asked to begin with TLS 1.0.
    CURLcode ask_leniently()
    {
        auto asked = std::async(std::launch::async, [&, url = server_->url()] {
            CURL* const easy = curl_easy_init();
            curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
            curl_easy_setopt(easy, CURLOPT_PROXY, "");
            curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
            curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 10'000L);
            curl_easy_setopt(easy, CURLOPT_CAINFO, certificates_.file("ca.pem").c_str());
            curl_easy_setopt(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_0));
            const CURLcode result = curl_easy_perform(easy);
            curl_easy_cleanup(easy);
            return result;
        });
        while (asked.wait_for(0s) != std::future_status::ready) {
            loop_.run_one_for(20ms);
        }
        return asked.get();
    }

    TestCertificates certificates_;
    boost::asio::ssl::context context_{boost::asio::ssl::context::tls_server};
    std::unique_ptr<ScriptedServer> server_;
};

TEST_F(TlsVersions, a_server_without_tls_1_2_gets_nothing_though_others_would_speak_to_it)
{
    for (const int version : {TLS1_VERSION, TLS1_1_VERSION}) {
        serve(version);
        const Outcome outcome = ask();
        EXPECT_TRUE(std::holds_alternative<NotSent>(outcome)) << body(outcome);
        EXPECT_EQ(server_->connections(), 1U) << "it was not even asked";
        EXPECT_TRUE(server_->seen().empty());
        EXPECT_THAT(why(outcome), HasSubstr(", at https://127.0.0.1:"));
        EXPECT_THAT(why(outcome), HasSubstr("; the server speaks no TLS 1.2 or later"));
        EXPECT_EQ(ask_leniently(), CURLE_OK) << "the refusal was not ours";
        EXPECT_EQ(server_->seen().size(), 1U);
    }
}

TEST_F(TlsVersions, from_1_2_on_they_will_do)
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        serve(version);
        EXPECT_EQ(body(ask()), "safe");
    }
}

} // namespace
} // namespace knell::http
