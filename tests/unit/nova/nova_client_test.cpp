// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/unit/nova/nova_client_fixture.hpp"

namespace knell::nova {
namespace {

using http::answer;
using http::Behaviour;
using http::Seen;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Then = http::Behaviour::Then;

using Writing = NovaClientTest;
using Doubt = NovaClientTest;
using Refusals = NovaClientTest;
using OldNova = NovaClientTest;
using SampledServers = NovaClientTest;

const std::string put_1 = "PUT /v2.1/os-services/11111111-0000-4000-8000-000000000001";

TEST_F(Writing, from_cold_every_step_is_taken_in_order)
{
    const NovaAnswer result = force_down();
    EXPECT_EQ(result.outcome, NovaOutcome::done) << result.detail;
    EXPECT_EQ(result.forced_down, true);
    EXPECT_EQ(result.host, HostId{"compute1"});
    EXPECT_TRUE(cloud_.services["compute1"].forced_down);
    EXPECT_FALSE(cloud_.services["compute2"].forced_down);
    EXPECT_THAT(asked(), ElementsAre("POST /identity/v3/auth/tokens", "GET /v2.1/",
                                     "GET /v2.1/os-services", put_1, "GET /v2.1/os-services"));
    const Seen& put = cloud_.seen().at(3);
    EXPECT_EQ(put.body, R"({"forced_down":true})");
    EXPECT_EQ(put.header("OpenStack-API-Version"), "compute 2.53");
    EXPECT_EQ(put.header("X-OpenStack-Nova-API-Version"), "2.53");
    EXPECT_EQ(cloud_.seen().at(4).target, "/v2.1/os-services?binary=nova-compute&host=compute1");
    EXPECT_EQ(cloud_.seen().at(4).header("X-OpenStack-Nova-API-Version"), "2.69");
}

TEST_F(Writing, kept_warm_it_takes_one_write_and_one_look)
{
    warm_up();
    EXPECT_EQ(force_down().outcome, NovaOutcome::done);
    EXPECT_THAT(asked(), ElementsAre(put_1, "GET /v2.1/os-services"));
    EXPECT_EQ(clear().outcome, NovaOutcome::done);
    EXPECT_FALSE(cloud_.services["compute1"].forced_down);
}

TEST_F(Writing, the_detail_names_the_requests_as_novas_log_does)
{
    EXPECT_EQ(force_down().detail, "PUT req-4, read back by req-5: forced_down=true");
    EXPECT_EQ(clear().detail, "PUT req-6, read back by req-7: forced_down=false");
    EXPECT_EQ(read().detail, "Nova shows forced_down=false (req-8)");
}

TEST_F(Writing, a_request_id_that_is_none_is_not_repeated)
{
    warm_up();
    put_meets([&](const Seen& seen) {
        cloud_.serve(seen);
        return answer(200, "{}", "x-openstack-request-id: req-\x1b[31m\r\n");
    });
    const NovaAnswer result = force_down();
    EXPECT_EQ(result.detail,
              "PUT, read back by " + cloud_.last_request_id() + ": forced_down=true");
    cloud_.fault = nullptr;
    services_meet([&](const Seen& seen) {
        Behaviour usual = cloud_.serve(seen);
        return answer(200, usual.bytes.substr(usual.bytes.find("\r\n\r\n") + 4),
                      "x-openstack-request-id: " + std::string(65, 'r') + "\r\n");
    });
    EXPECT_EQ(read().detail, "Nova shows forced_down=true");
}

TEST_F(Writing, done_again_is_done)
{
    cloud_.services["compute1"].forced_down = true;
    EXPECT_EQ(force_down().outcome, NovaOutcome::done);
    EXPECT_TRUE(cloud_.services["compute1"].forced_down);
}

TEST_F(Writing, reading_changes_nothing)
{
    cloud_.services["compute2"].forced_down = true;
    EXPECT_EQ(read("compute2").forced_down, true);
    EXPECT_EQ(read("compute1").forced_down, false);
    EXPECT_EQ(cloud_.count("PUT"), 0U);
}

TEST_F(Writing, a_service_made_anew_is_looked_up_again)
{
    warm_up();
    cloud_.services["compute1"].id = "22222222-0000-4000-8000-000000000001";
    EXPECT_EQ(force_down().outcome, NovaOutcome::done);
    EXPECT_TRUE(cloud_.services["compute1"].forced_down);
    EXPECT_EQ(cloud_.count("PUT"), 2U);
}

TEST_F(Writing, a_service_that_stays_away_is_looked_up_only_once)
{
    warm_up();
    put_meets([](const Seen&) { return answer(404, R"({"itemNotFound":{"message":"no"}})"); });
    EXPECT_EQ(force_down().refusal, NovaRefusal::not_found);
    EXPECT_EQ(cloud_.count("PUT"), 2U);
}

TEST_F(Doubt, a_write_that_shows_no_effect_is_not_done)
{
    put_meets([](const Seen&) { return answer(200, R"({"service":{"forced_down":true}})"); });
    const NovaAnswer result = force_down();
    EXPECT_EQ(result.outcome, NovaOutcome::unknown);
    EXPECT_EQ(result.forced_down, false);
    EXPECT_EQ(result.detail,
              "PUT, but read back by " + cloud_.last_request_id() + ": forced_down=false");
}

TEST_F(Doubt, a_write_whose_answer_was_lost_is_done_if_it_reads_so)
{
    for (const Then end : {Then::close, Then::reset, Then::hang}) {
        cloud_.services["compute1"].forced_down = false;
        put_meets([&](const Seen& seen) {
            cloud_.serve(seen);
            return Behaviour{"", end};
        });
        const NovaAnswer result = force_down("compute1", 1s);
        EXPECT_EQ(result.outcome, NovaOutcome::done) << result.detail;
        EXPECT_EQ(result.forced_down, true);
        EXPECT_THAT(result.detail, StartsWith("Nova did not answer: "));
        EXPECT_THAT(result.detail,
                    EndsWith(", read back by " + cloud_.last_request_id() + ": forced_down=true"));
    }
}

TEST_F(Doubt, a_write_that_was_lost_is_not_done)
{
    for (const Then end : {Then::close, Then::reset, Then::hang}) {
        put_meets([&](const Seen&) { return Behaviour{"", end}; });
        const NovaAnswer result = force_down("compute1", 1s);
        EXPECT_EQ(result.outcome, NovaOutcome::unknown) << result.detail;
        EXPECT_EQ(result.forced_down, false);
    }
}

TEST_F(Doubt, an_error_of_the_server_may_still_have_acted)
{
    for (const unsigned status : {500U, 502U, 503U, 504U}) {
        cloud_.services["compute1"].forced_down = false;
        put_meets([&](const Seen& seen) {
            cloud_.serve(seen);
            return answer(status, "<html>sorry</html>");
        });
        EXPECT_EQ(force_down().outcome, NovaOutcome::done) << status;
        put_meets([&](const Seen&) { return answer(status, "<html>sorry</html>"); });
        const NovaAnswer result = clear();
        EXPECT_EQ(result.outcome, NovaOutcome::unknown) << status;
        EXPECT_EQ(result.forced_down, true);
        EXPECT_THAT(result.detail, HasSubstr(std::to_string(status)));
    }
}

TEST_F(Doubt, what_cannot_be_read_back_is_not_done)
{
    warm_up();
    for (const Behaviour& behaviour :
         {answer(500, ""), answer(200, "{}"), answer(200, ""), answer(200, R"({"services":[]})"),
          answer(200, R"({"services":[{"binary":"nova-compute","host":"compute1"}]})"),
          answer(200, R"({"services":[{"binary":"nova-compute","host":"compute1",
                                       "forced_down":"true"}]})"),
          answer(200, R"({"services":[{"binary":"nova-compute","host":"compute2",
                                       "forced_down":true}]})"),
          answer(200, R"({"services":[{"binary":"nova-scheduler","host":"compute1",
                                       "forced_down":true}]})"),
          answer(200, R"({"services":[
              {"binary":"nova-compute","host":"compute1","forced_down":true},
              {"binary":"nova-compute","host":"compute1","forced_down":true}]})"),
          Behaviour{"", Then::close}}) {
        services_meet([&](const Seen&) { return behaviour; });
        EXPECT_EQ(client().health().endpoint, cloud_.url("/v2.1"));
        const NovaAnswer result = force_down();
        EXPECT_NE(result.outcome, NovaOutcome::done) << behaviour.bytes;
        EXPECT_EQ(result.forced_down, std::nullopt) << behaviour.bytes;
    }
}

