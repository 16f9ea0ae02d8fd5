// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/format.hpp"
#include "cli/server_list_text.hpp"
#include "cli_fixture.hpp"

#include <gmock/gmock.h>

namespace knell::cli {
namespace {

using testing::HasSubstr;

Listing two_rows()
{
    return {{"Host", "Seconds", "In Plan", "Why"},
            {{"compute1", 12.5, true, "a \"quoted\", odd\ntext"}, {"compute2", 3, false, nullptr}}};
}

std::string printed(const Listing& listing, Format format)
{
    std::ostringstream out;
    print(out, listing, format);
    return out.str();
}

std::string yaml_of(const json::value& value)
{
    std::ostringstream out;
    print_yaml(out, value);
    return out.str();
}

TEST(Format, csv_quotes_texts_and_leaves_out_what_is_not_there)
{
    EXPECT_EQ(printed(two_rows(), Format::csv),
              "\"Host\",\"Seconds\",\"In Plan\",\"Why\"\n"
              "\"compute1\",12.5,true,\"a \"\"quoted\"\", odd?text\"\n"
              "\"compute2\",3,false,\n");
}

TEST(Format, value_is_a_row_a_line_without_a_head)
{
    EXPECT_EQ(printed(two_rows(), Format::value), "compute1 12.5 true a \"quoted\", odd?text\n"
                                                  "compute2 3 false None\n");
}

TEST(Format, a_list_of_chosen_columns_is_an_object_a_row_in_json_and_yaml)
{
    auto listing = two_rows();
    EXPECT_EQ(choose(listing, {"why", "HOST"}), std::nullopt);
    EXPECT_EQ(json::parse(printed(listing, Format::json)), json::parse(R"([
        {"Why": "a \"quoted\", odd\ntext", "Host": "compute1"},
        {"Why": null, "Host": "compute2"}])"));
    EXPECT_THAT(printed(listing, Format::yaml), HasSubstr("- Why: null\n  Host: compute2\n"));
    EXPECT_EQ(printed(listing, Format::table), "Why                   Host\n"
                                               "a \"quoted\", odd?text  compute1\n"
                                               "-                     compute2\n");
}

TEST(Format, a_column_that_is_not_there_is_refused_with_those_that_are)
{
    auto listing = two_rows();
    EXPECT_EQ(choose(listing, {"Host", "Name"}),
              "there is no column \"Name\"; there are Host, Seconds, In Plan, Why");
}

TEST(Format, yaml_quotes_a_text_that_would_be_read_as_something_else)
{
    for (const char* text : {"true", "No", "on", "null", "~", "12", "1e3", "0x1f", ".5", "-1",
                             "2026-11-22", "", "y"}) {
        const std::string word{text};
        EXPECT_EQ(yaml_of(json::object{{"a", text}}), "a: \"" + word + "\"\n");
    }
    EXPECT_EQ(yaml_of(json::object{{"a", "compute1"}}), "a: compute1\n");
    EXPECT_THAT(yaml_of(json::object{{"a", "b: c"}}), HasSubstr("\"b: c\""));
    EXPECT_THAT(yaml_of(json::object{{"a", "b #c"}}), HasSubstr("\"b #c\""));
    EXPECT_THAT(yaml_of(json::object{{"a", "two\nlines\x1b"}}), HasSubstr(R"("two\nlines\x1b")"));
}

TEST(Format, yaml_tells_numbers_truth_values_and_nothing_as_such)
{
    EXPECT_EQ(yaml_of(json::parse(
                  R"({"a": 1, "b": -2.5, "c": true, "d": null, "e": [], "f": {}, "g": [1, "x"]})")),
              "a: 1\nb: -2.5\nc: true\nd: null\ne: []\nf: {}\ng:\n  - 1\n  - x\n");
}

std::string three_hosts(const json::object&)
{
    const auto host = [](const char* name, const char* state) {
        return json::object{{"host", name},
                            {"state", state},
                            {"since", json::object{{"seconds_ago", 2.25}, {"at", ""}}},
                            {"why", "because"},
                            {"episode", nullptr},
                            {"forced_down_by_us", false},
                            {"in_plan", false},
                            {"not_ready", nullptr}};
    };
    return result({{"schema", 1},
                   {"hosts", json::array{host("compute1", "Healthy"), host("compute2", "Held")}}});
}

TEST(Format, lists_are_told_in_every_format)
{
    ScriptedServer server;
    server.play(three_hosts);
    EXPECT_EQ(knellctl(server, {"host", "list", "-f", "csv"}).out,
              "\"Host\",\"State\",\"Seconds\",\"Episode\",\"Forced Down\",\"In Plan\",\"Why\","
              "\"Not Ready\"\n"
              "\"compute2\",\"Held\",2.25,,false,false,\"because\",\n"
              "\"compute1\",\"Healthy\",2.25,,false,false,\"because\",\n");
    EXPECT_EQ(knellctl(server, {"-f", "value", "-c", "Host", "host", "list"}).out,
              "compute2\ncompute1\n");
    EXPECT_EQ(knellctl(server, {"host", "list", "-c", "state", "-c", "host"}).out,
              "State    Host\nHeld     compute2\nHealthy  compute1\n");
    EXPECT_THAT(knellctl(server, {"host", "list", "-f", "yaml"}).out,
                testing::StartsWith("schema: 1\nhosts:\n  - host: compute1\n    state: Healthy\n"));
}

TEST(Format, servers_are_a_list_too_with_their_networks_in_one_cell)
{
    const json::object servers{
        {"servers",
         json::array{
             json::object{{"id", "1"},
                          {"name", "vm1"},
                          {"status", "ACTIVE"},
                          {"task_state", nullptr},
                          {"power_state", 1},
                          {"networks", json::object{{"a", json::array{"10.0.0.3", "10.0.0.4"}},
                                                    {"b", json::array{"fd00::3"}}}},
                          {"host", "compute1"},
                          {"host_status", "DOWN"}},
             json::object{{"id", "2"}}}}};
    EXPECT_EQ(
        printed(listing_of_servers(servers), Format::csv),
        "\"ID\",\"Name\",\"Status\",\"Task State\",\"Power State\",\"Networks\",\"Host\","
        "\"Host Status\"\n"
        "\"1\",\"vm1\",\"ACTIVE\",,1,\"a=10.0.0.3, 10.0.0.4; b=fd00::3\",\"compute1\",\"DOWN\"\n"
        "\"2\",,,,,\"\",,\n");
}

TEST(Format, what_is_no_list_is_not_told_as_one_and_knelld_is_not_asked)
{
    const std::vector<std::vector<std::string>> wrong{
        {"status", "-f", "csv"},
        {"watch", "-f", "value"},
        {"host", "show", "c", "-c", "Host"},
        {"host", "explain", "c", "-f", "csv"},
        {"arm", "--reason", "x", "-f", "csv"},
        {"host", "list", "-c", "Nothing"},
        {"plan", "show", "-f", "value", "-c", "State"},
        {"server", "list", "-c", "Nothing"},
    };
    for (const auto& arguments : wrong) {
        ScriptedServer server;
        server.play(three_hosts);
        const auto ended = knellctl(server, arguments);
        EXPECT_EQ(ended.exit, Exit::usage) << testing::PrintToString(arguments);
        EXPECT_EQ(ended.out, "");
        EXPECT_THAT(ended.err, testing::AnyOf(HasSubstr("are for lists"), HasSubstr("no column")));
        EXPECT_TRUE(server.requests.empty());
    }
}

TEST(Format, an_order_is_answered_in_yaml_too)
{
    ScriptedServer server;
    server.play([](const json::object&) {
        return result({{"schema", 1}, {"accepted", false}, {"text", "it is alive"}});
    });
    const auto ended = knellctl(server, {"-f", "yaml", "arm", "--reason", "x"});
    EXPECT_EQ(ended.exit, Exit::refused);
    EXPECT_EQ(ended.out, "schema: 1\naccepted: false\ntext: it is alive\n");
}

} // namespace
} // namespace knell::cli
