// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli_fixture.hpp"

#include <gmock/gmock.h>

namespace knell::cli {
namespace {

using testing::HasSubstr;

std::string accept(const json::object&)
{
    return result({{"schema", 1}, {"accepted", true}, {"text", "fencing it now"}});
}

std::string decline(const json::object&)
{
    return result({{"schema", 1}, {"accepted", false}, {"text", "it is alive"}});
}

TEST(KnellctlOrder, every_order_reaches_knelld_with_its_parameters)
{
    const struct {
        std::vector<std::string> arguments;
        std::string method, params;
    } cases[] = {
        {{"host", "fence", "compute1", "--reason", "smoke in the rack", "--yes"},
         "host.fence",
         R"({"host":"compute1","reason":"smoke in the rack","force":false})"},
        {{"host", "fence", "compute1", "--reason", "x", "--yes", "--force"},
         "host.fence",
         R"({"host":"compute1","reason":"x","force":true})"},
        {{"host", "release", "compute1", "--reason", "x"},
         "host.release",
         R"({"host":"compute1","reason":"x","force":false})"},
        {{"host", "confirm-off", "compute1", "--reason", "seen", "--yes"},
         "host.confirm_off",
         R"({"host":"compute1","reason":"seen","force":false})"},
        {{"arm", "--reason", "tested"}, "arm", R"({"reason":"tested"})"},
        {{"disarm", "--reason", "work on switches"}, "disarm", R"({"reason":"work on switches"})"},
        {{"readmit"}, "readmit", "{}"},
        {{"reload"}, "config.reload", "{}"},
        {{"hold", "on", "--reason", "switches"}, "hold.on", R"({"reason":"switches"})"},
        {{"hold", "off", "--reason", "done"}, "hold.off", R"({"reason":"done"})"},
        {{"host", "inspect", "compute1"}, "host.inspect", R"({"host":"compute1"})"},
        {{"maintenance", "start", "compute1", "--for", "2h", "--reason", "new fans"},
         "maintenance.start",
         R"({"host":"compute1","reason":"new fans","seconds":7200})"},
        {{"maintenance", "end", "compute1", "--reason", "done"},
         "maintenance.end",
         R"({"host":"compute1","reason":"done"})"},
    };
    for (const auto& order : cases) {
        ScriptedServer server;
        server.play(accept);
        const auto ended = knellctl(server, order.arguments);
        EXPECT_EQ(ended.exit, Exit::ok) << ended.err;
        EXPECT_EQ(ended.out, "accepted: fencing it now\n");
        ASSERT_EQ(server.requests.size(), 1u);
        EXPECT_EQ(server.requests[0].at("method").as_string(), order.method);
        EXPECT_EQ(json::serialize(server.requests[0].at("params")), order.params);
    }
}

TEST(KnellctlOrder, a_refusal_ends_with_three_and_tells_why)
{
    ScriptedServer server;
    server.play(decline);
    const auto ended = knellctl(server, {"host", "fence", "compute1", "--reason", "x", "--yes"});
    EXPECT_EQ(ended.exit, Exit::refused);
    EXPECT_EQ(ended.err, "refused: it is alive\n");
    EXPECT_EQ(ended.out, "");
}

TEST(KnellctlOrder, a_refusal_in_json_ends_with_three_too)
{
    ScriptedServer server;
    server.play(decline);
    const auto ended = knellctl(server, {"-f", "json", "arm", "--reason", "x"});
    EXPECT_EQ(ended.exit, Exit::refused);
    EXPECT_FALSE(json::parse(ended.out).at("accepted").as_bool());
}

TEST(KnellctlOrder, fencing_and_confirming_want_the_hosts_name_typed_again)
{
    for (const char* verb : {"fence", "confirm-off"}) {
        ScriptedServer server;
        server.play(accept);
        const std::vector<std::string> words{"host", verb, "compute1", "--reason", "x"};
        const auto typed = knellctl(server, words, "compute1\n");
        EXPECT_EQ(typed.exit, Exit::ok);
        EXPECT_THAT(typed.err, HasSubstr("Type the host's name again"));
        for (const char* wrong : {"compute2\n", "yes\n", "\n", ""}) {
            const auto other = knellctl(server, words, wrong);
            EXPECT_EQ(other.exit, Exit::refused);
            EXPECT_THAT(other.err, HasSubstr("nothing was done"));
        }
        EXPECT_EQ(server.requests.size(), 1u);
    }
}

TEST(KnellctlOrder, who_confirms_off_is_told_what_could_still_refuse_it)
{
    for (const auto& [force, said] :
         {std::pair{false, "unless it is heard or a fence device reads ON"},
          std::pair{true, "without a look at its power"}}) {
        ScriptedServer server;
        server.play(accept);
        std::vector<std::string> words{"host", "confirm-off", "compute1", "--reason", "x"};
        if (force) {
            words.emplace_back("--force");
        }
        EXPECT_THAT(knellctl(server, words, "compute1\n").err, HasSubstr(said));
    }
}

TEST(KnellctlOrder, nobody_is_asked_where_nobody_is_and_nothing_is_done)
{
    ScriptedServer server;
    server.play(accept);
    const auto ended = knellctl(server, {"host", "fence", "compute1", "--reason", "x"});
    EXPECT_EQ(ended.exit, Exit::refused);
    EXPECT_THAT(ended.err, HasSubstr("--yes"));
    EXPECT_TRUE(server.requests.empty());
}

TEST(KnellctlOrder, a_missing_reason_or_host_or_verb_is_a_matter_of_usage)
{
    const std::vector<std::vector<std::string>> wrong{
        {},
        {"host"},
        {"host", "fence", "compute1", "--yes"},
        {"host", "fence", "--reason", "x", "--yes"},
        {"host", "confirm-off", "compute1", "--yes"},
        {"host", "inspect", "compute1", "--reason", "x", "--force"},
        {"arm"},
        {"disarm"},
        {"explode"},
        {"status", "-f", "xml"},
        {"status", "-f", "1"},
        {"status", "surplus"},
        {"hold"},
        {"hold", "on"},
        {"plan", "approve", "--reason", "x"},
        {"plan", "approve", "compute1"},
        {"plan", "approve", "compute1", "--all", "--reason", "x"},
        {"maintenance", "start", "compute1", "--reason", "x"},
        {"maintenance", "start", "compute1", "--for", "2h"},
        {"maintenance", "end", "compute1"},
        {"host", "inspect"},
        {"host", "fence", "compute1", "--dry-run", "--reason"},
        {"host", "explain", "compute1", "--episode", "0"},
        {"host", "explain", "compute1", "--episode", "last"},
        {"completion"},
        {"completion", "fish"}};
    for (const auto& arguments : wrong) {
        const auto ended = knellctl(arguments);
        EXPECT_EQ(ended.exit, Exit::usage) << testing::PrintToString(arguments);
        EXPECT_EQ(ended.out, "");
        EXPECT_NE(ended.err, "");
    }
}

TEST(KnellctlOrder, a_length_of_time_is_a_whole_number_and_a_unit_of_one_second_to_thirty_days)
{
    const std::pair<const char*, int> good[] = {{"1s", 1},     {"90s", 90},      {"15m", 900},
                                                {"1d", 86400}, {"30d", 2592000}, {"2000ms", 2}};
    for (const auto& [typed, seconds] : good) {
        ScriptedServer server;
        server.play(accept);
        const auto ended =
            knellctl(server, {"maintenance", "start", "c", "--for", typed, "--reason", "x"});
        EXPECT_EQ(ended.exit, Exit::ok) << typed << ended.err;
        ASSERT_EQ(server.requests.size(), 1u);
        EXPECT_EQ(server.requests[0].at("params").at("seconds").as_int64(), seconds) << typed;
    }
    for (const char* typed : {"", "0s", "2", "-2h", "2 h", "1.5h", "1500ms", "31d", "2H", "1h30m",
                              "99999999999999999999s", "soon"}) {
        const auto ended = knellctl({"maintenance", "start", "c", "--for", typed, "--reason", "x"});
        EXPECT_EQ(ended.exit, Exit::usage) << typed;
        EXPECT_THAT(ended.err, HasSubstr("--for")) << typed;
    }
    EXPECT_THAT(knellctl({"maintenance", "start", "c", "--for", "soon", "--reason", "x"}).err,
                HasSubstr("\"soon\" is not a whole number and its unit, like 90s, 15m, 2h or 1d"));
}

TEST(KnellctlOrder, a_rehearsal_asks_for_no_reason_and_no_confirmation_and_orders_nothing)
{
    ScriptedServer server;
    server.play([](const json::object&) {
        return result(
            {{"schema", 1},
             {"host", "compute1"},
             {"gates",
              json::array{json::object{{"gate", "verdict"}, {"open", true}, {"text", "silent"}},
                          json::object{{"gate", "mode"},
                                       {"open", false},
                                       {"text", "observing only, by alice"}},
                          json::object{{"gate", "hold"}, {"open", true}, {"text", "open"}}}},
             {"note", "An order asks only for mode."}});
    });
    const auto ended = knellctl(server, {"host", "fence", "compute1", "--dry-run"});
    EXPECT_EQ(ended.exit, Exit::ok) << ended.err;
    EXPECT_EQ(ended.out, R"(If compute1 were to be fenced now, without an order:
  GATE             WHY
  verdict  open    silent
  mode     CLOSED  observing only, by alice
  hold     open
It would not be fenced; closed: mode.
An order asks only for mode.
Nothing was done.
)");
    ASSERT_EQ(server.requests.size(), 1u);
    EXPECT_EQ(server.requests[0].at("method").as_string(), "host.rehearse");
}

TEST(KnellctlOrder, a_rehearsal_without_gates_promises_nothing)
{
    ScriptedServer server;
    server.play([](const json::object&) { return result(json::object{}); });
    EXPECT_THAT(knellctl(server, {"host", "fence", "compute1", "--dry-run"}).out,
                HasSubstr("It is not known what would happen."));
}

TEST(KnellctlOrder, no_leave_is_a_refusal_and_an_unknown_host_a_failure)
{
    ScriptedServer server;
    server.play([](const json::object& request) {
        return request.at("method") == "arm" ? error(-32001, "uid=61000 pid=1 may not call arm")
                                             : error(-32002, "knell watches no host \"compute9\"");
    });
    const auto arm = knellctl(server, {"arm", "--reason", "x"});
    EXPECT_EQ(arm.exit, Exit::refused);
    EXPECT_EQ(arm.err, "knellctl: uid=61000 pid=1 may not call arm\n");
    const auto show = knellctl(server, {"host", "show", "compute9"});
    EXPECT_EQ(show.exit, Exit::failed);
    EXPECT_EQ(show.err, "knellctl: knell watches no host \"compute9\"\n");
}

TEST(KnellctlOrder, a_connection_that_ends_before_the_answer_is_not_taken_for_a_yes)
{
    ScriptedServer server;
    server.play([](const json::object&) { return std::string{}; });
    const auto ended = knellctl(server, {"arm", "--reason", "x"});
    EXPECT_EQ(ended.exit, Exit::failed);
    EXPECT_THAT(ended.err, HasSubstr("whether it was carried out is not known"));
}

TEST(KnellctlOrder, an_answer_that_makes_no_sense_is_not_taken_for_a_yes)
{
    for (const std::string& answer :
         {std::string{"rubbish\n"}, std::string{"{}\n"}, std::string{"[1]\n"}, result("yes"),
          result(json::object{}), result({{"accepted", "true"}})}) {
        ScriptedServer server;
        server.play([&](const json::object&) { return answer; });
        EXPECT_NE(knellctl(server, {"arm", "--reason", "x"}).exit, Exit::ok) << answer;
    }
}

TEST(KnellctlOrder, no_knelld_ends_with_four_and_the_remedy)
{
    const auto absent = knellctl({"--socket", "/nonexistent/control", "status"});
    EXPECT_EQ(absent.exit, Exit::unreachable);
    EXPECT_THAT(absent.err, HasSubstr("systemctl status knelld"));
    std::string dead;
    {
        const ScriptedServer server;
        dead = server.path() + "-old";
        const int old = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        dead.copy(address.sun_path, sizeof address.sun_path - 1);
        ASSERT_EQ(::bind(old, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        ::close(old);
        const auto refused = knellctl({"--socket", dead, "status"});
        EXPECT_EQ(refused.exit, Exit::unreachable);
        EXPECT_THAT(refused.err, HasSubstr("journalctl -u knelld"));
    }
}

TEST(KnellctlOrder, config_check_hands_over_the_file)
{
    EXPECT_EQ(knellctl({"config", "check"}).out, "checked /etc/knell/knell.yaml\n");
    EXPECT_EQ(knellctl({"config", "check", "mine.yaml"}).out, "checked mine.yaml\n");
}

TEST(KnellctlOrder, version_and_help_are_no_errors)
{
    EXPECT_EQ(knellctl({"--version"}).exit, Exit::ok);
    EXPECT_THAT(knellctl({"--version"}).out, HasSubstr("knellctl "));
    const auto help = knellctl({"--help"});
    EXPECT_EQ(help.exit, Exit::ok);
    EXPECT_THAT(help.out, HasSubstr("3: refused"));
}

} // namespace
} // namespace knell::cli
