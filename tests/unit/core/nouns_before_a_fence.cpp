// SPDX-License-Identifier: GPL-3.0-or-later
// What must be known before anybody is fenced: its devices, planned work, who falls with it, the
// rule.
#include "core/brake.hpp"
#include "core/ids.hpp"
#include "core/planned_work.hpp"
#include "core/readiness.hpp"
#include "core/verdict_rule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace knell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const HostId compute1{"compute1"};
const NetworkId mgmt{"mgmt"};
const NetworkId storage{"storage"};
const SystemUuid uuid{"00000000-0000-0000-0000-000000000001"};
constexpr Instant start{1h};

// ------------------------------------------------------------------ devices

HostPolicy with_two_devices()
{
    HostPolicy policy{compute1};
    policy.devices = {DeviceId{"bmc"}, DeviceId{"pdu"}};
    return policy;
}

class ReadinessTest : public testing::Test {
protected:
    ReadinessTest() { readiness.begin(start, 0s); }

    /// Asks what is due at `now`, and has it answered so.
    void look(Instant now, PowerFault fault, const std::string& detail)
    {
        const auto command = readiness.due(now, uuid);
        ASSERT_TRUE(command.has_value());
        EXPECT_TRUE(readiness.on_reply(now, {command->attempt, PowerState::unknown, fault, detail},
                                       effects));
    }

    Ids ids{EpisodeId{0}};
    Turnstile gate{8};
    Readiness readiness{with_two_devices(), ids, gate};
    Effects effects;
};

TEST_F(ReadinessTest, one_good_device_of_two_is_enough)
{
    look(start, PowerFault::silent, "no route to host");
    look(start, PowerFault::none, "");
    EXPECT_EQ(readiness.complaint(uuid), "");
    EXPECT_EQ(readiness.view().at(0).state, "not ready");
    EXPECT_EQ(readiness.view().at(1).state, "ready");
}

TEST_F(ReadinessTest, a_host_is_complained_of_when_neither_could_power_it_off)
{
    look(start, PowerFault::silent, "no route to host");
    look(start, PowerFault::silent, "its outlet is unknown");
    EXPECT_EQ(readiness.complaint(uuid), "bmc: no route to host; pdu: its outlet is unknown");
}

TEST_F(ReadinessTest, one_device_is_looked_at_at_a_time)
{
    ASSERT_TRUE(readiness.due(start, uuid));
    EXPECT_FALSE(readiness.due(start, uuid)) << "the first has not answered yet";
}

TEST_F(ReadinessTest, of_a_device_that_is_busy_nothing_new_is_known)
{
    look(start, PowerFault::none, "");
    look(start, PowerFault::none, "");
    effects.clear();
    look(start + 1h, PowerFault::busy, "no session slot is free");
    EXPECT_EQ(readiness.view().at(0).state, "ready");
    EXPECT_THAT(effects, IsEmpty());
}

TEST_F(ReadinessTest, a_device_that_is_busy_for_long_is_not_ready)
{
    look(start, PowerFault::none, "");
    look(start, PowerFault::none, "");
    look(start + 10min, PowerFault::busy, "no session slot is free");
    look(start + 10min, PowerFault::none, "");
    look(start + 11min, PowerFault::busy, "no session slot is free");
    EXPECT_EQ(readiness.view().at(0).state, "ready");
    effects.clear();
    look(start + 12min, PowerFault::busy, "no session slot is free");
    EXPECT_EQ(readiness.view().at(0).state, "not ready");
    EXPECT_EQ(readiness.view().at(0).why, "no session slot is free, at 3 looks in a row");
    EXPECT_EQ(effects.size(), 1U);
    look(start + 13min, PowerFault::busy, "no session slot is free");
    EXPECT_EQ(effects.size(), 1U) << "said once";
    look(start + 15min, PowerFault::none, "");
    EXPECT_EQ(readiness.view().at(0).state, "ready");
}

TEST_F(ReadinessTest, a_look_that_gave_way_to_something_else_says_nothing_of_the_device)
{
    for (auto now = start; now < start + 10min; now += 1min) {
        look(now, PowerFault::displaced, "wanted for something else");
    }
    EXPECT_EQ(readiness.view().at(0).state, "unknown");
    EXPECT_THAT(effects, IsEmpty());
}

