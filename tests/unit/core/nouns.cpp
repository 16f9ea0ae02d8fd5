// SPDX-License-Identifier: GPL-3.0-or-later
// The small nouns of core, each by itself.
#include "core/fence_gate.hpp"
#include "core/journal_entry.hpp"
#include "core/suspicion.hpp"

#include <gtest/gtest.h>

namespace knell::test {
namespace {

const HostId compute1{"compute1"};
const MonitorId icmp{"icmp@mgmt"};
const NetworkId mgmt{"mgmt"};
constexpr Instant start{1h};

HostPolicy watched_by_icmp()
{
    HostPolicy policy{compute1};
    policy.monitors = {{icmp, MonitorKind::icmp, mgmt, 200ms, 5, 3}};
    return policy;
}

/// One monitor, asked every 200 ms, while we see well.
class SuspicionTest : public testing::Test {
protected:
    SuspicionTest() : vantage{{{}, 1, 250ms}, {{mgmt, 200ms}}} { (void)vantage.observe(start); }

    bool probe(Instant asked_at, Pulse pulse)
    {
        return suspicion.on_probe({compute1, icmp, pulse, asked_at, std::nullopt, ""}, vantage);
    }
    void beat(int at) { EXPECT_TRUE(probe(start + at * 200ms, Pulse::beating)); }
    void silence(int at) { EXPECT_FALSE(probe(start + at * 200ms, Pulse::silent)); }

