// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli_fixture.hpp"
#include "knellctl_and_world.hpp"

#include <gmock/gmock.h>

namespace knell::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

/// `at`: seconds and microseconds of that minute.
json::object row(const char* at, const char* what, const char* detail, int episode = 12,
                 const char* by = "knelld")
{
    return {{"seq", 1},           {"at", "2026-11-22T12:" + std::string{at} + "Z"},
            {"what", what},       {"host", "compute1"},
            {"episode", episode}, {"boot", nullptr},
            {"by", by},           {"detail", detail}};
}

json::array a_power_cut()
{
    return {
        row("00:00.000000", "told",
            "HOST_SUSPECTED: icmp@mgmt silent for 0.4 s (2 in a row), heartbeat@mgmt up"),
        row("00:00.600000", "told",
            "HOST_FAILED: icmp@mgmt silent for 1.0 s (5 in a row), heartbeat@mgmt silent for 1.3 s "
            "(5 in a row)"),
        row("00:00.600500", "told",
            "FENCE_PERMITTED: our own eyes see its networks; open gates: mode, hold, budget"),
        row("00:00.601000", "fencing", "icmp@mgmt silent for 1.0 s (5 in a row)"),
        row("00:00.603000", "told",
            "HOST_FENCING: commanding power off through bmc1 (icmp@mgmt silent for 1.0 s)"),
        row("00:01.000000", "told", "POWER_READ: bmc1 reads ON"),
        row("00:01.500000", "told", "POWER_READ: bmc1 reads off"),
        row("00:02.000000", "told", "POWER_READ: bmc1 reads off"),
        row("00:02.500000", "told", "POWER_READ: bmc1 reads off"),
        row("00:02.500100", "told", "HOST_FENCED: proven off by bmc1"),
        row("00:02.500200", "fenced", "bmc1"),
        row("00:02.600000", "forcing_down", ""),
        row("00:02.900000", "told",
            "HOST_FORCED_DOWN: Nova holds forced_down=true; its servers can be evacuated (PUT "
            "req-1, read back by req-2)"),
        row("00:02.900100", "forced_down", ""),
        row("00:03.000000", "told", "SERVERS_DOWN: 1 of 1 servers looked at have host_status DOWN"),
        row("03:20.128000", "told", "HOST_RETURNING: boot b2 speaks"),
        row("04:20.000000", "clearing", ""),
        row("04:20.500000", "told", "HOST_READMITTED: our flag is cleared"),
        row("04:20.500100", "readmitted", "our flag was read back as cleared"),
    };
}

json::object healthy()
{
    return {{"host", "compute1"},
            {"state", "Healthy"},
            {"since", json::object{{"seconds_ago", 5.0}, {"at", ""}}},
            {"why", "beats"},
            {"episode", nullptr}};
}

/// Answers as knelld would: the last rows, or those of one episode.
ScriptedServer::Script telling(json::array rows, json::object host = healthy())
{
    return [rows = std::move(rows), host = std::move(host)](const json::object& request) {
        const auto* only = request.at("params").as_object().if_contains("episode");
        json::array chosen;
        for (const auto& each : rows) {
            const auto* episode = each.as_object().if_contains("episode");
            if (only == nullptr || (episode != nullptr && *episode == *only)) {
                chosen.push_back(each);
            }
        }
        return result({{"schema", 1},
                       {"host", host},
                       {"episode", only == nullptr ? json::value{} : *only},
                       {"history", chosen},
                       {"history_trouble", nullptr},
                       {"notices", json::array{}}});
    };
}