TEST_F(ReadinessTest, an_operator_soon_knows_that_a_device_is_busy_and_it_is_left_in_peace)
{
    auto policy = with_two_devices();
    policy.devices.pop_back();
    policy.fence.inspect = 0s; // never
    readiness.adopt(policy);
    EXPECT_FALSE(readiness.due(start, uuid));
    readiness.look_now(start, "alice", effects);
    for (unsigned second = 0; second < 3600; ++second) {
        const auto now = start + second * 1s;
        if (const auto command = readiness.due(now, uuid)) {
            EXPECT_EQ(second % 5, 0U);
            EXPECT_LE(second, 10U);
            (void)readiness.on_reply(
                now, {command->attempt, PowerState::unknown, PowerFault::busy, "full"}, effects);
        }
    }
    EXPECT_EQ(readiness.complaint(uuid), "bmc: full, at 3 looks in a row");
}

TEST_F(ReadinessTest, a_device_that_keeps_failing_is_looked_at_ever_less)
{
    auto policy = with_two_devices();
    policy.devices.pop_back();
    readiness.adopt(policy);
    std::vector<Duration> looks;
    for (auto now = start; now < start + 35min; now += 1min) {
        if (const auto command = readiness.due(now, uuid)) {
            looks.push_back(now - start);
            (void)readiness.on_reply(
                now, {command->attempt, PowerState::unknown, PowerFault::silent, "dead"}, effects);
        }
    }
    EXPECT_EQ(looks, (std::vector<Duration>{0min, 1min, 3min, 7min, 15min, 25min}));
}

TEST_F(ReadinessTest, so_many_devices_of_the_fleet_are_looked_at_at_once_and_no_more)
{
    Turnstile narrow{1};
    Readiness one{with_two_devices(), ids, narrow};
    Readiness other{with_two_devices(), ids, narrow};
    const auto command = one.due(start, uuid);
    ASSERT_TRUE(command);
    EXPECT_FALSE(other.due(start, uuid));
    EXPECT_TRUE(one.on_reply(start, {command->attempt, PowerState::unknown, PowerFault::none, ""},
                             effects));
    EXPECT_TRUE(other.due(start, uuid));
    EXPECT_FALSE(one.due(start, uuid));
    other.give_up(start + 1min);
    EXPECT_TRUE(one.due(start + 1min, uuid)) << "what is never answered holds nobody up";
}

TEST_F(ReadinessTest, a_device_that_failed_is_looked_at_again_sooner_than_one_that_is_well)
{
    look(start, PowerFault::silent, "no route to host");
    look(start, PowerFault::none, "");
    const auto next = readiness.due(start + 1min, uuid);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->device, DeviceId{"bmc"});
}

TEST_F(ReadinessTest, a_look_that_is_never_answered_is_not_the_last)
{
    ASSERT_TRUE(readiness.due(start, uuid));
    EXPECT_TRUE(readiness.due(start + 1min, uuid));
}

TEST_F(ReadinessTest, a_host_that_cannot_be_told_from_another_is_not_ready)
{
    EXPECT_THAT(readiness.complaint(std::nullopt), HasSubstr("cannot be told from another"));
    EXPECT_EQ(readiness.complaint(uuid), "");
}

TEST_F(ReadinessTest, a_password_refused_in_a_fence_is_not_tried_again_when_looking)
{
    readiness.learn(start, DeviceId{"bmc"}, PowerFault::wrong_credentials, "wrong password",
                    effects);
    EXPECT_TRUE(readiness.refused(DeviceId{"bmc"}));
    const auto next = readiness.due(start + 1h, uuid);
    ASSERT_TRUE(next);
    EXPECT_EQ(next->device, DeviceId{"pdu"});
}

TEST_F(ReadinessTest, a_refusal_is_over_when_the_device_lets_us_in)
{
    const DeviceId bmc{"bmc"};
    readiness.learn(start, bmc, PowerFault::wrong_credentials, "wrong password", effects);
    readiness.learn(start + 1s, bmc, PowerFault::silent, "lost", effects);
    EXPECT_TRUE(readiness.refused(bmc));
    readiness.learn(start + 2s, bmc, PowerFault::none, "", effects);
    EXPECT_FALSE(readiness.refused(bmc));
    EXPECT_EQ(readiness.view().at(0).state, "unknown") << "it will be looked at";
    ASSERT_EQ(effects.size(), 2U);
    EXPECT_EQ(std::get<Record>(effects.at(0)).entry.what, JournalEntry::What::refused);
    EXPECT_EQ(std::get<Record>(effects.at(1)).entry.what, JournalEntry::What::unrefused);
    EXPECT_EQ(std::get<Record>(effects.at(1)).entry.by, "bmc");
}

