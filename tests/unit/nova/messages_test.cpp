// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/finding.hpp"
#include "nova/messages.hpp"
#include "tests/unit/nova/fixture.hpp"

#include <boost/json.hpp>

#include <gtest/gtest.h>

namespace knell::nova {
namespace {

template <class T>
T read(Parsed<T> parsed)
{
    if (const auto* unreadable = std::get_if<Unreadable>(&parsed)) {
        ADD_FAILURE() << unreadable->why;
        return {};
    }
    return std::get<T>(std::move(parsed));
}

template <class T>
bool unreadable(const Parsed<T>& parsed)
{
    return std::holds_alternative<Unreadable>(parsed);
}

TEST(Token, its_lifetime_is_the_difference_of_two_times_of_keystone)
{
    EXPECT_EQ(read(parse_token(fixture("token.json"))).lifetime, 1h);
    const auto lifetime = [](const char* issued, const char* expires) {
        return read(parse_token(std::string{R"({"token":{"issued_at":")"} + issued +
                                R"(","expires_at":")" + expires + "\"}}"))
            .lifetime;
    };
    EXPECT_EQ(lifetime("2026-12-31T23:59:59.5Z", "2027-01-01T00:00:01Z"), 2s);
    EXPECT_EQ(lifetime("2024-02-28T12:00:00Z", "2024-03-01T12:00:00Z"), 48h);
}

TEST(Token, one_without_usable_times_is_none)
{
    for (const char* expires :
         {"", "tomorrow", "2026-11-22T13:02:15Z", "2026-11-22T13:02:14Z", "2026-13-22T14:02:15Z",
          "2026-02-30T14:02:15Z", "-026-11-22T14:02:15Z", "2026-11-22 14:02:15",
          "2026-11-2xT14:02:15Z"}) {
        EXPECT_TRUE(unreadable(parse_token(
            std::string{R"({"token":{"issued_at":"2026-11-22T13:02:15Z","expires_at":")"} +
            expires + "\"}}")))
            << expires;
    }
    EXPECT_TRUE(unreadable(parse_token(R"({"token":{"issued_at":1,"expires_at":2}})")));
}

TEST(Catalogue, the_compute_endpoint_is_chosen_by_interface_and_region)
{
    const auto endpoints = read(parse_token(fixture("token.json"))).compute;
    EXPECT_EQ(choose_endpoint(endpoints, "public", ""), "http://public.example:8774/v2.1");
    EXPECT_EQ(choose_endpoint(endpoints, "internal", ""), "http://internal.example:8774/v2.1/");
    EXPECT_EQ(choose_endpoint(endpoints, "internal", "RegionTwo"),
              "http://two.example:8774/v2.1/5c593e8dc66c41cb98ea31e4fe0962f6");
    EXPECT_EQ(choose_endpoint(endpoints, "public", "RegionTwo"), std::nullopt);
    EXPECT_EQ(choose_endpoint(endpoints, "admin", ""), std::nullopt);
}

TEST(Urls, auth_url_is_taken_with_and_without_version_and_slash)
{
    for (const char* url : {"http://k:5000", "http://k:5000/", "http://k:5000/v3",
                            "http://k:5000/v3/", "http://k:5000/v3//"}) {
        EXPECT_EQ(token_url(url), "http://k:5000/v3/auth/tokens") << url;
    }
    EXPECT_EQ(token_url("https://k/identity"), "https://k/identity/v3/auth/tokens");
}

TEST(Urls, the_versions_are_told_at_the_root_of_v21)
{
    for (const char* url : {"http://n:8774/v2.1", "http://n:8774/v2.1/", "http://n:8774",
                            "http://n:8774/v2.1/5c593e8dc66c41cb98ea31e4fe0962f6"}) {
        EXPECT_EQ(version_root(url), "http://n:8774/v2.1/") << url;
    }
    EXPECT_EQ(version_root("https://n/compute/v2.1"), "https://n/compute/v2.1/");
    EXPECT_EQ(version_root("http://n:8774/v2/abc"), "http://n:8774/v2/");
}

TEST(Urls, a_host_name_cannot_leave_its_place_in_a_query)
{
    EXPECT_EQ(percent_encoded("compute-1.example_x~"), "compute-1.example_x~");
    EXPECT_EQ(percent_encoded("a&b=c/../d?e#f%g h"), "a%26b%3Dc%2F..%2Fd%3Fe%23f%25g%20h");
}

TEST(Versions, a_range_is_read_and_the_nearest_taken)
{
    const VersionRange range = read(parse_version(fixture("version.json")));
    EXPECT_EQ(range.most, (Microversion{2, 93}));
    EXPECT_EQ(range.nearest({2, 69}), (Microversion{2, 69}));
    EXPECT_EQ(range.nearest({2, 94}), (Microversion{2, 93}));
    EXPECT_EQ((VersionRange{{2, 60}, {2, 104}}).nearest({2, 53}), (Microversion{2, 60}));
    EXPECT_LT((Microversion{2, 9}), (Microversion{2, 11}));
    EXPECT_EQ(to_string(range.most), "2.93");
}

TEST(Versions, what_tells_none_is_no_nova)
{
    EXPECT_TRUE(unreadable(parse_version(fixture("version_v20.json"))));
    for (const char* text : {"{}", R"({"version":{}})", R"({"version":"2.1"})",
                             R"({"version":{"version":"2.x","min_version":"2.1"}})",
                             R"({"version":{"version":"2.1","min_version":"2.93"}})",
                             R"({"version":{"version":"2.93.1","min_version":"2.1"}})",
                             R"({"version":{"version":"99999999999.1","min_version":"2.1"}})",
                             R"({"version":{"version":"-2.1","min_version":"2.1"}})"}) {
        EXPECT_TRUE(unreadable(parse_version(text))) << text;
    }
}

TEST(Services, records_are_read)
{
    const auto records = read(parse_services(fixture("services.json")));
    ASSERT_EQ(records.size(), 3U);
    EXPECT_EQ(records[1].host, "compute1");
    EXPECT_EQ(records[1].binary, "nova-compute");
    EXPECT_EQ(records[1].id, "11111111-0000-4000-8000-000000000002");
    EXPECT_EQ(records[1].forced_down, true);
    EXPECT_EQ(records[2].forced_down, false);
    EXPECT_EQ(records[1].disabled, false);
    EXPECT_EQ(records[1].up, false);
    EXPECT_EQ(records[2].up, true);
    EXPECT_EQ(records[2].disabled_reason, "");
}

TEST(Services, a_reason_is_one_short_line_and_an_unknown_word_is_no_answer)
{
    const auto read_one = [](const std::string& members) {
        return read(parse_services(R"({"services":[{"host":"h",)" + members + "}]}")).at(0);
    };
    const auto record =
        read_one(R"("status":"disabled","state":"up","disabled_reason":"new\n\u001b[1mdisk")");
    EXPECT_EQ(record.disabled, true);
    EXPECT_EQ(record.up, true);
    EXPECT_EQ(record.disabled_reason, "new [1mdisk");
    std::string umlauts;
    for (int i = 0; i < 300; ++i) {
        umlauts += "\xc3\xa4";
    }
    const auto reason = read_one(R"("disabled_reason":"x)" + umlauts + "\"").disabled_reason;
    EXPECT_EQ(reason, "x" + umlauts.substr(0, 400) + " ...");
    for (const char* odd :
         {R"("status":"UNKNOWN")", R"("status":true,"state":1)", R"("state":"")"}) {
        EXPECT_EQ(read_one(odd).disabled, std::nullopt) << odd;
        EXPECT_EQ(read_one(odd).up, std::nullopt) << odd;
    }
}

TEST(Services, an_integer_is_no_id_and_an_absent_flag_is_not_false)
{
    const auto old = read(parse_services(fixture("services_2.1.json")));
    EXPECT_EQ(old.at(0).id, "");
    EXPECT_EQ(old.at(0).forced_down, std::nullopt);
    for (const auto& record : read(parse_services(fixture("services_cell_unreachable.json")))) {
        EXPECT_EQ(record.forced_down, std::nullopt);
    }
    for (const char* flag : {"null", "0", "1", "\"true\"", "\"false\"", "[]", "{}"}) {
        const auto odd = read(parse_services(
            std::string{R"({"services":[{"host":"h","forced_down":)"} + flag + "}]}"));
        EXPECT_EQ(odd.at(0).forced_down, std::nullopt) << flag;
    }
}

TEST(Services, nonsense_is_not_an_empty_list)
{
    std::string deep = R"({"services":)";
    deep += std::string(100'000, '[') + std::string(100'000, ']') + "}";
    for (const std::string& text : std::vector<std::string>{
             "", "null", "[]", "{}", R"({"services":null})", R"({"services":{}})",
             R"({"services":[1]})", R"({"services":[{}]} trailing)", R"({"services":[)",
             "<html></html>", std::string(10, '\0'), deep, "{\"services\":\"\xff\xfe\"}"}) {
        EXPECT_TRUE(unreadable(parse_services(text))) << text.substr(0, 60);
    }
}

TEST(Servers, only_those_of_the_host_that_show_their_status_are_counted)
{
    const auto sample = read(parse_servers(fixture("servers.json"), "compute1"));
    EXPECT_EQ(sample.sampled, 2U);
    EXPECT_EQ(sample.down, 1U);
    EXPECT_EQ(sample.others, 2U);
    EXPECT_TRUE(unreadable(parse_servers("{}", "compute1")));
    EXPECT_TRUE(unreadable(parse_servers(R"({"servers":["vm1"]})", "compute1")));
}

TEST(Faults, the_peers_own_words_are_found)
{
    EXPECT_EQ(fault_message(R"({"forbidden":{"code":403,"message":"Policy doesn't allow it."}})"),
              "Policy doesn't allow it.");
    EXPECT_EQ(fault_message(R"({"error":{"code":401,"title":"Unauthorized","message":"Who?"}})"),
              "Who?");
    EXPECT_NE(fault_message(fixture("fault_503.html"))
                  .find("The Keystone service is temporarily unavailable."),
              std::string::npos);
    for (const char* text :
         {"", "null", "[]", "{}", R"({"error":"x"})", R"({"a":{"message":1}})"}) {
        EXPECT_EQ(fault_message(text), "") << text;
    }
}

TEST(Faults, their_words_cannot_break_a_log_line)
{
    const std::string message =
        fault_message(R"({"x":{"message":"a\nb\r\u001b[31mc\u0000d\u007fe"}})");
    EXPECT_EQ(message, "a b [31mc d e");
    boost::json::object body;
    body["x"] = {{"message", std::string(100'000, 'y')}};
    EXPECT_LE(fault_message(boost::json::serialize(body)).size(), 410U);
}

http::Response response(unsigned status, std::string body)
{
    return {status, {{"X-Openstack-Request-Id", "req-42"}, {"retry-after", "7"}}, std::move(body)};
}

TEST(Judgement, each_status_has_its_meaning)
{
    const auto refusal = [](unsigned status, const std::string& body) {
        const Finding finding = judge(response(status, body));
        EXPECT_EQ(finding.outcome == NovaOutcome::refused, finding.refusal != NovaRefusal::none);
        EXPECT_EQ(finding.forced_down, std::nullopt);
        return finding.refusal;
    };
    const std::string json = R"({"fault":{"message":"no"}})";
    EXPECT_EQ(refusal(400, json), NovaRefusal::bad_request);
    EXPECT_EQ(refusal(400, fixture("fault_evacuations.json")), NovaRefusal::evacuations_unfinished);
    EXPECT_EQ(refusal(409, fixture("fault_evacuations.json")), NovaRefusal::evacuations_unfinished);
    EXPECT_EQ(refusal(409, json), NovaRefusal::bad_request);
    EXPECT_EQ(refusal(403, json), NovaRefusal::forbidden);
    EXPECT_EQ(refusal(404, json), NovaRefusal::not_found);
    EXPECT_EQ(refusal(429, json), NovaRefusal::too_many);
    for (const unsigned status : {300U, 302U, 401U, 406U, 418U, 500U, 502U, 503U, 504U, 999U}) {
        EXPECT_EQ(refusal(status, json), NovaRefusal::none) << status;
    }
    EXPECT_EQ(refusal(404, "<html>not a Nova</html>"), NovaRefusal::none);
}

TEST(Judgement, the_operator_gets_the_words_the_request_id_and_the_wait)
{
    const Finding finding = judge(response(429, R"({"overLimit":{"message":"slow down"}})"));
    EXPECT_EQ(finding.detail, "Nova answered HTTP 429: slow down (req-42)");
    EXPECT_EQ(finding.retry_after, Duration{7s});
    const auto wait = [](const char* text) {
        return judge(http::Response{429, {{"Retry-After", text}}, ""}).retry_after;
    };
    EXPECT_EQ(wait("Fri, 31 Dec 1999 23:59:59 GMT"), std::nullopt);
    EXPECT_EQ(wait("-1"), std::nullopt);
    EXPECT_EQ(wait("999999999"), Duration{1h});
}

boost::json::value posted(const CloudSettings& settings)
{
    return boost::json::parse(std::string{token_request(settings).reveal()});
}

TEST(TokenRequest, a_password_with_names_and_domains)
{
    CloudSettings settings;
    settings.username = "admin";
    settings.user_domain_name = "Default";
    settings.password = Secret{"p\"\\\n\x01ä"};
    settings.project_name = "admin";
    settings.project_domain_id = "default";
    EXPECT_EQ(posted(settings), boost::json::parse(R"({"auth":{"identity":{"methods":["password"],
        "password":{"user":{"name":"admin","domain":{"name":"Default"},
        "password":"p\"\\\u000a\u0001ä"}}},
        "scope":{"project":{"name":"admin","domain":{"id":"default"}}}}})"));
}

TEST(TokenRequest, ids_need_no_domains_and_the_system_is_a_scope)
{
    CloudSettings settings;
    settings.user_id = "u1";
    settings.username = "ignored";
    settings.user_domain_name = "ignored";
    settings.password = Secret{std::string(5000, 'x')};
    settings.project_id = "p1";
    auto request = posted(settings);
    EXPECT_EQ(request.at_pointer("/auth/identity/password/user/id").as_string(), "u1");
    EXPECT_FALSE(request.at_pointer("/auth/identity/password/user").as_object().contains("domain"));
    EXPECT_EQ(request.at_pointer("/auth/scope/project/id").as_string(), "p1");
    settings.system_scope = "all";
    EXPECT_EQ(posted(settings).at_pointer("/auth/scope"),
              boost::json::parse(R"({"system":{"all":true}})"));
}

TEST(TokenRequest, an_application_credential_has_no_scope)
{
    CloudSettings settings;
    settings.method = CloudSettings::Method::application_credential;
    settings.application_credential_id = "c1";
    settings.application_credential_secret = Secret{"s"};
    settings.project_name = "not sent";
    EXPECT_EQ(posted(settings), boost::json::parse(R"({"auth":{"identity":{
        "methods":["application_credential"],
        "application_credential":{"id":"c1","secret":"s"}}}})"));
    settings.application_credential_id.clear();
    settings.application_credential_name = "knell";
    settings.username = "u";
    settings.user_domain_id = "default";
    EXPECT_EQ(posted(settings).at_pointer("/auth/identity/application_credential"),
              boost::json::parse(R"({"name":"knell","user":{"name":"u","domain":{"id":"default"}},
                                     "secret":"s"})"));
}

TEST(ForceDown, the_bodies_are_what_nova_wants)
{
    EXPECT_EQ(force_down_by_id(true), R"({"forced_down":true})");
    EXPECT_EQ(force_down_by_id(false), R"({"forced_down":false})");
    EXPECT_EQ(boost::json::parse(force_down_by_host("a\"b", false)),
              boost::json::parse(R"({"host":"a\"b","binary":"nova-compute","forced_down":false})"));
}

TEST(NovaMessages, an_error_page_in_another_encoding_becomes_a_line_that_json_can_carry)
{
    EXPECT_EQ(fault_message("<html>Schl\xfc"
                            "ssel \xe9"
                            "<b>abgelaufen</b>\xc2\x9b"
                            "2J</html>"),
              "Schl?ssel ? abgelaufen 2J");
    EXPECT_EQ(one_line("\xe0\x82\x9b ok"), "??? ok");
}

} // namespace
} // namespace knell::nova