TEST(KnellctlStory, an_episode_is_told_from_doubt_to_readmission_with_the_length_of_each_stage)
{
    ScriptedServer server;
    server.play(telling(a_power_cut()));
    const auto ended = knellctl(server, {"host", "explain", "compute1"});
    EXPECT_EQ(ended.exit, Exit::ok) << ended.err;
    EXPECT_EQ(ended.out, R"(Episode 12 of compute1, since 2026-11-22T12:00:00.000000Z.
It ended after 4m 20s.

Doubt
    +0.000 s  HOST_SUSPECTED    icmp@mgmt silent for 0.4 s (2 in a row)
                                heartbeat@mgmt up

Verdict
    +0.600 s  HOST_FAILED       icmp@mgmt silent for 1.0 s (5 in a row)
                                heartbeat@mgmt silent for 1.3 s (5 in a row)
    +0.601 s  FENCE_PERMITTED   our own eyes see its networks; open gates: mode, hold, budget

Power off
    +0.601 s  fencing           the intent to power it off is in the journal
    +0.603 s  HOST_FENCING      commanding power off through bmc1
    +1.000 s  POWER_READ        bmc1 reads ON
    +1.500 s  POWER_READ        bmc1 reads off, 3 times in 1.000 s
    +2.500 s  HOST_FENCED       proven off by bmc1

Nova is told
    +2.600 s  forcing_down      the intent to set Nova's flag is in the journal
    +2.900 s  HOST_FORCED_DOWN  Nova holds forced_down=true; its servers can be evacuated (PUT req-1, read
                                back by req-2)

Down
    +3.000 s  SERVERS_DOWN      1 of 1 servers looked at have host_status DOWN

The way back
   +3:20.128  HOST_RETURNING    boot b2 speaks
   +4:20.000  clearing          the intent to clear our flag is in the journal
   +4:20.500  HOST_READMITTED   our flag is cleared
   +4:20.500  closed            our flag was read back as cleared

How long each stage took:
  suspected to failed          0.600 s
  failed to fencing            0.003 s
  fencing to fenced            1.897 s
  fenced to forced_down        0.400 s
  forced_down to servers DOWN  0.100 s
  servers DOWN to returning    3m 17s
  returning to readmitted      1m 0s
)");
    ASSERT_EQ(server.requests.size(), 2u);
    EXPECT_EQ(server.requests[1].at("params").at("episode").as_int64(), 12)
        << "the whole episode is asked for: the last rows may begin in its middle";
}

TEST(KnellctlStory, an_earlier_episode_can_be_told_and_the_last_one_names_it)
{
    auto rows = a_power_cut();
    rows.insert(rows.begin(), row("00:00.000000", "told", "HOST_RECOVERED: all is well", 11));
    rows.insert(rows.begin(), row("00:00.000000", "told", "HOST_SUSPECTED: icmp@mgmt up", 11));
    rows.insert(rows.begin(), row("00:00.000000", "told", "HOST_SUSPECTED: icmp@mgmt up", 9));
    ScriptedServer server;
    server.play(telling(rows));
    EXPECT_THAT(knellctl(server, {"host", "explain", "compute1"}).out,
                HasSubstr("Earlier episodes: 11, 9. See one: knellctl host explain compute1 "
                          "--episode 11\n"));
    const auto earlier = knellctl(server, {"host", "explain", "compute1", "--episode", "11"});
    EXPECT_EQ(earlier.out, R"(Episode 11 of compute1, since 2026-11-22T12:00:00.000000Z.
It ended after 0.000 s.

Doubt
    +0.000 s  HOST_SUSPECTED  icmp@mgmt up
    +0.000 s  HOST_RECOVERED  all is well
)");
}

TEST(KnellctlStory, an_episode_that_the_journal_does_not_know_is_a_failure)
{
    ScriptedServer server;
    server.play(telling(a_power_cut()));
    const auto ended = knellctl(server, {"host", "explain", "compute1", "--episode", "99"});
    EXPECT_EQ(ended.exit, Exit::failed);
    EXPECT_EQ(ended.out, "");
    EXPECT_THAT(ended.err, HasSubstr("no episode 99 of compute1"));
}

TEST(KnellctlStory, an_open_episode_ends_with_where_the_host_is_now_and_what_one_can_do)
{
    auto open = healthy();
    open["state"] = "Down";
    open["why"] = "waiting for a new boot";
    open["episode"] = 12;
    auto rows = a_power_cut();
    rows.resize(15);
    ScriptedServer server;
    server.play(telling(rows, open));
    const auto out = knellctl(server, {"host", "explain", "compute1"}).out;
    EXPECT_THAT(out, HasSubstr("It is open: the host is Down for 5.0s, waiting for a new boot\n"
                               "Its servers may be evacuated now."));
    EXPECT_THAT(out, Not(HasSubstr("It ended")));
}