TEST_F(ReadinessTest, a_reload_keeps_what_is_known_of_devices_that_stay)
{
    look(start, PowerFault::wrong_credentials, "wrong password");
    readiness.adopt(with_two_devices());
    EXPECT_TRUE(readiness.refused(DeviceId{"bmc"}));
    EXPECT_EQ(readiness.view().at(0).state, "not ready");
}

// ------------------------------------------------------------------ planned work

TEST(PlannedWorkTest, its_end_is_said_once_when_a_fifth_of_short_work_is_left)
{
    PlannedWork work;
    work.begin(start, PlannedWork::Kind::order, "alice", "new memory", 10min);
    EXPECT_FALSE(work.ends_soon(start + 8min - 1us));
    EXPECT_TRUE(work.ends_soon(start + 8min));
    EXPECT_FALSE(work.ends_soon(start + 9min)) << "said already";
    EXPECT_FALSE(work.over(start + 10min - 1us));
    EXPECT_TRUE(work.over(start + 10min));
}

TEST(PlannedWorkTest, of_long_work_its_end_is_said_ten_minutes_before)
{
    PlannedWork work;
    work.begin(start, PlannedWork::Kind::order, "alice", "new memory", 10h);
    EXPECT_FALSE(work.ends_soon(start + 10h - 10min - 1us));
    EXPECT_TRUE(work.ends_soon(start + 10h - 10min));
}

// ------------------------------------------------------------------ who falls together

const DomainId rack1{"rack1"};

/// Four hosts, the first two of rack1; episode i of host i.
class BrakeTest : public testing::Test {
protected:
    BrakeTest()
    {
        for (int i = 1; i <= 4; ++i) {
            hosts.push_back(HostPolicy{HostId{"compute" + std::to_string(i)}});
        }
        hosts[0].domains = hosts[1].domains = {rack1};
        policy.storm_hosts = policy.storm_share = 0;
    }
    /// The hosts with these numbers are in doubt.
    void look(Brake& brake, const std::vector<std::uint64_t>& doubtful, Duration doubted = 0s)
    {
        Census census;
        for (const auto& host : hosts) {
            census.members.push_back({&host, EpisodeId{0}, false, false});
        }
        for (const auto number : doubtful) {
            census.members[number - 1].episode = EpisodeId{number};
            census.members[number - 1].in_doubt = true;
            census.members[number - 1].doubted = doubted;
        }
        brake.look(census, effects);
    }

    std::vector<HostPolicy> hosts;
    GatePolicy policy;
    Effects effects;
};

TEST_F(BrakeTest, half_of_all_hosts_are_a_storm_where_half_was_said)
{
    policy.storm_share = 50;
    Brake brake{policy};
    look(brake, {3});
    EXPECT_EQ(brake.storming(), "");
    look(brake, {3, 4});
    EXPECT_EQ(brake.storming(), "2 of 4 hosts are silent at the same time");
}

TEST_F(BrakeTest, one_host_alone_is_no_storm_whatever_its_share)
{
    policy.storm_share = 25;
    Brake brake{policy};
    look(brake, {3});
    EXPECT_EQ(brake.storming(), "");
}

TEST_F(BrakeTest, who_joins_a_storm_late_stays_caught_when_it_is_over)
{
    policy.storm_hosts = 2;
    Brake brake{policy};
    look(brake, {1, 3});
    look(brake, {1, 3, 4});
    look(brake, {4});
    EXPECT_EQ(brake.storming(), "");
    EXPECT_EQ(brake.storm(EpisodeId{4}), "3 of 4 hosts are silent at the same time");
}

TEST_F(BrakeTest, a_loss_of_last_week_makes_no_storm_of_a_new_one)
{
    policy.storm_hosts = 2;
    Brake brake{policy};
    look(brake, {3}, policy.storm_within - 1us);
    look(brake, {3, 4}, policy.storm_within);
    EXPECT_EQ(brake.storming(), "");
    EXPECT_EQ(brake.storm(EpisodeId{4}), "");
}

