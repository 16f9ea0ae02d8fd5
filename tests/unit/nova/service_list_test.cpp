// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/service_list.hpp"
#include "tests/unit/nova/nova_client_fixture.hpp"

#include <boost/json.hpp>

namespace knell::nova {
namespace {

using http::answer;
using http::Behaviour;
using http::Seen;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Then = http::Behaviour::Then;

ServiceRecord record(const std::string& host, bool forced_down = false, bool disabled = false,
                     bool up = true, const std::string& reason = {})
{
    return {"nova-compute", host, "id-" + host, forced_down, disabled, up, reason};
}

std::vector<ServiceSeen> list(const std::vector<ServiceRecord>& records)
{
    auto parsed = whole_list(records);
    if (const auto* unreadable = std::get_if<Unreadable>(&parsed)) {
        ADD_FAILURE() << unreadable->why;
        return {};
    }
    return std::get<std::vector<ServiceSeen>>(std::move(parsed));
}

std::string trouble(const std::vector<ServiceRecord>& records)
{
    const auto parsed = whole_list(records);
    const auto* unreadable = std::get_if<Unreadable>(&parsed);
    return unreadable == nullptr ? "" : unreadable->why;
}

/// "compute1: forced_down disabled(rack 3) up", what is true of it.
std::string told(const ServiceSeen& seen)
{
    return seen.host.get() + ":" + (seen.forced_down ? " forced_down" : "") +
           (seen.disabled ? " disabled(" + seen.disabled_reason + ")" : seen.disabled_reason) +
           (seen.up ? " up" : "");
}

std::vector<std::string> told(const std::vector<ServiceSeen>& services)
{
    std::vector<std::string> result;
    for (const ServiceSeen& seen : services) {
        result.push_back(told(seen));
    }
    return result;
}

TEST(ServiceList, each_host_is_told_as_nova_shows_it)
{
    ServiceRecord other = record("controller");
    other.binary = "nova-scheduler";
    EXPECT_THAT(told(list({record("b", true, false, false), other,
                           record("a", false, true, true, "new disk"), record("c")})),
                ElementsAre("a: disabled(new disk) up", "b: forced_down", "c: up"));
    EXPECT_THAT(told(list({})), IsEmpty());
}

TEST(ServiceList, of_several_records_of_a_host_all_must_be_flagged_and_one_may_be_up)
{
    EXPECT_THAT(told(list({record("a", true, true, false, "gone"), record("a")})),
                ElementsAre("a: up"));
    EXPECT_THAT(told(list({record("a"), record("a", true, true, false, "gone")})),
                ElementsAre("a: up"));
    EXPECT_THAT(told(list({record("a", true, true, false), record("b"),
                           record("a", true, true, false, "gone")})),
                ElementsAre("a: forced_down disabled(gone)", "b: up"));
}

TEST(ServiceList, one_record_that_hides_something_spoils_all)
{
    ServiceRecord hidden = record("compute7");
    hidden.forced_down.reset();
    EXPECT_THAT(trouble({record("a"), hidden}),
                HasSubstr("lacks forced_down, status or state of compute7"));
    ServiceRecord odd = record("compute7");
    odd.up.reset();
    EXPECT_NE(trouble({odd}), "");
    odd = record("compute7");
    odd.disabled.reset();
    EXPECT_NE(trouble({odd}), "");
    EXPECT_NE(trouble({record("")}), "");
    EXPECT_EQ(trouble({record(std::string(255, 'h'))}), "");
    EXPECT_NE(trouble({record(std::string(256, 'h'))}), "");
    EXPECT_NE(trouble(std::vector<ServiceRecord>(20'001, record("a"))), "");
}

class WatchedServices : public NovaClientTest {
protected:
    void watch(Duration every = 1h)
    {
        client().watch_services(every, [this](ServicesSeen seen) { lists_.push_back(seen); });
    }
    void start()
    {
        watch();
        client().start();
        run_until([&] { return client().health().warm; });
    }

    std::vector<ServicesSeen> lists_;
};

TEST_F(WatchedServices, one_request_keeps_warm_and_tells)
{
    cloud_.services["compute1"].forced_down = true;
    cloud_.services["compute2"].disabled = true;
    cloud_.services["compute2"].disabled_reason = "a\nb";
    const Instant before = in(0s);
    start();
    ASSERT_EQ(lists_.size(), 1U);
    EXPECT_THAT(told(lists_[0].services),
                ElementsAre("compute1: forced_down", "compute2: disabled(a b) up"));
    EXPECT_GE(lists_[0].asked_at, before);
    EXPECT_LE(lists_[0].asked_at, in(0s));
    EXPECT_EQ(cloud_.count("GET /v2.1/os-services"), 1U);
    EXPECT_EQ(cloud_.seen().back().target, "/v2.1/os-services?binary=nova-compute");
    EXPECT_EQ(cloud_.seen().back().header("X-OpenStack-Nova-API-Version"), "2.69");
    EXPECT_EQ(client().health().services_error, "");
    EXPECT_EQ(force_down().outcome, NovaOutcome::done);
    EXPECT_EQ(cloud_.count("GET /v2.1/os-services"), 2U) << "no look more than the reading back";
}

TEST_F(WatchedServices, that_nova_is_lost_and_back_is_told_once_each_time)
{
    options_.retry = 20ms;
    options_.retry_most = 20ms;
    std::vector<bool> turns;
    client().on_turn([&](const NovaHealth& health) { turns.push_back(health.warm); });
    start();
    EXPECT_THAT(turns, IsEmpty()) << "that it answers is what everybody expects";
    services_meet([](const Seen&) { return answer(503, "no"); });
    watch();
    run_until([&] { return cloud_.count("GET /v2.1/os-services") > 5; });
    EXPECT_THAT(turns, ElementsAre(false));
    cloud_.fault = {};
    run_until([&] { return turns.size() > 1; });
    run_until([&] { return client().health().warm; });
    EXPECT_THAT(turns, ElementsAre(false, true));
}

TEST_F(WatchedServices, that_a_list_tells_nothing_and_that_it_tells_again_is_told_once_each_time)
{
    std::vector<std::string> told;
    client().on_list_turn([&](const std::string& trouble) { told.push_back(trouble); });
    start();
    EXPECT_THAT(told, IsEmpty());
    const auto looked = [&] {
        const unsigned before = cloud_.count("GET /v2.1/os-services");
        watch();
        run_until([&] { return cloud_.count("GET /v2.1/os-services") > before; });
        loop_.run_for(20ms);
    };
    cloud_.services["compute2"].cell_reachable = false;
    looked();
    cloud_.services["compute1"].cell_reachable = false;
    looked();
    EXPECT_THAT(told, ElementsAre(HasSubstr("of compute2; the database of its")));
    cloud_.fault = [](const Seen&) { return answer(503, "no"); };
    looked();
    EXPECT_EQ(told.size(), 1U) << "that Nova is lost is told elsewhere";
    cloud_.fault = {};
    cloud_.services["compute1"].cell_reachable = true;
    cloud_.services["compute2"].cell_reachable = true;
    looked();
    looked();
    EXPECT_THAT(told, ElementsAre(HasSubstr("of compute2; the database of its"), ""));
}

TEST_F(WatchedServices, another_pace_holds_from_the_next_failure_on)
{
    options_.retry = 1h;
    options_.retry_most = 1h;
    start();
    client().set_pace({5s, 10ms, 20ms});
    services_meet([](const Seen&) { return answer(503, "no"); });
    watch();
    run_until([&] { return cloud_.count("GET /v2.1/os-services") > 5; });
    EXPECT_GT(cloud_.count("GET /v2.1/os-services"), 5U);
}

TEST_F(WatchedServices, another_pace_is_also_that_of_a_nova_that_is_lost)
{
    options_.retry = 100ms;
    options_.retry_most = 1h;
    services_meet([](const Seen&) { return answer(503, "no"); });
    watch();
    client().start();
    run_until([&] { return cloud_.count("GET /v2.1/os-services") > 2; });
    client().set_pace({5s, 10ms, 20ms});
    watch();
    run_until([&] { return cloud_.count("GET /v2.1/os-services") > 8; });
    EXPECT_GT(cloud_.count("GET /v2.1/os-services"), 8U);
}

TEST_F(WatchedServices, they_are_looked_at_again_and_again)
{
    client().start();
    run_until([&] { return client().health().warm; });
    watch(500ms);
    run_until([&] { return !lists_.empty(); });
    cloud_.services["compute2"].up = false;
    run_until([&] { return lists_.size() >= 3; });
    EXPECT_THAT(told(lists_.at(2).services), ElementsAre("compute1: up", "compute2:"));
    EXPECT_GT(lists_.at(2).asked_at, lists_.at(1).asked_at);
}

TEST_F(WatchedServices, an_unreachable_cell_silences_the_list_but_not_nova)
{
    cloud_.services["compute2"].cell_reachable = false;
    start();
    EXPECT_THAT(lists_, IsEmpty());
    EXPECT_THAT(client().health().services_error, HasSubstr("of compute2; the database of its"));
    EXPECT_EQ(force_down("compute1").outcome, NovaOutcome::done);
    cloud_.services["compute2"].cell_reachable = true;
    watch();
    run_until([&] { return !lists_.empty(); });
    EXPECT_EQ(client().health().services_error, "");
}

TEST_F(WatchedServices, what_is_no_list_is_not_told_and_health_says_why)
{
    options_.retry = 20ms;
    options_.retry_most = 20ms;
    watch();
    client().start();
    for (const auto& [behaviour, why] : std::vector<std::pair<Behaviour, std::string>>{
             {answer(503, "<html>no</html>"), "503"},
             {answer(403, R"({"forbidden":{"message":"Policy"}})"), "Policy"},
             {answer(200, "{}"), "no list of services"},
             {answer(200, R"({"services":[{"binary":"nova-compute","host":"a"}]})"), "lacks"},
             {Behaviour{"", Then::close}, "did not answer"}}) {
        services_meet([b = behaviour](const Seen&) { return b; });
        watch();
        run_until([&, &part = why] {
            return client().health().services_error.find(part) != std::string::npos;
        });
        EXPECT_THAT(client().health().services_error, HasSubstr(why));
        EXPECT_THAT(lists_, IsEmpty());
    }
}

TEST_F(WatchedServices, before_2_69_no_service_at_all_may_be_a_cell_that_cannot_be_reached)
{
    cloud_.version = "2.68";
    cloud_.services["compute1"].cell_reachable = false;
    cloud_.services["compute2"].cell_reachable = false;
    start();
    EXPECT_THAT(lists_, IsEmpty());
    EXPECT_THAT(client().health().services_error, HasSubstr("cannot reach the database"));
    cloud_.services["compute2"].cell_reachable = true;
    watch();
    run_until([&] { return !lists_.empty(); });
    EXPECT_THAT(told(lists_.at(0).services), ElementsAre("compute2: up"));
    cloud_.version = "2.69";
    cloud_.services.clear();
    client_.reset();
    lists_.clear();
    start();
    EXPECT_EQ(lists_.size(), 1U) << "a Nova without hosts says so";
}

TEST_F(WatchedServices, a_nova_without_the_flag_tells_nothing)
{
    cloud_.version = "2.10";
    start();
    EXPECT_THAT(lists_, IsEmpty());
    EXPECT_EQ(client().health().services_error,
              "this Nova speaks at most 2.10, and forced_down needs 2.11");
}

TEST_F(WatchedServices, a_host_with_two_records_is_never_written_by_chance)
{
    services_meet([](const Seen&) {
        return answer(200, R"({"services":[
            {"binary":"nova-compute","host":"compute1","id":"11111111-0000-4000-8000-000000000001",
             "status":"enabled","state":"up","forced_down":false,"disabled_reason":null},
            {"binary":"nova-compute","host":"compute1","id":"33333333-0000-4000-8000-000000000001",
             "status":"enabled","state":"down","forced_down":false,"disabled_reason":null}]})");
    });
    start();
    ASSERT_EQ(lists_.size(), 1U);
    EXPECT_THAT(told(lists_[0].services), ElementsAre("compute1: up"));
    EXPECT_EQ(force_down().outcome, NovaOutcome::unknown);
    EXPECT_EQ(cloud_.count("PUT"), 0U);
}

TEST_F(WatchedServices, a_handler_may_watch_anew_and_may_end_the_client)
{
    unsigned told = 0;
    client().watch_services(1h, [&](const ServicesSeen&) {
        ++told;
        client().watch_services(1h, [&](const ServicesSeen&) {
            ++told;
            client_.reset();
        });
    });
    client().start();
    run_until([&] { return client_ == nullptr; });
    loop_.run_for(50ms);
    EXPECT_EQ(told, 2U);
}

} // namespace
} // namespace knell::nova