TEST(KnellctlStory, an_order_is_told_with_who_gave_it_and_why)
{
    ScriptedServer server;
    server.play(telling({row("00:00.000000", "told", "ORDER_ACCEPTED: alice: fencing it now"),
                         row("00:00.001000", "ordered", "fencing it now: smoke", 12, "alice"),
                         row("00:00.002000", "fencing", "", 12, "alice"),
                         row("01:00.000000", "told",
                             "HOST_FENCING: commanding power off through bmc1 (icmp@mgmt up)"),
                         row("01:01.000000", "disputed", "its old boot")}));
    EXPECT_THAT(knellctl(server, {"host", "explain", "compute1"}).out, HasSubstr(R"(
An order
    +0.000 s  ordered       alice: fencing it now: smoke

Power off
    +0.001 s  fencing       the intent to power it off is in the journal, by alice
   +59.999 s  HOST_FENCING  commanding power off through bmc1 (icmp@mgmt up)
)"));
}

TEST(KnellctlStory, rows_that_make_no_sense_do_no_harm)
{
    ScriptedServer server;
    server.play(telling({row("00:00.000000", "told", "no id here"),
                         row("99:99.000000", "told", "HOST_FAILED: "),
                         row("00:0x.000000", "told", "HOST_HELD: \x1b[2J"),
                         json::object{{"what", "told"}, {"episode", 12}}, json::object{}}));
    const auto ended = knellctl(server, {"host", "explain", "compute1"});
    EXPECT_EQ(ended.exit, Exit::ok);
    EXPECT_THAT(ended.out, HasSubstr("no id here"));
    EXPECT_THAT(ended.out, HasSubstr("?  HOST_HELD"));
    EXPECT_THAT(ended.out, Not(HasSubstr("\x1b")));
}

TEST(KnellctlStory, a_journal_without_told_rows_is_shown_as_it_is)
{
    ScriptedServer server;
    server.play(telling({row("00:00.000000", "fencing", "silent on mgmt")}));
    EXPECT_THAT(knellctl(server, {"host", "explain", "compute1"}).out,
                HasSubstr("In the journal (survives restarts):\n"
                          "  2026-11-22T12:00:00.000000Z  episode 12  fencing  by knelld  silent"));
}

TEST(KnellctlStory, json_is_the_answer_as_it_came)
{
    ScriptedServer server;
    server.play(telling(a_power_cut()));
    const auto ended = knellctl(server, {"-f", "json", "host", "explain", "compute1"});
    EXPECT_EQ(json::parse(ended.out).at("history").as_array().size(), 19u);
    EXPECT_EQ(server.requests.size(), 1u);
}

} // namespace
} // namespace knell::cli

namespace knell::control {
namespace {

using testing::HasSubstr;

class StoryOfAWorld : public KnellctlAndWorld {
protected:
    StoryOfAWorld() : KnellctlAndWorld{test::small_policy(3)} {}
};

TEST_F(StoryOfAWorld, what_core_says_of_a_power_cut_makes_a_whole_story)
{
    cut({"compute1"});
    run(1min);
    ASSERT_EQ(state("compute1"), "Down");
    on_loop([&] { operations.world.boot("compute1"); });
    run(1min);
    ASSERT_EQ(state("compute1"), "Healthy");
    EXPECT_EQ(knellctl({"host", "explain", "compute1"}), 0) << err;
    auto from = std::size_t{0};
    for (const char* next : {"Doubt\n",
                             "HOST_SUSPECTED",
                             "Verdict\n",
                             "HOST_FAILED",
                             "FENCE_PERMITTED",
                             "Power off\n",
                             "fencing",
                             "HOST_FENCING",
                             "POWER_READ",
                             "HOST_FENCED",
                             "Nova is told\n",
                             "forcing_down",
                             "HOST_FORCED_DOWN",
                             "Down\n",
                             "SERVERS_DOWN",
                             "The way back\n",
                             "HOST_RETURNING",
                             "clearing",
                             "HOST_READMITTED",
                             "closed",
                             "suspected to failed",
                             "failed to fencing",
                             "fencing to fenced",
                             "fenced to forced_down",
                             "forced_down to servers DOWN",
                             "returning to readmitted"}) {
        const auto found = out.find(next, from);
        ASSERT_NE(found, std::string::npos) << next << " is missing in:\n" << out;
        from = found;
    }
}

} // namespace
} // namespace knell::control
