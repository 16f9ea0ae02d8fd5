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
        R"({"id":"heartbeat@mgmt","state":"unseen","silences":0,"last_beat":null}]})");
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
              R"("sentinels":[{"id":"gateway","beating":false}],"hosts":[]})");
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
