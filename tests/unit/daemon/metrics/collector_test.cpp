// SPDX-License-Identifier: GPL-3.0-or-later
// How long things took, from what knelld said, asked and heard.
#include "tests/unit/daemon/metrics/some_facts.hpp"

namespace knell::metrics {
namespace {

class Collecting : public CollectorTest {};

/// The one episode that everything here happens in.
void stay_open(Facts& facts)
{
    facts.fleet.hosts.front().episode = EpisodeId{7};
}

TEST_F(Collecting, a_power_cut_is_measured_stage_by_stage)
{
    stay_open(facts);
    auto& monitors = facts.fleet.hosts.front().monitors;
    for (auto& monitor : monitors) {
        monitor.state = "down";
        monitor.last_beat = noon - 400ms;
    }
    say("HOST_SUSPECTED");
    now += 600ms;
    say("HOST_FAILED");
    now += 10ms;
    say("HOST_FENCING");
    now += 2s;
    say("HOST_FENCED");
    now += 390ms;
    say("HOST_FORCED_DOWN");
    now += 40ms;
    say("SERVERS_DOWN");
    const auto shown = scrape();
    EXPECT_DOUBLE_EQ(*shown.value("knell_suspicion_seconds_sum"), 0.6);
    EXPECT_DOUBLE_EQ(*shown.value("knell_detection_seconds_sum"), 1.0);
    EXPECT_DOUBLE_EQ(*shown.value("knell_fence_duration_seconds_sum"), 2.0);
    EXPECT_DOUBLE_EQ(*shown.value("knell_forced_down_seconds_sum"), 2.4);
    EXPECT_DOUBLE_EQ(*shown.value("knell_servers_down_seconds_sum"), 0.04);
    for (const char* name :
         {"suspicion", "detection", "fence_duration", "forced_down", "servers_down"}) {
        EXPECT_EQ(shown.value("knell_" + std::string{name} + "_seconds_count"), 1) << name;
    }
    EXPECT_EQ(shown.value("knell_fence_operations_total{result=\"fenced\"}"), 1);
}

TEST_F(Collecting, detection_counts_from_the_last_beat_of_what_fell_and_not_of_what_still_beats)
{
    auto& monitors = facts.fleet.hosts.front().monitors;
    monitors[0].last_beat = noon;
    monitors[1].state = monitors[2].state = "down";
    say("HOST_FAILED"); // user space alone
    EXPECT_DOUBLE_EQ(*scrape().value("knell_detection_seconds_sum"), 1.0);
}

TEST_F(Collecting, what_an_earlier_knelld_began_is_not_measured_from_nowhere)
{
    stay_open(facts);
    say("HOST_RESUMED");
    say("HOST_FORCED_DOWN");
    EXPECT_EQ(scrape().value("knell_forced_down_seconds_count"), 0);
}

TEST_F(Collecting, a_new_episode_starts_its_own_measuring)
{
    stay_open(facts);
    say("HOST_SUSPECTED");
    now += 10s;
    say("HOST_RECOVERED");
    say("HOST_FAILED", "", "compute1", 8);
    EXPECT_EQ(scrape().value("knell_suspicion_seconds_count"), 0);
}

TEST_F(Collecting, hosts_are_measured_apart)
{
    say("HOST_SUSPECTED", "", "compute1", 7);
    now += 1s;
    say("HOST_SUSPECTED", "", "compute2", 8);
    now += 1s;
    say("HOST_FAILED", "", "compute1", 7);
    say("HOST_FAILED", "", "compute2", 8);
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_suspicion_seconds_count"), 2);
    EXPECT_DOUBLE_EQ(*shown.value("knell_suspicion_seconds_sum"), 3.0);
}

TEST_F(Collecting, each_end_of_a_fence_is_counted_by_its_result)
{
    stay_open(facts);
    say("FENCE_CANCELLED");
    say("HOST_FENCING");
    now += 4s;
    say("HOST_FENCE_FAILED");
    say("HOST_FENCING");
    now += 2s;
    say("HOST_FENCED");
    say("HOST_FENCED"); // read anew before Nova is told
    say("FENCE_CONTRADICTED");
    now += 3s;
    say("HOST_FENCED");
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_fence_operations_total{result=\"cancelled\"}"), 1);
    EXPECT_EQ(shown.value("knell_fence_operations_total{result=\"failed\"}"), 1);
    EXPECT_EQ(shown.value("knell_fence_operations_total{result=\"contradicted\"}"), 1);
    EXPECT_EQ(shown.value("knell_fence_operations_total{result=\"fenced\"}"), 2);
    EXPECT_EQ(shown.value("knell_fence_duration_seconds_count"), 3);
    EXPECT_DOUBLE_EQ(*shown.value("knell_fence_duration_seconds_sum"), 9.0);
}

TEST_F(Collecting, a_guard_is_counted_once_for_a_host_that_it_keeps_holding)
{
    stay_open(facts);
    say("HOST_HELD", "has failed and is not fenced: 3 of 9 hosts are silent at the same time");
    say("HOST_HELD", "has failed and is not fenced: 4 of 9 hosts are silent at the same time");
    (void)scrape();
    say("HOST_HELD", "has failed and is not fenced: 5 of 9 hosts are silent at the same time");
    say("HOST_HELD", "has failed and is not fenced: everything is on hold, by uid 0");
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_guard_blocked_total{guard=\"storm\"}"), 1);
    EXPECT_EQ(shown.value("knell_guard_blocked_total{guard=\"hold\"}"), 1);
    EXPECT_EQ(shown.value("knell_guard_blocked_total{guard=\"other\"}"), 0);
}

