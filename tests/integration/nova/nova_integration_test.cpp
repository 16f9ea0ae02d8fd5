// SPDX-License-Identifier: GPL-3.0-or-later
// Against a real Keystone and Nova; see CMakeLists.txt for what it needs.
#include "http/transport.hpp"
#include "nova/clouds_yaml.hpp"
#include "nova/messages.hpp"
#include "nova/nova_client.hpp"
#include "tests/unit/nova/forged_proofs.hpp"

#include <cstdlib>
#include <gtest/gtest.h>

namespace knell::nova {
namespace {

namespace asio = boost::asio;

std::string required(const char* name)
{
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string{value};
}

std::string admin_cloud()
{
    const std::string named = required("KNELL_TEST_CLOUD");
    return named.empty() ? "lab" : named;
}

Instant in(Duration d)
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
            client_->force_down(FenceProcedure::forge(host), AttemptId{1}, in(20s), handler);
        });
    }
    NovaAnswer clear(const std::string& host)
    {
        return awaited<NovaAnswer>([&](auto handler) {
            client_->clear_forced_down(Readmission::forge(host), AttemptId{2}, in(20s), handler);
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

    asio::io_context loop_;
    http::Transport transport_{loop_};
    std::unique_ptr<NovaClient> client_;
};

TEST_F(RealNova, sets_the_flag_shows_it_to_the_owners_and_clears_it)
{
    use(settings(admin_cloud()));
    const NovaAnswer set = force_down("compute2");
    EXPECT_EQ(set.outcome, NovaOutcome::done) << set.detail;
    EXPECT_EQ(set.forced_down, true);
    EXPECT_EQ(set.host, HostId{"compute2"});
    EXPECT_EQ(set.attempt, AttemptId{1});

    const ServersSeen down = sample("compute2");
    EXPECT_TRUE(down.known) << down.detail;
    EXPECT_GT(down.sampled, 0U);
    EXPECT_EQ(down.down, down.sampled) << down.detail;

    const NovaAnswer again = force_down("compute2");
    EXPECT_EQ(again.outcome, NovaOutcome::done) << again.detail;

    const NovaAnswer cleared = clear("compute2");
    EXPECT_EQ(cleared.outcome, NovaOutcome::done) << cleared.detail;
    EXPECT_EQ(cleared.forced_down, false);
    EXPECT_EQ(sample("compute2").down, 0U);
    EXPECT_TRUE(client_->health().warm);
    EXPECT_FALSE(client_->health().microversion.empty());
    EXPECT_TRUE(client_->health().last_error.empty()) << client_->health().last_error;
}

TEST_F(RealNova, a_flag_on_one_host_does_not_touch_another)
{
    use(settings(admin_cloud()));
    EXPECT_EQ(force_down("compute2").outcome, NovaOutcome::done);
    EXPECT_EQ(read("compute1").forced_down, false);
    EXPECT_EQ(sample("compute1").down, 0U);
    EXPECT_EQ(clear("compute2").outcome, NovaOutcome::done);
}

TEST_F(RealNova, a_host_that_nova_does_not_have_is_not_found)
{
    use(settings(admin_cloud()));
    for (const char* host : {"nosuch", "compute", "COMPUTE2", "compute2.example", "com%70ute2",
                             "compute2&host=compute1", "../servers"}) {
        const NovaAnswer answer = force_down(host);
        EXPECT_EQ(answer.outcome, NovaOutcome::refused) << host << answer.detail;
        EXPECT_EQ(answer.refusal, NovaRefusal::not_found) << host << answer.detail;
    }
    EXPECT_EQ(read("compute2").forced_down, false);
    EXPECT_EQ(read("compute1").forced_down, false);
}

TEST_F(RealNova, an_application_credential_serves_as_well_as_a_password)
{
    use(settings("lab-appcred"));
    EXPECT_EQ(force_down("compute2").outcome, NovaOutcome::done);
    const NovaAnswer cleared = clear("compute2");
    EXPECT_EQ(cleared.outcome, NovaOutcome::done) << cleared.detail;
}

TEST_F(RealNova, a_user_who_is_no_admin_is_forbidden)
{
    use(settings("lab-demo"));
    const NovaAnswer answer = force_down("compute2");
    EXPECT_EQ(answer.outcome, NovaOutcome::refused) << answer.detail;
    EXPECT_EQ(answer.refusal, NovaRefusal::forbidden) << answer.detail;
    EXPECT_NE(answer.detail.find("Policy doesn't allow"), std::string::npos) << answer.detail;
    EXPECT_NE(answer.detail.find("req-"), std::string::npos) << answer.detail;
    EXPECT_FALSE(sample("compute2").known);
    EXPECT_FALSE(client_->health().warm);
}

TEST_F(RealNova, a_wrong_password_is_said_plainly_and_not_tried_again_at_once)
{
    CloudSettings wrong = settings(admin_cloud());
    wrong.password = Secret{"not-the-password"};
    use(std::move(wrong));
    const NovaAnswer first = force_down("compute2");
    EXPECT_EQ(first.outcome, NovaOutcome::unknown);
    EXPECT_NE(first.detail.find("401"), std::string::npos) << first.detail;
    EXPECT_EQ(first.detail.find("not-the-password"), std::string::npos);
    const NovaAnswer second = force_down("compute2");
    EXPECT_EQ(second.outcome, NovaOutcome::unknown);
    EXPECT_NE(second.detail.find("the next try is in"), std::string::npos) << second.detail;
}

TEST_F(RealNova, a_revoked_token_is_not_used_for_long)
{
    // Keystone revokes; nova-api notices when its own cache says so, then answers 401. Either
    // way the caller gets what it wants.
    use(settings(admin_cloud()));
    EXPECT_EQ(read("compute2").outcome, NovaOutcome::done);

    const CloudSettings cloud = settings(admin_cloud());
    http::Request request;
    request.method = "POST";
    request.url = token_url(cloud.auth_url);
    request.headers.push_back({"Content-Type", Secret{"application/json"}});
    request.body = token_request(cloud);
    request.reply_by = in(20s);
    const auto granted =
        awaited<http::Outcome>([&](auto handler) { transport_.send(std::move(request), handler); });
    const auto* response = std::get_if<http::Response>(&granted);
    ASSERT_NE(response, nullptr);
    const Secret token{std::string{response->header("x-subject-token").value_or("")}};
    ASSERT_FALSE(token.empty());

    http::Request revoke;
    revoke.method = "DELETE";
    revoke.url = token_url(cloud.auth_url);
    revoke.headers.push_back({"X-Auth-Token", token});
    revoke.headers.push_back({"X-Subject-Token", token});
    revoke.reply_by = in(20s);
    const auto revoked =
        awaited<http::Outcome>([&](auto handler) { transport_.send(std::move(revoke), handler); });
    ASSERT_EQ(std::get<http::Response>(revoked).status, 204U);

    http::Request use_it;
    use_it.url = client_->health().endpoint + "/os-services";
    use_it.headers.push_back({"X-Auth-Token", token});
    use_it.reply_by = in(20s);
    const auto refused =
        awaited<http::Outcome>([&](auto handler) { transport_.send(std::move(use_it), handler); });
    EXPECT_EQ(std::get<http::Response>(refused).status, 401U);
    EXPECT_EQ(read("compute2").outcome, NovaOutcome::done);
}

TEST_F(RealNova, kept_warm_it_answers_without_asking_keystone)
{
    NovaClient& client = use(settings(admin_cloud()));
    client.start();
    loop_.restart();
    while (!client.health().warm && loop_.run_one() > 0) {
    }
    EXPECT_EQ(force_down("compute2").outcome, NovaOutcome::done);
    EXPECT_EQ(clear("compute2").outcome, NovaOutcome::done);
}

TEST_F(RealNova, system_scope_and_a_url_without_v3_work_too)
{
    CloudSettings cloud = settings(admin_cloud());
    cloud.auth_url = cloud.auth_url.substr(0, cloud.auth_url.find("/v3"));
    cloud.project_name.clear();
    cloud.project_id.clear();
    cloud.system_scope = "all";
    NovaOptions options;
    options.interface = "internal";
    use(std::move(cloud), options);
    const NovaAnswer answer = read("compute2");
    EXPECT_EQ(answer.outcome, NovaOutcome::done) << answer.detail;
}

TEST_F(RealNova, a_region_that_does_not_exist_is_named)
{
    NovaOptions options;
    options.region = "Atlantis";
    use(settings(admin_cloud()), options);
    const NovaAnswer answer = read("compute2");
    EXPECT_EQ(answer.outcome, NovaOutcome::unknown);
    EXPECT_NE(answer.detail.find("Atlantis"), std::string::npos) << answer.detail;
}

TEST_F(RealNova, keystone_as_compute_endpoint_is_noticed)
{
    NovaOptions options;
    options.endpoint_override = settings(admin_cloud()).auth_url;
    use(settings(admin_cloud()), options);
    const NovaAnswer answer = force_down("compute2");
    EXPECT_EQ(answer.outcome, NovaOutcome::unknown) << answer.detail;
}

} // namespace
} // namespace knell::nova
