// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/nova/nova_client_fixture.hpp"

namespace knell::nova {
namespace {

using http::answer;
using http::Behaviour;
using http::Seen;
using ::testing::HasSubstr;
using Then = http::Behaviour::Then;

using Tokens = NovaClientTest;
using Endpoints = NovaClientTest;
using Warmth = NovaClientTest;
using Lifetimes = NovaClientTest;

constexpr const char* tokens = "POST /identity/v3/auth/tokens";

TEST_F(Tokens, one_that_nova_rejects_is_renewed_once)
{
    warm_up();
    cloud_.revoke_tokens();
    EXPECT_EQ(force_down().outcome, NovaOutcome::done);
    EXPECT_EQ(cloud_.count(tokens), 2U);
}

TEST_F(Tokens, if_nova_rejects_all_keystone_is_left_in_peace)
{
    services_meet([](const Seen&) { return answer(401, ""); });
    for (int i = 0; i < 4; ++i) {
        EXPECT_EQ(read().outcome, NovaOutcome::unknown);
    }
    EXPECT_EQ(cloud_.count(tokens), 2U);
}

TEST_F(Tokens, a_refused_password_is_not_shown_again_soon)
{
    cloud_.password = "changed";
    options_.refused_pause = 200ms;
    for (int i = 0; i < 5; ++i) {
        const NovaAnswer result = force_down();
        EXPECT_EQ(result.outcome, NovaOutcome::unknown);
        EXPECT_THAT(result.detail, HasSubstr("HTTP 401"));
        EXPECT_THAT(result.detail, HasSubstr("correct the entry \"fake\" of clouds.yaml"));
    }
    EXPECT_EQ(cloud_.count(tokens), 1U);
    loop_.run_for(250ms);
    cloud_.password = "sesame";
    EXPECT_EQ(force_down().outcome, NovaOutcome::done);
}

TEST_F(Tokens, keeping_warm_does_not_show_a_refused_password_again_either)
{
    cloud_.password = "changed";
    options_.retry = 1ms;
    options_.retry_most = 1ms;
    client().start();
    loop_.run_for(200ms);
    EXPECT_EQ(cloud_.count(tokens), 1U);
    EXPECT_FALSE(client().health().warm);
    EXPECT_THAT(client().health().last_error, HasSubstr("401"));
}

TEST_F(Tokens, a_keystone_out_of_order_may_be_asked_again)
{
    for (const Behaviour& behaviour :
         {answer(500, ""), answer(503, "<html>x</html>"), Behaviour{"", Then::close},
          answer(201, "{}"), answer(300, R"({"versions":{}})", "Location: /v3/\r\n")}) {
        cloud_.fault = [&](const Seen& seen) -> std::optional<Behaviour> {
            return seen.method == "POST" ? std::optional{behaviour} : std::nullopt;
        };
        EXPECT_EQ(force_down().outcome, NovaOutcome::unknown);
    }
    EXPECT_EQ(cloud_.count(tokens), 6U) << "one each, and one more where a kept connection broke";
    cloud_.fault = nullptr;
    EXPECT_EQ(force_down().outcome, NovaOutcome::done);
}

TEST_F(Tokens, many_callers_share_one_request)
{
    unsigned done = 0;
    for (int i = 0; i < 8; ++i) {
        client().read_forced_down(HostId{"compute1"}, AttemptId{1}, in(5s), [&](NovaAnswer a) {
            done += a.outcome == NovaOutcome::done ? 1 : 0;
        });
    }
    loop_.run_for(300ms);
    EXPECT_EQ(done, 8U);
    EXPECT_EQ(cloud_.count(tokens), 1U);
}

TEST_F(Tokens, a_renewal_ahead_makes_nobody_wait)
{
    cloud_.token_lifetime = 2s;
    warm_up();
    cloud_.fault = [](const Seen& seen) -> std::optional<Behaviour> {
        return seen.method == "POST" ? std::optional{Behaviour{"", Then::hang}} : std::nullopt;
    };
    // In the last tenth of its life a new token is asked for; the old one still serves.
    loop_.run_for(1850ms);
    const auto before = cloud_.asked().size();
    EXPECT_GE(cloud_.count(tokens), 2U);
    EXPECT_EQ(read("compute1", 100ms).outcome, NovaOutcome::done);
    EXPECT_EQ(cloud_.asked().size(), before + 1);
}

TEST_F(Tokens, kept_warm_there_is_always_a_valid_one)
{
    cloud_.token_lifetime = 2s;
    unsigned rejected = 0;
    warm_up();
    cloud_.fault = [&](const Seen& seen) -> std::optional<Behaviour> {
        Behaviour usual = cloud_.serve(seen);
        rejected += usual.bytes.starts_with("HTTP/1.1 401") ? 1 : 0;
        return usual;
    };
    loop_.run_for(3s);
    EXPECT_GE(cloud_.count(tokens), 2U);
    EXPECT_EQ(rejected, 0U);
    EXPECT_EQ(read("compute1").outcome, NovaOutcome::done);
}

TEST_F(Endpoints, interface_and_region_are_the_options_before_the_clouds)
{
    options_.interface = "internal";
    EXPECT_EQ(read().outcome, NovaOutcome::unknown);
    EXPECT_EQ(client().health().endpoint, cloud_.url("/elsewhere/v2.1"));
    client_.reset();
    options_.region = "One";
    const NovaAnswer result = read();
    EXPECT_EQ(result.outcome, NovaOutcome::unknown);
    EXPECT_THAT(result.detail, HasSubstr("no compute endpoint with interface internal in region "
                                         "One"));
    client_.reset();
    options_.interface = "";
    EXPECT_EQ(read().outcome, NovaOutcome::done);
}

TEST_F(Endpoints, an_override_is_used_without_looking_at_the_catalogue)
{
    options_.region = "Atlantis";
    options_.endpoint_override = cloud_.url("/v2.1/");
    EXPECT_EQ(force_down().outcome, NovaOutcome::done);
}

TEST_F(Endpoints, one_without_microversions_is_told_from_nova)
{
    cloud_.version = "";
    const NovaAnswer result = read();
    EXPECT_EQ(result.outcome, NovaOutcome::unknown);
    EXPECT_THAT(result.detail, HasSubstr("without microversions"));
}

TEST_F(Warmth, nova_is_touched_again_and_again)
{
    options_.touch = 500ms;
    warm_up();
    loop_.run_for(1200ms);
    EXPECT_GE(asked().size(), 2U);
    for (const std::string& one : asked()) {
        EXPECT_EQ(one, "GET /v2.1/os-services");
    }
    const NovaHealth health = client().health();
    EXPECT_TRUE(health.warm);
    EXPECT_TRUE(health.last_ok.has_value());
    EXPECT_EQ(health.last_error, "");
    EXPECT_EQ(health.endpoint, cloud_.url("/v2.1"));
    EXPECT_EQ(health.microversion, "2.93");
}

TEST_F(Warmth, an_answer_that_is_not_novas_warms_nobody)
{
    for (const Behaviour& behaviour : {answer(404, "<html>not here</html>"), answer(200, "{}")}) {
        client_.reset();
        services_meet([&](const Seen&) { return behaviour; });
        client().start();
        loop_.run_for(100ms);
        EXPECT_FALSE(client().health().warm);
        EXPECT_NE(client().health().last_error, "");
    }
}

TEST_F(Warmth, it_is_lost_and_found_again)
{
    options_.touch = 500ms;
    options_.retry = 50ms;
    options_.retry_most = 50ms;
    warm_up();
    services_meet([](const Seen&) { return answer(503, "<html>Service Unavailable</html>"); });
    loop_.run_for(700ms);
    EXPECT_FALSE(client().health().warm);
    EXPECT_THAT(client().health().last_error, HasSubstr("503"));
    cloud_.fault = nullptr;
    loop_.run_for(200ms);
    EXPECT_TRUE(client().health().warm);
}

TEST_F(Lifetimes, when_the_client_goes_no_handler_is_called)
{
    bool called = false;
    client().start();
    client().force_down(FenceProcedure::forge("compute1"), AttemptId{1}, in(5s), Leave{},
                        [&](NovaAnswer) { called = true; });
    client().sample_servers(HostId{"compute1"}, AttemptId{2}, in(5s),
                            [&](ServersSeen) { called = true; });
    run_until([&] { return cloud_.count("GET /v2.1/") > 0; });
    client_.reset();
    loop_.run_for(100ms);
    EXPECT_FALSE(called);
    EXPECT_EQ(cloud_.count("PUT"), 0U);
}

TEST_F(Lifetimes, the_transport_may_go_first)
{
    client().start();
    client().force_down(FenceProcedure::forge("compute1"), AttemptId{1}, in(5s), Leave{},
                        [](NovaAnswer) { FAIL(); });
    run_until([&] { return !cloud_.seen().empty(); });
    transport_.reset();
    client_.reset();
    loop_.run_for(50ms);
}

TEST_F(Lifetimes, a_handler_may_end_the_client)
{
    bool ended = false;
    client().read_forced_down(HostId{"compute1"}, AttemptId{1}, in(5s), [&](NovaAnswer) {
        client_.reset();
        ended = true;
    });
    client().start();
    loop_.run_for(300ms);
    EXPECT_TRUE(ended);
}

} // namespace
} // namespace knell::nova
