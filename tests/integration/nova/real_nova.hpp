// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "http/transport.hpp"
#include "nova/clouds_yaml.hpp"
#include "nova/messages.hpp"
#include "nova/nova_client.hpp"
#include "tests/unit/nova/forged_proofs.hpp"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>

namespace knell::nova {

/// Against a real Keystone and Nova; CMakeLists.txt beside this says what it needs.
inline std::string required(const char* name)
{
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string{value};
}

inline std::string admin_cloud()
{
    const std::string named = required("KNELL_TEST_CLOUD");
    return named.empty() ? "lab" : named;
}

inline Instant in(Duration d)
{
    return instant(std::chrono::steady_clock::now()) + d;
}

class RealNova : public ::testing::Test {
protected:
    void SetUp() override
    {
        ASSERT_FALSE(required("KNELL_TEST_CLOUDS_FILE").empty())
            << "set KNELL_TEST_CLOUDS_FILE to a clouds.yaml";
    }

    static CloudSettings settings(const std::string& cloud)
    {
        CloudQuery query;
        query.cloud = cloud;
        query.clouds_file = required("KNELL_TEST_CLOUDS_FILE");
        auto read = read_cloud(query);
        if (const auto* errors = std::get_if<CloudErrors>(&read)) {
            for (const auto& error : *errors) {
                ADD_FAILURE() << error;
            }
            return {};
        }
        return std::get<CloudSettings>(std::move(read));
    }

    NovaClient& use(CloudSettings cloud, NovaOptions options = {})
    {
        client_ = std::make_unique<NovaClient>(loop_, transport_, std::move(cloud), options);
        return *client_;
    }

    template <class Answer, class Start>
    Answer awaited(Start start)
    {
        std::optional<Answer> answer;
        start([&](Answer a) { answer = std::move(a); });
        loop_.restart();
        while (!answer && loop_.run_one() > 0) {
        }
        EXPECT_TRUE(answer.has_value());
        return std::move(*answer);
    }

    NovaAnswer force_down(const std::string& host)
    {
        return awaited<NovaAnswer>([&](auto handler) {
            client_->force_down(FenceProcedure::forge(host), AttemptId{1}, in(20s), Leave{},
                                handler);
        });
    }
    NovaAnswer clear(const std::string& host)
    {
        return awaited<NovaAnswer>([&](auto handler) {
            client_->clear_forced_down(Readmission::forge(host), AttemptId{2}, in(20s), Leave{},
                                       handler);
        });
    }
    NovaAnswer read(const std::string& host)
    {
        return awaited<NovaAnswer>([&](auto handler) {
            client_->read_forced_down(HostId{host}, AttemptId{3}, in(20s), handler);
        });
    }
    ServersSeen sample(const std::string& host)
    {
        return awaited<ServersSeen>([&](auto handler) {
            client_->sample_servers(HostId{host}, AttemptId{4}, in(20s), handler);
        });
    }

    http::Response sent(http::Request request)
    {
        request.reply_by = in(30s);
        const auto outcome = awaited<http::Outcome>(
            [&](auto handler) { transport_.send(std::move(request), handler); });
        const auto* response = std::get_if<http::Response>(&outcome);
        EXPECT_NE(response, nullptr);
        return response == nullptr ? http::Response{} : *response;
    }

    /// A token that is none of the client's.
    Secret token_for(const CloudSettings& cloud)
    {
        http::Request request;
        request.method = "POST";
        request.url = token_url(cloud.auth_url);
        request.headers.push_back({"Content-Type", Secret{"application/json"}});
        request.body = token_request(cloud);
        request.tls = cloud.tls;
        const auto response = sent(std::move(request));
        return Secret{std::string{response.header("x-subject-token").value_or("")}};
    }

    /// What we want of Nova beyond what knell asks, as the user of `cloud`.
    http::Response ask(const std::string& cloud, const std::string& method, const std::string& path,
                       const std::string& body, const std::string& version)
    {
        if (!tokens_.contains(cloud)) {
            tokens_.emplace(cloud, token_for(settings(cloud)));
        }
        http::Request request;
        request.method = method;
        request.url = endpoint() + path;
        request.headers.push_back({"X-Auth-Token", tokens_.at(cloud)});
        request.headers.push_back({"X-OpenStack-Nova-API-Version", Secret{version}});
        request.headers.push_back({"Content-Type", Secret{"application/json"}});
        request.body = Secret{body};
        request.tls = settings(cloud).tls;
        return sent(std::move(request));
    }

    std::string endpoint()
    {
        if (endpoint_.empty()) {
            NovaClient finder{loop_, transport_, settings(admin_cloud()), {}};
            awaited<NovaAnswer>([&](auto handler) {
                finder.read_forced_down(HostId{"compute1"}, AttemptId{9}, in(20s), handler);
            });
            endpoint_ = finder.health().endpoint;
        }
        return endpoint_;
    }

    boost::asio::io_context loop_;
    http::Transport transport_{loop_};
    std::unique_ptr<NovaClient> client_;
    std::string endpoint_;
    std::map<std::string, Secret> tokens_;
};

} // namespace knell::nova
