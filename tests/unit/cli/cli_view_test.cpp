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
VANTAGE    NOT CLEAR, no host is called dead on what it cannot see: no sentinel answers
SENTINELS  gateway is SILENT, spine answers
NOVA       Nova answers
BUDGET     1 of 3 fences used
HOSTS      3: 1 Held, 1 Down, 1 Healthy
KNELLD     0.1.0, running for 1h 1m

Held  compute10 for 4.2s: the vantage is not clear
  knell fences it when the reason above is gone. To fence it now, while armed and not on hold: `knellctl host fence compute10 --reason ...`; if you have seen that it is off: `knellctl host confirm-off compute10 --reason ...`.

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
              R"(state          Down for 12s
host           compute2
why            waits for a boot
episode        7
forced_down    set by knell
Nova's word    not known, or it does not list this host
nova-compute   runs, as the agent last said
can be fenced  ?
boot           9a7c
identity       not known

  MONITOR            STATE   LAST BEAT  SILENCES
  icmp@mgmt          up      0.1s ago   0
  heartbeat@storage  unseen  never      3

Its servers may be evacuated now. Mend and boot it; knell clears its flag when the new boot is well. To clear it now: `knellctl host release compute2 --reason ...`.
)");
}

/// A host with everything that there may be to tell.
json::object rich_host()
{
    auto told = host("compute2", "Maintenance", "maintenance by alice: new fans", 12);
    told["episode"] = nullptr;
    told["forced_down_by_us"] = false;
    told["rule"] = json::parse(R"({
        "text": "dead when 1 of 2 networks are silent, unless heartbeat@storage beats",
        "networks": ["mgmt", "storage"],
        "now": {"cells": ["silent", "up"], "outcome": "alive: heartbeat@storage beats",
                "fits": false},
        "lines": [{"cells": ["silent", "silent"], "outcome": "dead", "fits": false},
                  {"cells": ["silent", "up"], "outcome": "dead", "fits": true},
                  {"cells": ["any", "any"], "outcome": "alive", "fits": false}]})");
    told["devices"] = json::parse(R"([
        {"id": "bmc2", "state": "ready", "why": "it accepts cipher suite 0",
         "looked_at": {"seconds_ago": 62.5, "at": ""}, "latency": 0.02, "may_power_off": true,
         "cipher_zero": true, "on_restore": "always-off",
         "system_guid": "4c4c4544-0034-4310-8051-b4c04f4e3132"},
        {"id": "pdu2", "state": "not ready", "why": "no answer",
         "looked_at": {"seconds_ago": 3.5, "at": ""}, "latency": 1.5, "may_power_off": null,
         "cipher_zero": null, "on_restore": null},
        {"id": "new2", "state": "unknown", "why": "", "looked_at": null, "latency": null,
         "may_power_off": false, "cipher_zero": false, "on_restore": null}])");
    told["not_ready"] = nullptr;
    told["planned"] = json::parse(R"({"by": "alice", "reason": "new fans",
        "until": {"seconds_left": 3725.0, "at": "2026-11-22T13:00:00.000000Z"}})");
    told["domains"] = json::array{"rack1", "pdu-a"};
    told["precious"] = "it runs etcd";
    told["service"] = json::parse(
        R"({"forced_down": true, "disabled": true, "disabled_reason": "fans", "up": false})");
    told["readmissions"] = 2;
    told["in_plan"] = false;
    return told;
}

TEST(KnellctlView, host_show_tells_the_rule_as_a_truth_table_devices_and_planned_work)
{
    ScriptedServer server;
    server.play([](const json::object&) { return result({{"schema", 1}, {"host", rich_host()}}); });
    EXPECT_EQ(knellctl(server, {"host", "show", "compute2"}).out,
              R"(state          Maintenance for 12s
host           compute2
why            maintenance by alice: new fans
episode        none open
planned work   by alice: new fans; ends in 1h 2m (2026-11-22T13:00:00.000000Z)
forced_down    set, and NOT by knell, which never clears it
Nova's word    down, disabled: fans
nova-compute   runs, as the agent last said
precious       never fenced automatically: it runs etcd
domains        rack1, pdu-a
readmissions   2 lately
can be fenced  yes, as far as known
boot           9a7c
identity       not known

  MONITOR            STATE   LAST BEAT  SILENCES
  icmp@mgmt          up      0.1s ago   0
  heartbeat@storage  unseen  never      3

Dead or alive: dead when 1 of 2 networks are silent, unless heartbeat@storage beats
       mgmt    storage
       silent  silent   dead
  >    silent  up       dead
       any     any      alive
  now  silent  up       so it is alive: heartbeat@storage beats

  DEVICE  STATE      LOOKED AT  TOOK   MAY POWER OFF  CIPHER 0  ON POWER RETURN  SYSTEM GUID
  bmc2    ready      1m 2s ago  20 ms  yes            yes       always-off       4c4c4544-0034-4310-8051-b4c04f4e3132  it accepts cipher suite 0
  pdu2    not ready  3.5s ago   1.5s   not told       not told  not told         not told                              no answer
  new2    unknown    never      -      no             no        not told         not told

It is left alone and not fenced until it is back, or its time is over. At once: `knellctl maintenance end compute2 --reason ...`.
)");
}

