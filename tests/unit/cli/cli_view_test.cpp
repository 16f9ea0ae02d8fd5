// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli_fixture.hpp"

#include <gmock/gmock.h>

namespace knell::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

json::object moment(double ago)
{
    return {{"seconds_ago", ago}, {"at", "2026-11-22T12:00:00.000000Z"}};
}

json::object host(const char* name, const char* state, const char* why, double ago)
{
    return {{"host", name},
            {"state", state},
            {"since", moment(ago)},
            {"why", why},
            {"episode", state == std::string_view{"Healthy"} ? json::value() : json::value(7)},
            {"boot", "9a7c"},
            {"identity", nullptr},
            {"forced_down_by_us", state == std::string_view{"Down"}},
            {"nova_compute", true},
            {"monitors", json::array{json::object{{"id", "icmp@mgmt"},
                                                  {"state", "up"},
                                                  {"silences", 0},
                                                  {"last_beat", moment(0.12)}},
                                     json::object{{"id", "heartbeat@storage"},
                                                  {"state", "unseen"},
                                                  {"silences", 3},
                                                  {"last_beat", nullptr}}}}};
}

json::array fleet()
{
    return {host("compute1", "Healthy", "all monitors beat", 90061),
            host("compute2", "Down", "waiting for a new boot", 725),
            host("compute10", "Held", "the vantage is not clear", 4.25)};
}

json::object status()
{
    return {
        {"schema", 1},
        {"mode", "armed"},
        {"mode_by", "configuration"},
        {"vantage", json::object{{"clear", false}, {"text", "no sentinel answers"}}},
        {"budget", json::object{{"fences", 3}, {"used", 1}}},
        {"sentinels", json::array{json::object{{"id", "gateway"}, {"beating", false}},
                                  json::object{{"id", "spine"}, {"beating", true}}}},
        {"hosts", fleet()},
        {"daemon", json::object{{"version", "0.1.0"},
                                {"started", moment(3700)},
                                {"nova", json::object{{"well", true}, {"text", "Nova answers"}}},
                                {"warnings", json::array{"there is no group \"ops\""}}}}};
}

TEST(KnellctlView, status_tells_the_whole_first_then_what_is_not_well_the_urgent_first)
{
    ScriptedServer server;
    server.play([](const json::object&) { return result(status()); });
    const auto ended = knellctl(server, {"status"});
    EXPECT_EQ(ended.exit, Exit::ok) << ended.err;
    EXPECT_EQ(ended.out,
              R"(MODE       armed: knell powers dead hosts off (by configuration)
VANTAGE    NOT CLEAR, nothing is fenced: no sentinel answers
SENTINELS  gateway is SILENT, spine answers
NOVA       Nova answers
BUDGET     1 of 3 fences used
HOSTS      3: 1 Held, 1 Down, 1 Healthy
KNELLD     0.1.0, running for 1h 1m

Held  compute10 for 4.2s: the vantage is not clear
  knell fences it when the reason above is gone. To fence it now: `knellctl host fence compute10 --reason ...`; if you have seen that it is off: `knellctl host confirm-off compute10 --reason ...`.

Down  compute2 for 12m 5s: waiting for a new boot
  Its servers may be evacuated now. Mend and boot it; knell clears its flag when the new boot is well. To clear it now: `knellctl host release compute2 --reason ...`.

To be mended:
  there is no group "ops"
)");
}

TEST(KnellctlView, host_list_is_a_table_with_the_urgent_first)
{
    ScriptedServer server;
    server.play([](const json::object&) { return result({{"schema", 1}, {"hosts", fleet()}}); });
    EXPECT_EQ(knellctl(server, {"host", "list"}).out,
              R"(STATE    HOST       FOR     EPISODE  WHY
Held     compute10  4.2s    7        the vantage is not clear
Down     compute2   12m 5s  7        waiting for a new boot
Healthy  compute1   1d 1h   -        all monitors beat
)");
}

TEST(KnellctlView, host_show_tells_state_monitors_and_what_to_do)
{
    ScriptedServer server;
    server.play([](const json::object&) {
        return result({{"schema", 1}, {"host", host("compute2", "Down", "waits for a boot", 12)}});
    });
    EXPECT_EQ(knellctl(server, {"host", "show", "compute2"}).out,
              R"(state         Down for 12s
host          compute2
why           waits for a boot
episode       7
forced_down   set by knell
nova-compute  runs, as the agent last said
boot          9a7c
identity      not known

  MONITOR            STATE   LAST BEAT  SILENCES
  icmp@mgmt          up      0.1s ago   0
  heartbeat@storage  unseen  never      3

Its servers may be evacuated now. Mend and boot it; knell clears its flag when the new boot is well. To clear it now: `knellctl host release compute2 --reason ...`.
)");
}