    Vantage vantage;
    Suspicion suspicion{watched_by_icmp()};
};

TEST_F(SuspicionTest, falls_after_fall_silences_and_not_one_earlier)
{
    beat(0);
    for (int at = 1; at <= 4; ++at) {
        silence(at);
        EXPECT_FALSE(suspicion.dead(start + 1h)) << at;
    }
    silence(5);
    EXPECT_TRUE(suspicion.dead(start + 1h));
    EXPECT_TRUE(suspicion.doubtful());
}

TEST_F(SuspicionTest, what_looks_elsewhere_has_its_time_anew_after_a_stop_of_ours)
{
    auto policy = watched_by_icmp();
    const MonitorId beats{"heartbeat@mgmt"};
    policy.monitors.push_back({beats, MonitorKind::heartbeat, mgmt, 200ms, 5, 3});
    suspicion = Suspicion{policy};
    beat(0);
    suspicion.begin_anew(start, {beats});
    suspicion.forget_silences(start + 1h);
    for (int at = 1; at <= 5; ++at) {
        silence(at);
    }
    EXPECT_FALSE(suspicion.dead(start + 1h + 2s));
    EXPECT_TRUE(suspicion.dead(start + 1h + 3s));
}

TEST_F(SuspicionTest, one_beat_starts_the_count_again)
{
    beat(0);
    for (int at = 1; at <= 4; ++at) {
        silence(at);
    }
    beat(5);
    for (int at = 6; at <= 9; ++at) {
        silence(at);
    }
    EXPECT_FALSE(suspicion.dead(start + 1h));
    silence(10);
    EXPECT_TRUE(suspicion.dead(start + 1h));
}

TEST_F(SuspicionTest, a_fallen_monitor_rises_after_rise_beats_and_one_of_them_is_life_already)
{
    beat(0);
    for (int at = 1; at <= 5; ++at) {
        silence(at);
    }
    beat(6);
    EXPECT_FALSE(suspicion.dead(start + 1h));
    EXPECT_TRUE(suspicion.beating());
    EXPECT_TRUE(suspicion.doubtful()) << "one beat is life, and not yet health";
    beat(7);
    EXPECT_FALSE(suspicion.calm());
    beat(8);
    EXPECT_TRUE(suspicion.calm());
    EXPECT_FALSE(suspicion.doubtful());
}

TEST_F(SuspicionTest, an_inconclusive_probe_counts_for_nobody)
{
    beat(0);
    for (int at = 1; at <= 4; ++at) {
        silence(at);
    }
    EXPECT_FALSE(probe(start + 1s, Pulse::inconclusive));
    EXPECT_FALSE(suspicion.dead(start + 1h));
    silence(6);
    EXPECT_TRUE(suspicion.dead(start + 1h));
}

TEST_F(SuspicionTest, fewer_silences_than_fall_convict_nobody_however_long_they_last)
{
    beat(0);
    for (const int at : {1, 3, 5, 9}) {
        silence(at);
    }
    EXPECT_FALSE(suspicion.dead(start + 1h));
}

TEST_F(SuspicionTest, silences_counted_before_our_sight_was_lost_are_void)
{
    beat(0);
    for (int at = 1; at <= 4; ++at) {
        silence(at);
    }
    (void)vantage.observe(start + 30s);
    silence(151);
    EXPECT_FALSE(suspicion.dead(start + 1h));
    for (int at = 152; at <= 155; ++at) {
        silence(at);
    }
    EXPECT_TRUE(suspicion.dead(start + 1h));
}

TEST_F(SuspicionTest, silences_bunched_together_by_a_late_loop_convict_nobody)
{
    beat(0);
    for (int i = 0; i < 9; ++i) {
        probe(start + 200ms + i * 1ms, Pulse::silent);
    }
    EXPECT_FALSE(suspicion.dead(start + 1h));
}

TEST_F(SuspicionTest, not_even_where_the_monitor_had_fallen_before)
{
    beat(0);
    for (int at = 1; at <= 5; ++at) {
        silence(at);
    }
    beat(6);
    for (int i = 0; i < 9; ++i) {
        probe(start + 1400ms + i * 1ms, Pulse::silent);
    }
    EXPECT_FALSE(suspicion.dead(start + 1h));
}

TEST_F(SuspicionTest, what_was_silent_while_we_were_stopped_is_void)
{
    beat(0);
    (void)vantage.observe(start + 30s); // we were stopped: whatever was asked before is void
    for (int at = 1; at <= 9; ++at) {
        silence(at);
    }
    EXPECT_FALSE(suspicion.dead(start + 30s));
    EXPECT_FALSE(suspicion.doubtful());
}

TEST_F(SuspicionTest, a_host_never_heard_is_neither_dead_nor_calm_nor_doubtful)
{
    for (int at = 1; at <= 9; ++at) {
        silence(at);
    }
    EXPECT_FALSE(suspicion.seen());
    EXPECT_FALSE(suspicion.dead(start + 1h));
    EXPECT_FALSE(suspicion.doubtful());
    EXPECT_FALSE(suspicion.calm());
    EXPECT_FALSE(suspicion.well());
}

TEST_F(SuspicionTest, forgetting_makes_it_count_from_zero)
{
    beat(0);
    for (int at = 1; at <= 5; ++at) {
        silence(at);
    }
    ASSERT_TRUE(suspicion.dead(start + 2s));
    suspicion.forget_silences(start + 2s);
    EXPECT_FALSE(suspicion.dead(start + 2s));
}

// ------------------------------------------------------------------ the gate

class FenceGateTest : public testing::Test {
protected:
    /// Monitors' verdicts come only from Suspicion with Sight: so that is how they are made here.
    FailureVerdict verdict()
    {
        const MonitorId other{"icmp@mgmt"};
        Vantage vantage{{{{SentinelId{"gateway"}, mgmt}}, 1, 250ms}, {{mgmt, 200ms}}};
        (void)vantage.observe(start);
        Suspicion suspicion{watched_by_icmp()};
        Effects effects;
        for (int at = 0; at <= 6; ++at) {
            const auto asked = start + at * 200ms;
            vantage.on_sentinel({SentinelId{"gateway"}, Pulse::beating, asked}, effects);
            (void)suspicion.on_probe({compute1, other, at == 0 ? Pulse::beating : Pulse::silent,
                                      asked, std::nullopt, ""},
                                     vantage);
        }
        const auto sight = vantage.sight(compute1, suspicion.silences(start + 2s));
        EXPECT_TRUE(sight.has_value());
        return suspicion.conclude(start + 2s, *sight);
    }
    FailureVerdict order() { return Suspicion{watched_by_icmp()}.ordered_by(start, "alice"); }
    static bool refused(const std::variant<FencePermit, FenceGate::Refusal>& answer)
    {
        return std::holds_alternative<FenceGate::Refusal>(answer);
    }