TEST_F(Doubt, an_unreachable_cell_is_not_a_missing_host)
{
    cloud_.services["compute1"].cell_reachable = false;
    EXPECT_EQ(read().outcome, NovaOutcome::unknown);
    EXPECT_EQ(force_down().outcome, NovaOutcome::unknown);
    EXPECT_EQ(cloud_.count("PUT"), 0U);
    cloud_.version = "2.68";
    client_.reset();
    const NovaAnswer result = read();
    EXPECT_EQ(result.outcome, NovaOutcome::unknown);
    EXPECT_THAT(result.detail, HasSubstr("cell"));
}

TEST_F(Doubt, the_answer_comes_by_its_deadline_whatever_hangs)
{
    for (const char* where : {"/identity", "/v2.1/", "/v2.1/os-services"}) {
        client_.reset();
        cloud_.fault = [where](const Seen& seen) -> std::optional<Behaviour> {
            return seen.target.starts_with(where) ? std::optional{Behaviour{"", Then::hang}}
                                                  : std::nullopt;
        };
        EXPECT_EQ(force_down("compute1", 300ms).outcome, NovaOutcome::unknown) << where;
        EXPECT_EQ(read("compute1", 300ms).outcome, NovaOutcome::unknown) << where;
    }
    cloud_.fault = [](const Seen& seen) -> std::optional<Behaviour> {
        return seen.target.starts_with("/v2.1/servers") ? std::optional{Behaviour{"", Then::hang}}
                                                        : std::nullopt;
    };
    EXPECT_FALSE(sample("compute1", 300ms).known);
    EXPECT_EQ(force_down("compute1", -1s).outcome, NovaOutcome::unknown);
    EXPECT_EQ(cloud_.count("PUT"), 0U);
}