TEST(KnellctlView, a_host_that_nobody_could_fence_is_said_to_be_so)
{
    auto unready = rich_host();
    ScriptedServer server;
    server.play([&](const json::object&) { return result({{"schema", 1}, {"host", unready}}); });
    unready["not_ready"] = "bmc2: wrong password";
    EXPECT_THAT(knellctl(server, {"host", "show", "compute2"}).out,
                HasSubstr("can be fenced  NO: bmc2: wrong password\n"));
    unready["not_ready"] = nullptr;
    unready["devices"] = json::array{};
    EXPECT_THAT(knellctl(server, {"host", "show", "compute2"}).out,
                HasSubstr("can be fenced  not known: its devices have not been looked at\n"));
}

TEST(KnellctlView, status_tells_first_what_stops_everything_and_then_who_could_not_be_fenced)
{
    auto told = status();
    told["hold"] = "by alice: switches";
    told["storm"] = "3 of 8 hosts are silent at the same time";
    told["domains"] = json::parse(R"([
        {"id": "rack1", "hosts": 4, "in_doubt": 3, "budget": {"fences": 1, "used": 0},
         "lost": "3 of the 4 hosts of rack1 are silent at the same time"},
        {"id": "rack2", "hosts": 4, "in_doubt": 0, "budget": {"fences": 2, "used": 0},
         "lost": null},
        {"id": "rack3", "hosts": 4, "in_doubt": 0, "budget": {"fences": 2, "used": 1},
         "lost": null}])");
    auto second = rich_host();
    second["host"] = "compute3";
    second["devices"].at(0).as_object()["id"] = "bmc3";
    auto locked = host("compute4", "Healthy", "", 1);
    locked["not_ready"] = "bmc4: wrong password";
    auto planned = host("compute5", "Held", "3 of 8 hosts are silent at the same time", 3);
    planned["in_plan"] = true;
    told["hosts"] = json::array{rich_host(), second, locked, planned};
    ScriptedServer server;
    server.play([&](const json::object&) { return result(told); });
    const auto out = knellctl(server, {"status"}).out;
    EXPECT_THAT(
        out,
        testing::StartsWith(
            "HOLD       nothing is powered off or on and Nova is told nothing, by "
            "alice: switches; `knellctl hold off --reason ...`\n"
            "STORM      fencing is frozen: 3 of 8 hosts are silent at the same time; `knellctl "
            "plan show`\nMODE "));
    EXPECT_THAT(out, HasSubstr("PLAN       1 host waits for your approval: `knellctl plan show`"));
    EXPECT_THAT(out, HasSubstr(R"(
Held  compute5 for 3.0s: 3 of 8 hosts are silent at the same time
  `knellctl plan show` tells why it is held )"));
    EXPECT_THAT(out, HasSubstr(R"(
Maintenance  compute2 for 12s: maintenance by alice: new fans
Maintenance  compute3 for 12s: maintenance by alice: new fans
  It is left alone and not fenced until it is back, or its time is over. At once: `knellctl maintenance end HOST --reason ...`.
)"));
    EXPECT_THAT(out, testing::EndsWith(R"(
Failure domains:
  DOMAIN  HOSTS  IN DOUBT  FENCES USED
  rack1   4      3         0 of 1       LOST AS A WHOLE: 3 of the 4 hosts of rack1 are silent at the same time
  rack3   4      0         1 of 2

Planned work:
  compute2: by alice: new fans; ends in 1h 2m (2026-11-22T13:00:00.000000Z)
  compute3: by alice: new fans; ends in 1h 2m (2026-11-22T13:00:00.000000Z)

Could not be fenced now:
  compute4: bmc4: wrong password

To be mended:
  there is no group "ops"
  bmc2, bmc3: it accepts cipher suite 0
)"));
}

TEST(KnellctlView, a_state_that_many_hosts_are_in_is_told_with_a_few_of_them)
{
    json::array unseen;
    for (int n = 0; n < 25; ++n) {
        unseen.push_back(host(("compute" + std::to_string(n)).c_str(), "Unseen", "", 1));
    }
    auto told = status();
    told["hosts"] = unseen;
    ScriptedServer server;
    server.play([&](const json::object&) { return result(told); });
    const auto out = knellctl(server, {"status"}).out;
    EXPECT_THAT(out, HasSubstr("Unseen  compute19 for"));
    EXPECT_THAT(out, Not(HasSubstr("compute20")));
    EXPECT_THAT(out, HasSubstr("and 5 more: knellctl host list\n"));
}

TEST(KnellctlView, maintenance_list_tells_of_the_hosts_that_are_left_alone)
{
    ScriptedServer server;
    server.play([](const json::object&) {
        auto endless = rich_host();
        endless["host"] = "compute3";
        endless["planned"].as_object()["until"] = nullptr;
        return result(
            {{"schema", 1},
             {"hosts", json::array{host("compute1", "Healthy", "", 1), rich_host(), endless}}});
    });
    EXPECT_EQ(knellctl(server, {"maintenance", "list"}).out,
              R"(HOST      STATE        ENDS IN  BY     REASON
compute2  Maintenance  1h 2m    alice  new fans
compute3  Maintenance  never    alice  new fans
)");
    EXPECT_EQ(knellctl(server, {"maintenance", "list", "-f", "value"}).out,
              "compute2 Maintenance 3725 2026-11-22T13:00:00.000000Z alice new fans\n"
              "compute3 Maintenance None None alice new fans\n");
    EXPECT_EQ(server.requests[0].at("method").as_string(), "host.list");
}

TEST(KnellctlView, no_planned_work_is_said_to_be_none)
{
    ScriptedServer server;
    server.play([](const json::object&) { return result({{"schema", 1}, {"hosts", fleet()}}); });
    EXPECT_EQ(knellctl(server, {"maintenance", "list"}).out, "No work is planned.\n");
    EXPECT_EQ(knellctl(server, {"maintenance", "list", "-f", "value"}).out, "");
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