    const HostPolicy host = watched_by_icmp();
    FenceGate gate{{Mode::armed, 2, 10min}, std::nullopt};
};

TEST_F(FenceGateTest, nothing_passes_while_observing_not_even_an_order)
{
    gate.set_mode(Mode::observe, "alice");
    EXPECT_TRUE(refused(gate.admit(start, verdict(), {host, EpisodeId{1}, ""})));
    EXPECT_TRUE(refused(gate.admit(start, order(), {host, EpisodeId{1}, ""})));
}

TEST_F(FenceGateTest, the_budget_is_spent_by_monitors_and_frees_itself_when_the_window_has_passed)
{
    EXPECT_FALSE(refused(gate.admit(start, verdict(), {host, EpisodeId{1}, ""})));
    EXPECT_FALSE(refused(gate.admit(start + 1min, verdict(), {host, EpisodeId{2}, ""})));
    EXPECT_TRUE(refused(gate.admit(start + 2min, verdict(), {host, EpisodeId{3}, ""})));
    EXPECT_TRUE(refused(gate.admit(start + 10min - 1us, verdict(), {host, EpisodeId{3}, ""})));
    EXPECT_FALSE(refused(gate.admit(start + 10min, verdict(), {host, EpisodeId{3}, ""})));
    EXPECT_TRUE(refused(gate.admit(start + 10min, verdict(), {host, EpisodeId{4}, ""})));
}

TEST_F(FenceGateTest, a_second_try_of_the_same_episode_costs_nothing)
{
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(refused(gate.admit(start, verdict(), {host, EpisodeId{1}, ""})));
    }
    EXPECT_EQ(gate.budget_used(start), 1U);
}

TEST_F(FenceGateTest, an_episode_that_outlives_the_window_pays_again)
{
    gate.count(start - 10min, &host, EpisodeId{1}); // as a restart finds it in the journal
    gate.count(start - 2min, &host, EpisodeId{2});
    gate.count(start - 1min, &host, EpisodeId{3});
    EXPECT_TRUE(refused(gate.admit(start, verdict(), {host, EpisodeId{1}, ""})));
    EXPECT_FALSE(refused(gate.admit(start, verdict(), {host, EpisodeId{2}, ""})));
}

TEST_F(FenceGateTest, no_rack_pays_for_another)
{
    GatePolicy policy{Mode::armed, 9, 10min};
    policy.domains = {{DomainId{"rack1"}}, {DomainId{"rack2"}}};
    gate.adopt(policy);
    auto here = host;
    here.domains = {DomainId{"rack1"}};
    auto there = host;
    there.domains = {DomainId{"rack2"}};
    EXPECT_FALSE(refused(gate.admit(start, verdict(), {here, EpisodeId{1}, ""})));
    EXPECT_FALSE(refused(gate.admit(start, verdict(), {there, EpisodeId{2}, ""})));
    EXPECT_TRUE(refused(gate.admit(start, verdict(), {here, EpisodeId{3}, ""})));
}

TEST_F(FenceGateTest, an_order_is_not_held_by_the_budget_and_does_not_spend_it)
{
    for (std::uint64_t i = 1; i <= 5; ++i) {
        EXPECT_FALSE(refused(gate.admit(start, order(), {host, EpisodeId{i}, ""})));
    }
    EXPECT_EQ(gate.budget_used(start), 0U);
}

TEST_F(FenceGateTest, what_is_precious_stays_so_whatever_was_approved)
{
    auto database = host;
    database.precious = "it runs the database";
    gate.approve(EpisodeId{1});
    EXPECT_TRUE(refused(gate.admit(start, verdict(), {database, EpisodeId{1}, ""})));
    EXPECT_FALSE(refused(gate.admit(start, order(), {database, EpisodeId{1}, ""})));
}

TEST_F(FenceGateTest, the_permit_names_the_host_and_the_episode_of_its_verdict)
{
    const auto permit =
        std::get<FencePermit>(gate.admit(start, verdict(), {host, EpisodeId{7}, ""}));
    EXPECT_EQ(permit.host(), compute1);
    EXPECT_EQ(permit.episode(), EpisodeId{7});
    EXPECT_EQ(permit.verdict().source(), FailureVerdict::Source::monitors);
}

// ------------------------------------------------------------------ the journal

JournalEntry entry(JournalEntry::What what, std::uint64_t episode, std::string by = "knelld")
{
    JournalEntry one;
    one.what = what;
    one.host = compute1;
    one.episode = EpisodeId{episode};
    one.by = std::move(by);
    return one;
}

TEST(JournalFold, the_last_entry_is_the_stage_and_orders_are_none)
{
    using What = JournalEntry::What;
    auto fencing = entry(What::fencing, 4);
    fencing.boot = BootId{"one"};
    const std::vector<JournalEntry> entries{fencing, entry(What::fenced, 4),
                                            entry(What::ordered, 4, "alice")};
    const auto past = fold(entries);
    ASSERT_EQ(past.open.size(), 1U);
    const auto& open = past.open.at(compute1);
    EXPECT_EQ(open.stage, What::fenced);
    EXPECT_EQ(open.boot, BootId{"one"}) << "an entry without a boot does not forget it";
    EXPECT_FALSE(open.telling);
    EXPECT_EQ(past.last_episode, EpisodeId{4});
}

TEST(JournalFold, what_is_over_is_over_and_its_number_is_never_used_again)
{
    using What = JournalEntry::What;
    for (const auto end : {What::readmitted, What::cancelled}) {
        const std::vector<JournalEntry> entries{entry(What::fencing, 9), entry(end, 9)};
        const auto past = fold(entries);
        EXPECT_TRUE(past.open.empty());
        EXPECT_EQ(past.last_episode, EpisodeId{9});
    }
}

TEST(JournalFold, a_new_episode_inherits_nothing_of_the_last)
{
    using What = JournalEntry::What;
    auto told = entry(What::forcing_down, 1);
    told.boot = BootId{"one"};
    const std::vector<JournalEntry> entries{told, entry(What::fencing, 2)};
    const auto past = fold(entries);
    EXPECT_FALSE(past.open.at(compute1).boot);
    EXPECT_FALSE(past.open.at(compute1).telling);
    EXPECT_EQ(past.open.at(compute1).stage, What::fencing);
}

TEST(JournalFold, a_dispute_remembers_that_nova_was_being_told)
{
    using What = JournalEntry::What;
    const std::vector<JournalEntry> entries{entry(What::forcing_down, 1), entry(What::disputed, 1)};
    EXPECT_TRUE(fold(entries).open.at(compute1).telling);
}

TEST(JournalFold, what_was_said_of_an_episode_is_no_stage_of_it)
{
    using What = JournalEntry::What;
    const std::vector<JournalEntry> entries{entry(What::forced_down, 1), entry(What::told, 1)};
    EXPECT_EQ(fold(entries).open.at(compute1).stage, What::forced_down);
}

TEST(JournalFold, which_machine_it_was_is_remembered)
{
    using What = JournalEntry::What;
    auto fencing = entry(What::fencing, 1);
    fencing.identity = SystemUuid{"00000000-0000-0000-0000-000000000001"};
    const std::vector<JournalEntry> entries{fencing, entry(What::fenced, 1)};
    EXPECT_EQ(fold(entries).open.at(compute1).identity, fencing.identity);
}

TEST(JournalFold, an_ordered_fence_is_not_paid_for)
{
    using What = JournalEntry::What;
    const std::vector<JournalEntry> entries{entry(What::fencing, 1),
                                            entry(What::fencing, 2, "alice")};
    const auto past = fold(entries);
    ASSERT_EQ(past.fenced.size(), 1U);
    EXPECT_EQ(past.fenced.front().episode, EpisodeId{1});
}

TEST(JournalFold, a_hold_that_was_lifted_is_over)
{
    std::vector<JournalEntry> entries(1);
    entries[0].what = JournalEntry::What::held;
    entries[0].by = "alice";
    entries[0].detail = "datacentre work";
    EXPECT_EQ(fold(entries).hold, "by alice: datacentre work");
    entries.emplace_back().what = JournalEntry::What::unheld;
    EXPECT_EQ(fold(entries).hold, "");
}

TEST(JournalFold, a_host_that_was_fenced_out_of_its_maintenance_is_in_none)
{
    using What = JournalEntry::What;
    auto work = entry(What::maintenance, 0, "alice");
    work.lasting = 2h;
    work.age = 30min;
    const std::vector<JournalEntry> entries{work, entry(What::fencing, 1, "alice")};
    EXPECT_EQ(fold({entries.data(), 1}).planned.at(compute1).left, 90min);
    EXPECT_TRUE(fold(entries).planned.empty());
}

TEST(JournalFold, the_last_word_on_the_mode_counts)
{
    std::vector<JournalEntry> entries(2);
    entries[0].what = JournalEntry::What::armed;
    entries[0].by = "alice";
    entries[1].what = JournalEntry::What::disarmed;
    entries[1].by = "bob";
    EXPECT_EQ(fold(entries).mode, Mode::observe);
    EXPECT_EQ(fold(entries).mode_by, "bob");
    EXPECT_FALSE(fold({}).mode);
}

TEST(JournalWords, every_word_is_read_back_and_no_other)
{
    for (int i = 0; i <= static_cast<int>(JournalEntry::What::told); ++i) {
        const auto what = static_cast<JournalEntry::What>(i);
        EXPECT_FALSE(name_of(what).empty());
        EXPECT_EQ(journal_word(name_of(what)), what);
    }
    EXPECT_FALSE(journal_word("fencing "));
    EXPECT_FALSE(journal_word(""));
}

} // namespace
} // namespace knell::test
