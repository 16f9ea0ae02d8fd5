// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/view_json.hpp"

#include <boost/json.hpp>

#include <gtest/gtest.h>

namespace knell::control {
namespace {

namespace json = boost::json;

const Now noon{Instant{1000s},
               std::chrono::system_clock::time_point{std::chrono::seconds{1795348800}}};

TEST(ViewJson, a_host_is_told_in_seconds_and_dates_and_null_where_nothing_is_known)
{
    const HostView host{.host = HostId{"compute1"},
                        .state = "Suspected",
                        .since = noon.monotonic - 2500ms,
                        .why = "silent on mgmt",
                        .episode = EpisodeId{7},
                        .boot = std::nullopt,
                        .identity = SystemUuid{"u"},
                        .forced_down_by_us = false,
                        .nova_compute = true,
                        .monitors = {{.id = MonitorId{"icmp@mgmt"},
                                      .state = "down",
                                      .silences = 5,
                                      .last_beat = noon.monotonic - 1s},
                                     {.id = MonitorId{"heartbeat@mgmt"},
                                      .state = "unseen",
                                      .silences = 0,
                                      .last_beat = std::nullopt}}};
    EXPECT_EQ(
        json::serialize(to_json(host, noon)),
        R"({"host":"compute1","state":"Suspected","since":{"seconds_ago":2.5E0,)"
        R"("at":"2026-11-22T11:59:57.500000Z"},"why":"silent on mgmt","episode":7,"boot":null,)"
        R"("identity":"u","forced_down_by_us":false,"nova_compute":true,"monitors":[)"
        R"({"id":"icmp@mgmt","state":"down","silences":5,"last_beat":{"seconds_ago":1E0,)"
        R"("at":"2026-11-22T11:59:59.000000Z"}},)"
        R"({"id":"heartbeat@mgmt","state":"unseen","silences":0,"last_beat":null}],)"
        R"("rule":{"text":"","networks":[],"now":{"cells":[],"outcome":"","fits":false},)"
        R"("lines":[]},"devices":[],"not_ready":null,"planned":null,"domains":[],)"
        R"("precious":null,"service":null,"readmissions":0,"in_plan":false})");
}

/// Only what came with verdict rules, domains, planned work and readiness.
json::object grown(const HostView& host)
{
    auto told = to_json(host, noon);
    for (const char* old : {"host", "state", "since", "why", "episode", "boot", "identity",
                            "forced_down_by_us", "nova_compute", "monitors"}) {
        told.erase(old);
    }
    return told;
}

TEST(ViewJson, a_host_is_told_with_its_rule_devices_planned_work_and_what_nova_says)
{
    HostView host{.host = HostId{"compute1"},
                  .state = "Held",
                  .since = noon.monotonic,
                  .why = "",
                  .episode = EpisodeId{7},
                  .boot = std::nullopt,
                  .identity = std::nullopt,
                  .forced_down_by_us = false,
                  .nova_compute = false,
                  .monitors = {}};
    host.rule.text = "dead when every network is silent";
    host.rule.networks = {NetworkId{"mgmt"}, NetworkId{"storage"}};
    host.rule.now = {{"silent", "up"}, "alive", false};
    host.rule.lines = {{{"silent", "silent"}, "dead", false}, {{"any", "any"}, "alive", true}};
    host.devices = {
        {DeviceId{"bmc1"},
         "not ready",
         "no answer",
         noon.monotonic - 60s,
         250ms,
         {true, std::nullopt, "always-on", SystemUuid{"4c4c4544-0034-4310-8051-b4c04f4e3132"}}},
        {DeviceId{"bmc2"}, "unknown", "", std::nullopt, std::nullopt, {}}};
    host.not_ready = "bmc1: no answer";
    host.planned = PlannedView{"uid=0(root) pid=1", "new fans", noon.monotonic + 90s};
    host.domains = {DomainId{"rack1"}, DomainId{"pdu-a"}};
    host.precious = "it runs etcd";
    host.service = ServiceSeen{HostId{"compute1"}, true, true, "fans", false};
    host.readmissions = 2;
    host.in_plan = true;
    EXPECT_EQ(json::value(grown(host)), json::parse(R"({
        "rule": {"text": "dead when every network is silent", "networks": ["mgmt", "storage"],
                 "now": {"cells": ["silent", "up"], "outcome": "alive", "fits": false},
                 "lines": [{"cells": ["silent", "silent"], "outcome": "dead", "fits": false},
                           {"cells": ["any", "any"], "outcome": "alive", "fits": true}]},
        "devices": [{"id": "bmc1", "state": "not ready", "why": "no answer",
                     "looked_at": {"seconds_ago": 60.0, "at": "2026-11-22T11:59:00.000000Z"},
                     "latency": 0.25, "may_power_off": true, "cipher_zero": null,
                     "on_restore": "always-on",
                     "system_guid": "4c4c4544-0034-4310-8051-b4c04f4e3132"},
                    {"id": "bmc2", "state": "unknown", "why": "", "looked_at": null,
                     "latency": null, "may_power_off": null, "cipher_zero": null,
                     "on_restore": null, "system_guid": null}],
        "not_ready": "bmc1: no answer",
        "planned": {"by": "uid=0(root) pid=1", "reason": "new fans",
                    "until": {"seconds_left": 90.0, "at": "2026-11-22T12:01:30.000000Z"}},
        "domains": ["rack1", "pdu-a"], "precious": "it runs etcd",
        "service": {"forced_down": true, "disabled": true, "disabled_reason": "fans",
                    "up": false},
        "readmissions": 2, "in_plan": true})"));
    host.planned->until.reset();
    EXPECT_TRUE(grown(host).at("planned").at("until").is_null());
}

TEST(ViewJson, a_fleet_is_told_with_its_mode_vantage_and_budget)
{
    FleetView fleet;
    fleet.mode = Mode::observe;
    fleet.mode_by = "uid=0(root) pid=1";
    fleet.vantage = "no sentinel answers";
    fleet.budget = 3;
    fleet.budget_used = 1;
    fleet.sentinels.push_back({SentinelId{"gateway"}, false});
    EXPECT_EQ(json::serialize(to_json(fleet, noon)),
              R"({"schema":1,"mode":"observe","mode_by":"uid=0(root) pid=1",)"
              R"("vantage":{"clear":false,"text":"no sentinel answers"},)"
              R"("budget":{"fences":3,"used":1},)"
              R"("sentinels":[{"id":"gateway","beating":false}],"hosts":[],)"
              R"("hold":null,"storm":null,"domains":[]})");
}

TEST(ViewJson, a_fleet_is_told_with_its_hold_its_storm_and_its_domains)
{
    FleetView fleet;
    fleet.hold = "by alice: work on the switches";
    fleet.storm = "3 of 8 hosts are silent at the same time";
    fleet.domains = {
        {DomainId{"rack1"}, 4, 3, 1, 0, "3 of the 4 hosts of rack1 are silent at the same time"},
        {DomainId{"rack2"}, 4, 0, 2, 1, ""}};
    const auto told = to_json(fleet, noon);
    EXPECT_EQ(told.at("hold").as_string(), "by alice: work on the switches");
    EXPECT_EQ(told.at("storm").as_string(), "3 of 8 hosts are silent at the same time");
    EXPECT_EQ(told.at("domains"), json::parse(R"([
        {"id": "rack1", "hosts": 4, "in_doubt": 3, "budget": {"fences": 1, "used": 0},
         "lost": "3 of the 4 hosts of rack1 are silent at the same time"},
        {"id": "rack2", "hosts": 4, "in_doubt": 0, "budget": {"fences": 2, "used": 1},
         "lost": null}])"));
}

TEST(ViewJson, a_notice_is_told_with_its_weight_and_without_an_episode_when_there_is_none)
{
    EXPECT_EQ(json::serialize(to_json(TimedNotice{noon.wall,
                                                  {.weight = Notice::Weight::warning,
                                                   .id = "VANTAGE_LOST",
                                                   .host = std::nullopt,
                                                   .episode = EpisodeId{0},
                                                   .text = "no sentinel answers"}})),
              R"({"at":"2026-11-22T12:00:00.000000Z","weight":"warning","id":"VANTAGE_LOST",)"
              R"("host":null,"episode":null,"text":"no sentinel answers"})");
}

TEST(ViewJson, a_detail_is_told_as_such)
{
    const auto told = to_json(TimedNotice{noon.wall,
                                          {.weight = Notice::Weight::detail,
                                           .id = "POWER_READ",
                                           .host = HostId{"compute1"},
                                           .episode = EpisodeId{7},
                                           .text = "bmc1 reads off"}});
    EXPECT_EQ(told.at("weight").as_string(), "detail");
}

TEST(ViewJson, a_row_of_the_journal_is_told_in_cores_words)
{
    const journal::Row row{.seq = 3,
                           .at = "2026-11-22T12:00:00.000000Z",
                           .boot_clock = {},
                           .entry = {.what = JournalEntry::What::forced_down,
                                     .host = HostId{"compute1"},
                                     .episode = EpisodeId{7},
                                     .boot = BootId{"b"},
                                     .by = "knelld",
                                     .detail = ""}};
    EXPECT_EQ(json::serialize(to_json(row)),
              R"({"seq":3,"at":"2026-11-22T12:00:00.000000Z","what":"forced_down",)"
              R"("host":"compute1","episode":7,"boot":"b","by":"knelld","detail":""})");
}

TEST(RecentNotices, are_bounded_and_the_oldest_go_first)
{
    RecentNotices notices;
    for (std::size_t n = 0; n < RecentNotices::most + 1; ++n) {
        notices.add({noon.wall,
                     {.weight = Notice::Weight::info,
                      .id = "HOST_SEEN",
                      .host = HostId{n == 0 ? "first" : "other"},
                      .episode = EpisodeId{0},
                      .text = {}}});
    }
    EXPECT_TRUE(notices.of(HostId{"first"}, 10).empty());
    EXPECT_EQ(notices.of(HostId{"other"}, 10).size(), 10u);
}

} // namespace
} // namespace knell::control