TEST_F(Refusals, each_status_is_told_with_novas_words_and_request_id)
{
    const std::map<unsigned, NovaRefusal> expected{{400, NovaRefusal::bad_request},
                                                   {403, NovaRefusal::forbidden},
                                                   {409, NovaRefusal::bad_request},
                                                   {429, NovaRefusal::too_many}};
    for (const auto& [status, refusal] : expected) {
        put_meets([status = status](const Seen&) {
            return answer(status, R"({"fault":{"message":"because"}})",
                          "Retry-After: 3\r\nX-OpenStack-Request-Id: req-9\r\n");
        });
        const NovaAnswer result = force_down();
        EXPECT_EQ(result.refusal, refusal) << status;
        EXPECT_EQ(result.retry_after, Duration{3s});
        EXPECT_THAT(result.detail, HasSubstr("because (req-9)"));
    }
}

TEST_F(Refusals, unfinished_evacuations_keep_the_flag)
{
    cloud_.services["compute1"].forced_down = true;
    put_meets([](const Seen&) {
        return answer(400, R"({"badRequest":{"code":400,"message":"Unable to force up host )"
                           R"(compute1 as `done` evacuation migration records remain )"
                           R"(associated with the host."}})");
    });
    const NovaAnswer result = clear();
    EXPECT_EQ(result.refusal, NovaRefusal::evacuations_unfinished);
    EXPECT_EQ(result.forced_down, true);
}