TEST(KnellctlView, host_explain_adds_the_journal_and_what_was_said)
{
    ScriptedServer server;
    server.play([](const json::object&) {
        return result({{"schema", 1},
                       {"host", host("compute1", "Healthy", "all monitors beat", 12)},
                       {"history", json::array{json::object{{"seq", 1},
                                                            {"at", "2026-11-22T12:00:00.000000Z"},
                                                            {"what", "fencing"},
                                                            {"host", "compute1"},
                                                            {"episode", 7},
                                                            {"boot", nullptr},
                                                            {"by", "knelld"},
                                                            {"detail", "silent on mgmt"}}}},
                       {"history_trouble", nullptr},
                       {"notices", json::array{json::object{{"at", "2026-11-22T12:00:01.000000Z"},
                                                            {"weight", "alarm"},
                                                            {"id", "HOST_FENCED"},
                                                            {"host", "compute1"},
                                                            {"episode", 7},
                                                            {"text", "powered off"}}}}});
    });
    EXPECT_THAT(knellctl(server, {"host", "explain", "compute1"}).out, HasSubstr(R"(
In the journal (survives restarts):
  2026-11-22T12:00:00.000000Z  episode 7  fencing  by knelld  silent on mgmt

Said since knelld started:
  2026-11-22T12:00:01.000000Z ALARM HOST_FENCED host=compute1 episode=7 powered off
)"));
}

TEST(KnellctlView, json_is_the_result_as_it_came)
{
    ScriptedServer server;
    server.play([](const json::object&) { return result(status()); });
    const auto ended = knellctl(server, {"status", "-f", "json"});
    EXPECT_EQ(json::parse(ended.out), json::value(status()));
}

TEST(KnellctlView, watch_prints_a_line_for_each_notice_until_the_connection_ends)
{
    const std::string notice = R"({"jsonrpc":"2.0","method":"notice","params":{)"
                               R"("at":"2026-11-22T12:00:00.000000Z","weight":"warning",)"
                               R"("id":"VANTAGE_LOST","host":null,"episode":null,"text":"blind"}})"
                               "\n";
    for (const bool as_json : {false, true}) {
        ScriptedServer server;
        server.play([&](const json::object&) {
            return result({{"schema", 1}, {"watching", true}}) + notice + notice + "end\n";
        });
        auto ended = knellctl(server, as_json ? std::vector<std::string>{"-f", "json", "watch"}
                                              : std::vector<std::string>{"watch"});
        EXPECT_EQ(ended.exit, Exit::failed);
        EXPECT_THAT(ended.err, HasSubstr("closed the connection"));
        if (as_json) {
            EXPECT_THAT(ended.out, HasSubstr(R"("id":"VANTAGE_LOST")"));
        } else {
            const std::string line = "2026-11-22T12:00:00.000000Z WARNING VANTAGE_LOST blind\n";
            EXPECT_EQ(ended.out, line + line);
        }
    }
}

TEST(KnellctlView, texts_from_outside_cannot_speak_to_the_terminal)
{
    ScriptedServer server;
    server.play([](const json::object&) {
        return result({{"schema", 1},
                       {"hosts", json::array{host("c\x1b]0;x\x07", "Held", "a\nb\x1b[2J", 1)}}});
    });
    const auto out = knellctl(server, {"host", "list"}).out;
    EXPECT_THAT(out, Not(HasSubstr("\x1b")));
    EXPECT_THAT(out, HasSubstr("a?b?[2J"));
}

TEST(KnellctlView, an_answer_without_its_members_is_shown_as_unknown_and_never_as_well)
{
    ScriptedServer server;
    server.play([](const json::object&) { return result(json::object{}); });
    const auto ended = knellctl(server, {"status"});
    EXPECT_THAT(ended.out, HasSubstr("NOT CLEAR"));
    EXPECT_THAT(ended.out, HasSubstr("NOT WELL"));
    EXPECT_EQ(knellctl(server, {"host", "show", "x"}).out, "?\n");
}

TEST(KnellctlView, a_state_that_this_knellctl_does_not_know_is_urgent)
{
    ScriptedServer server;
    server.play([](const json::object&) {
        return result(
            {{"schema", 1},
             {"hosts", json::array{host("a", "Healthy", "", 1), host("b", "Exploded", "", 1)}}});
    });
    const auto out = knellctl(server, {"host", "list"}).out;
    EXPECT_LT(out.find("Exploded"), out.find("Healthy"));
}

} // namespace
} // namespace knell::cli