TEST_F(BrakeTest, who_was_caught_counts_until_he_is_heard_however_long_it_takes)
{
    policy.storm_hosts = 3;
    policy.domains = {{rack1}};
    Brake brake{policy};
    look(brake, {1, 2, 3});
    look(brake, {1, 2, 3}, 24h);
    EXPECT_EQ(brake.storming(), "3 of 4 hosts are silent at the same time");
    EXPECT_NE(brake.domains().at(0).lost, "");
    look(brake, {1, 2}, 24h);
    EXPECT_EQ(brake.storming(), "");
}

TEST_F(BrakeTest, the_loss_of_a_rack_holds_nobody_elsewhere)
{
    Brake brake{policy};
    look(brake, {1, 2, 3});
    EXPECT_EQ(brake.domain(EpisodeId{1}), "2 of the 2 hosts of rack1 are silent at the same time");
    EXPECT_EQ(brake.domain(EpisodeId{3}), "");
}

TEST_F(BrakeTest, a_rack_whose_hosts_are_to_be_fenced_one_by_one_is_never_lost)
{
    policy.domains = {{rack1, DomainPolicy::Action::fence, 2, 1}};
    Brake brake{policy};
    look(brake, {1, 2});
    EXPECT_EQ(brake.domain(EpisodeId{1}), "");
}

// ------------------------------------------------------------------ the rule

TEST(VerdictRuleTest, silence_that_the_line_does_not_name_needs_no_sight)
{
    VerdictRule rule;
    rule.kind = VerdictRule::Kind::matrix;
    rule.rows = {{{{mgmt, VerdictRule::Cell::silent}}, true}};
    const auto silent =
        convicting(rule, {{mgmt, NetworkSight::silent}, {storage, NetworkSight::silent}});
    ASSERT_TRUE(silent);
    EXPECT_THAT(*silent, ElementsAre(mgmt));
}

TEST(VerdictRuleTest, the_first_line_that_fits_decides_and_no_later_one)
{
    VerdictRule rule;
    rule.kind = VerdictRule::Kind::matrix;
    rule.rows = {{{{mgmt, VerdictRule::Cell::silent}, {storage, VerdictRule::Cell::up}}, false},
                 {{{mgmt, VerdictRule::Cell::silent}}, true}};
    EXPECT_FALSE(convicting(rule, {{mgmt, NetworkSight::silent}, {storage, NetworkSight::up}}));
    EXPECT_TRUE(convicting(rule, {{mgmt, NetworkSight::silent}, {storage, NetworkSight::silent}}));
}

TEST(VerdictRuleTest, a_line_that_names_no_silence_convicts_nobody)
{
    VerdictRule rule;
    rule.kind = VerdictRule::Kind::matrix;
    rule.rows = {{{{storage, VerdictRule::Cell::up}}, true}};
    EXPECT_FALSE(convicting(rule, {{mgmt, NetworkSight::silent}, {storage, NetworkSight::up}}));
}

TEST(VerdictRuleTest, a_network_that_is_falling_is_not_up)
{
    VerdictRule rule;
    rule.kind = VerdictRule::Kind::matrix;
    rule.rows = {{{{mgmt, VerdictRule::Cell::silent}, {storage, VerdictRule::Cell::up}}, true}};
    EXPECT_TRUE(convicting(rule, {{mgmt, NetworkSight::silent}, {storage, NetworkSight::up}}));
    EXPECT_FALSE(
        convicting(rule, {{mgmt, NetworkSight::silent}, {storage, NetworkSight::unclear}}));
}

TEST(VerdictRuleTest, a_network_that_was_never_heard_does_not_keep_a_host_alive)
{
    EXPECT_TRUE(convicting({}, {{mgmt, NetworkSight::silent}, {storage, NetworkSight::unheard}}));
    EXPECT_FALSE(convicting({}, {{mgmt, NetworkSight::unheard}, {storage, NetworkSight::unheard}}));
}

TEST(VerdictRuleTest, the_table_says_who_keeps_a_silent_host_alive)
{
    const VerdictRule rule{VerdictRule::Kind::at_least, 1, {}, {MonitorId{"heartbeat@storage"}}};
    const auto table = table_of(rule, {{mgmt, NetworkSight::silent}, {storage, NetworkSight::up}},
                                "heartbeat@storage");
    EXPECT_EQ(table.now.outcome, "alive: heartbeat@storage beats");
}

} // namespace
} // namespace knell::test