TEST_F(Refusals, a_host_is_matched_by_its_whole_name)
{
    services_meet([](const Seen&) {
        return answer(200, R"({"services":[
            {"binary":"nova-compute","host":"compute10","id":"a","forced_down":false},
            {"binary":"nova-compute","host":"Compute1","id":"b","forced_down":false},
            {"binary":"nova-compute","host":"compute1.example","id":"c","forced_down":false},
            {"binary":"nova-cells","host":"compute1","id":"d","forced_down":false}]})");
    });
    const NovaAnswer result = force_down();
    EXPECT_EQ(result.refusal, NovaRefusal::not_found);
    EXPECT_THAT(result.detail, HasSubstr("exactly \"compute1\""));
    EXPECT_EQ(cloud_.count("PUT"), 0U);
}

TEST_F(Refusals, an_html_404_is_a_wrong_endpoint_and_proves_nothing)
{
    options_.endpoint_override = cloud_.url("/v2.1/wrong");
    EXPECT_EQ(read().outcome, NovaOutcome::unknown);
    options_.endpoint_override = cloud_.url("/other/v2.1");
    client_.reset();
    EXPECT_EQ(read().outcome, NovaOutcome::unknown);
}

TEST_F(OldNova, before_2_53_the_host_is_named_instead_of_the_service)
{
    cloud_.version = "2.52";
    EXPECT_EQ(force_down().outcome, NovaOutcome::done);
    EXPECT_EQ(clear().outcome, NovaOutcome::done);
    EXPECT_EQ(cloud_.count("PUT /v2.1/os-services/force-down"), 2U);
    const Seen& put = cloud_.seen().at(2);
    EXPECT_EQ(put.body, R"({"host":"compute1","binary":"nova-compute","forced_down":true})");
    EXPECT_EQ(put.header("X-OpenStack-Nova-API-Version"), "2.11");
}

TEST_F(OldNova, the_oldest_that_knows_the_flag_is_enough)
{
    cloud_.version = "2.11";
    EXPECT_EQ(force_down().outcome, NovaOutcome::done);
    EXPECT_FALSE(sample().known);
}

TEST_F(OldNova, one_that_does_not_know_the_flag_is_refused_and_untouched)
{
    cloud_.version = "2.10";
    for (const NovaAnswer& result : {force_down(), read()}) {
        EXPECT_EQ(result.refusal, NovaRefusal::bad_request);
        EXPECT_THAT(result.detail, HasSubstr("speaks at most 2.10"));
    }
    EXPECT_EQ(cloud_.count("PUT"), 0U);
}

TEST_F(OldNova, one_that_replaced_a_newer_is_asked_again_what_it_speaks)
{
    EXPECT_EQ(read().outcome, NovaOutcome::done);
    cloud_.version = "2.60";
    EXPECT_EQ(read().outcome, NovaOutcome::unknown);
    EXPECT_EQ(read().outcome, NovaOutcome::done);
    EXPECT_EQ(client().health().microversion, "2.60");
}

TEST_F(SampledServers, those_of_the_host_are_counted)
{
    cloud_.servers = R"({"servers":[
        {"OS-EXT-SRV-ATTR:host":"compute1","host_status":"DOWN"},
        {"OS-EXT-SRV-ATTR:host":"compute1","host_status":"UP"},
        {"OS-EXT-SRV-ATTR:host":"compute1","host_status":"DOWN"}]})";
    options_.servers_sampled = 3;
    const ServersSeen seen = sample();
    EXPECT_TRUE(seen.known);
    EXPECT_EQ(seen.sampled, 3U);
    EXPECT_EQ(seen.down, 2U);
    EXPECT_EQ(seen.host, HostId{"compute1"});
    EXPECT_EQ(seen.attempt, AttemptId{7});
    EXPECT_EQ(cloud_.seen().back().target,
              "/v2.1/servers/detail?all_tenants=1&host=compute1&limit=3");
    EXPECT_EQ(cloud_.seen().back().header("X-OpenStack-Nova-API-Version"), "2.16");
}

TEST_F(SampledServers, none_is_an_answer_and_a_hidden_status_is_not)
{
    EXPECT_TRUE(sample().known);
    cloud_.servers = R"({"servers":[{"name":"vm1"}]})";
    EXPECT_FALSE(sample().known);
    cloud_.servers = "{}";
    EXPECT_FALSE(sample().known);
}

} // namespace
} // namespace knell::nova