TEST_F(Collecting, drift_stalls_and_a_full_disk_are_counted)
{
    say("FLAG_SET_BY_OTHERS", "", "compute1", 0);
    say("FLAG_CLEARED_BY_OTHERS");
    say("FLAG_CLEARED_BY_OTHERS");
    for (const auto* id : {"KNELL_STALLED", "JOURNAL_STALLED"}) {
        collector.on_notice(now, {Notice::Weight::alarm, id, std::nullopt, EpisodeId{0}, ""});
    }
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_nova_drift_total{direction=\"set\"}"), 1);
    EXPECT_EQ(shown.value("knell_nova_drift_total{direction=\"cleared\"}"), 2);
    EXPECT_EQ(shown.value("knell_stalls_total"), 1);
    EXPECT_EQ(shown.value("knell_journal_errors_total"), 1);
}

NovaAnswer answer(std::uint64_t attempt, NovaOutcome outcome,
                  NovaRefusal refusal = NovaRefusal::none)
{
    return {HostId{"compute1"}, AttemptId{attempt}, outcome, refusal, {}, {}, ""};
}

TEST_F(Collecting, requests_to_nova_are_timed_and_counted_by_what_became_of_them)
{
    collector.on_request(now, Request::force_down, AttemptId{1});
    collector.on_request(now, Request::read, AttemptId{2});
    collector.on_request(now, Request::clear, AttemptId{3});
    collector.on_request(now, Request::servers, AttemptId{4});
    now += 500ms;
    collector.on_event(now, answer(1, NovaOutcome::done));
    collector.on_event(now, answer(2, NovaOutcome::unknown));
    collector.on_event(now, answer(3, NovaOutcome::refused, NovaRefusal::forbidden));
    collector.on_event(now, ServersSeen{HostId{"compute1"}, AttemptId{4}, true, 1, 1, ""});
    collector.on_event(now, answer(1, NovaOutcome::done)); // nobody asked this time
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_nova_requests_total{code=\"done\",verb=\"force_down\"}"), 1);
    EXPECT_EQ(shown.value("knell_nova_requests_total{code=\"unknown\",verb=\"read\"}"), 1);
    EXPECT_EQ(shown.value("knell_nova_requests_total{code=\"forbidden\",verb=\"clear\"}"), 1);
    EXPECT_EQ(shown.value("knell_nova_requests_total{code=\"done\",verb=\"servers\"}"), 1);
    EXPECT_DOUBLE_EQ(*shown.value("knell_nova_request_seconds_sum{verb=\"force_down\"}"), 0.5);
}

TEST_F(Collecting, records_are_timed_until_they_are_durable)
{
    collector.on_request(now, Request::journal, AttemptId{1});
    now += 20ms;
    collector.on_event(now, Recorded{std::nullopt, AttemptId{1}});
    EXPECT_DOUBLE_EQ(*scrape().value("knell_journal_write_seconds_sum"), 0.02);
}

TEST_F(Collecting, requests_that_are_never_answered_do_not_pile_up)
{
    for (std::uint64_t n = 1; n <= 5000; ++n) {
        collector.on_request(now, Request::read, AttemptId{n});
    }
    collector.on_event(now, answer(1, NovaOutcome::done));
    collector.on_event(now, answer(5000, NovaOutcome::done));
    EXPECT_EQ(scrape().value("knell_nova_requests_total{code=\"done\",verb=\"read\"}"), 1)
        << "the oldest is forgotten, the newest is not";
}

TEST_F(Collecting, the_loops_lag_is_a_histogram)
{
    collector.on_lag(3ms);
    collector.on_lag(0ms);
    const auto shown = scrape();
    EXPECT_EQ(shown.value("knell_eventloop_lag_seconds_count"), 2);
    EXPECT_DOUBLE_EQ(*shown.value("knell_eventloop_lag_seconds_sum"), 0.003);
}

TEST_F(Collecting, facts_are_taken_once_a_second_however_many_ask)
{
    const auto first = collector.exposition(now);
    EXPECT_EQ(collector.exposition(now + 999ms), first);
    (void)collector.not_ready(now + 999ms);
    EXPECT_EQ(looks, 1);
    EXPECT_NE(collector.exposition(now + 1s), first);
    EXPECT_EQ(looks, 2);
}

TEST_F(Collecting, readiness_names_everything_that_is_missing)
{
    EXPECT_TRUE(collector.not_ready(now).empty());
    facts.watching = facts.nova_answers = false;
    facts.journal_trouble = "database or disk is full";
    EXPECT_EQ(collector.not_ready(now + 1s).size(), 3U);
}

} // namespace
} // namespace knell::metrics
