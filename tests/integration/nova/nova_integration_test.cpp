// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/integration/nova/real_nova.hpp"

namespace knell::nova {
namespace {

TEST_F(RealNova, sets_the_flag_shows_it_to_the_owners_and_clears_it)
{
    use(settings(admin_cloud()));
    const NovaAnswer set = force_down("compute2");
    EXPECT_EQ(set.outcome, NovaOutcome::done) << set.detail;
    EXPECT_EQ(set.forced_down, true);
    EXPECT_EQ(set.host, HostId{"compute2"});
    EXPECT_EQ(set.attempt, AttemptId{1});
    EXPECT_THAT(set.detail,
                ::testing::MatchesRegex(
                    "PUT req-[-0-9a-f]+, read back by req-[-0-9a-f]+: forced_down=true"));

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
    const Secret token = token_for(cloud);
    ASSERT_FALSE(token.empty());
    http::Request revoke;
    revoke.method = "DELETE";
    revoke.url = token_url(cloud.auth_url);
    revoke.headers.push_back({"X-Auth-Token", token});
    revoke.headers.push_back({"X-Subject-Token", token});
    ASSERT_EQ(sent(std::move(revoke)).status, 204U);

    http::Request use_it;
    use_it.url = client_->health().endpoint + "/os-services";
    use_it.headers.push_back({"X-Auth-Token", token});
    EXPECT_EQ(sent(std::move(use_it)).status, 401U);
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

TEST_F(RealNova, all_compute_services_are_watched_for_what_others_change)
{
    use(settings(admin_cloud()));
    std::map<std::string, ServiceSeen> seen;
    unsigned looks = 0;
    client_->watch_services(500ms, [&](const ServicesSeen& list) {
        ++looks;
        seen.clear();
        for (const ServiceSeen& service : list.services) {
            seen.emplace(service.host.get(), service);
        }
    });
    client_->start();
    const auto look_again = [&] {
        const unsigned before = looks;
        loop_.restart();
        while (looks < before + 2 && loop_.run_one() > 0) {
        }
    };
    look_again();
    ASSERT_TRUE(seen.contains("compute1") && seen.contains("compute2"));
    EXPECT_FALSE(seen.at("compute2").forced_down);
    EXPECT_FALSE(seen.at("compute2").disabled);
    EXPECT_TRUE(seen.at("compute2").up);

    EXPECT_EQ(force_down("compute2").outcome, NovaOutcome::done);
    look_again();
    EXPECT_TRUE(seen.at("compute2").forced_down);
    EXPECT_FALSE(seen.at("compute2").up);
    EXPECT_FALSE(seen.at("compute1").forced_down);
    EXPECT_EQ(clear("compute2").outcome, NovaOutcome::done);

    const auto order = [&](const std::string& action, const std::string& more) {
        const auto answer =
            ask(admin_cloud(), "PUT", "/os-services/" + action,
                R"({"host":"compute2","binary":"nova-compute")" + more + "}", "2.11");
        EXPECT_EQ(answer.status, 200U) << answer.body;
    };
    order("disable-log-reason", R"(,"disabled_reason":"new disk")");
    look_again();
    EXPECT_TRUE(seen.at("compute2").disabled);
    EXPECT_EQ(seen.at("compute2").disabled_reason, "new disk");
    EXPECT_TRUE(seen.at("compute2").up);
    order("enable", "");
    look_again();
    EXPECT_FALSE(seen.at("compute2").disabled);
    EXPECT_EQ(client_->health().services_error, "");
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
