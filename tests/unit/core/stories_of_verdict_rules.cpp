// SPDX-License-Identifier: GPL-3.0-or-later
// Which silences make a host dead, over several networks and channels.
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const NetworkId mgmt{"mgmt"};
const NetworkId storage{"storage"};

/// ICMP and heartbeats over two networks, a sentinel on each.
Policy over_two_networks()
{
    auto policy = small_policy(3);
    for (auto& host : policy.hosts) {
        const auto on_mgmt = host.monitors;
        for (auto monitor : on_mgmt) {
            const bool icmp = monitor.kind == MonitorKind::icmp;
            monitor.id = MonitorId{icmp ? "icmp@storage" : "heartbeat@storage"};
            monitor.network = storage;
            host.monitors.push_back(monitor);
        }
    }
    policy.vantage.sentinels.push_back({SentinelId{"san"}, storage});
    return policy;
}

Policy with_rule(const VerdictRule& rule)
{
    auto policy = over_two_networks();
    for (auto& host : policy.hosts) {
        host.rule = rule;
    }
    return policy;
}

class OverTwoNetworks : public Story {
protected:
    OverTwoNetworks() : Story{over_two_networks()} {}
    explicit OverTwoNetworks(const VerdictRule& rule) : Story{with_rule(rule)} {}
    [[nodiscard]] RuleView table() const { return world.fleet().view(HostId{it})->rule; }
};

TEST_F(OverTwoNetworks, one_network_lost_of_two_is_doubt_and_no_death)
{
    host().cut_off = {mgmt};
    world.run(2min);
    EXPECT_EQ(world.state(it), "Suspected");
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    EXPECT_EQ(table().now.cells, (std::vector<std::string_view>{"silent", "up"}));
    EXPECT_EQ(table().now.outcome, "alive");
    host().cut_off.clear();
    EXPECT_TRUE(reaches("Healthy"));
}

TEST_F(OverTwoNetworks, both_lost_is_death)
{
    host().cut_off = {mgmt, storage};
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(OverTwoNetworks, back_on_one_of_them_it_is_not_well_enough_to_be_readmitted)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().cut_off = {storage};
    world.boot(it);
    ASSERT_TRUE(reaches("Returning"));
    world.run(10min);
    EXPECT_TRUE(host().flag);
    EXPECT_THAT(world.fleet().view(HostId{it})->why, HasSubstr("every monitor to be up"));
    host().cut_off.clear();
    EXPECT_TRUE(reaches("Healthy"));
}

TEST_F(OverTwoNetworks, no_force_makes_a_host_off_whose_agent_beats)
{
    host().cut_off = {mgmt};
    ASSERT_TRUE(reaches("Suspected"));
    world.order(OperatorOrder::What::confirm_off, it, true);
    EXPECT_THAT(world.log().back().text,
                AllOf(HasSubstr("it answers, so it is not off"), Not(HasSubstr("--force"))));
    world.run(1min);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(OverTwoNetworks, the_truth_table_marks_where_we_are)
{
    const auto view = table();
    EXPECT_EQ(view.text, "dead when every network is silent");
    ASSERT_EQ(view.lines.size(), 4U);
    EXPECT_EQ(view.lines[0].outcome, "dead");
    for (std::size_t i = 1; i < 4; ++i) {
        EXPECT_EQ(view.lines[i].outcome, "alive");
    }
    EXPECT_TRUE(view.lines[3].fits);
}

VerdictRule one_of_two()
{
    VerdictRule rule;
    rule.kind = VerdictRule::Kind::at_least;
    rule.count = 1;
    return rule;
}

class OneOfTwo : public OverTwoNetworks {
protected:
    OneOfTwo() : OverTwoNetworks{one_of_two()} {}
};

TEST_F(OneOfTwo, a_single_silent_network_is_death_although_the_other_one_beats)
{
    host().cut_off = {storage};
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(OneOfTwo, its_return_before_power_off_leaves_cancels)
{
    world.journal_holds = true;
    host().cut_off = {storage};
    ASSERT_TRUE(reaches("Fencing"));
    host().cut_off.clear();
    world.run(3s);
    world.release_journal();
    world.run(1s);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    EXPECT_EQ(world.count(it, "! FENCE_CANCELLED"), 1U);
}

TEST_F(OneOfTwo, a_network_that_was_never_heard_is_not_counted_as_silent)
{
    for (auto& [name, one] : world.hosts()) {
        one.cut_off = {storage};
    }
    world.restart_knelld();
    world.run(1min);
    EXPECT_EQ(world.state(it), "Healthy");
    EXPECT_EQ(table().now.cells[1], "unheard");
    EXPECT_EQ(table().now.outcome, "alive");
}

TEST_F(OneOfTwo, life_over_the_other_network_while_the_intent_is_written_cancels_nothing)
{
    world.journal_holds = true;
    host().cut_off = {storage};
    ASSERT_TRUE(reaches("Fencing"));
    world.run(3s);
    world.release_journal();
    EXPECT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "! FENCE_CANCELLED"), 0U);
}

Policy racks_of_which_one_network_is_enough()
{
    auto policy = with_rule(one_of_two());
    const DomainId rack{"rack1"};
    policy.gate.domains = {{rack, DomainPolicy::Action::hold, 2, 1}};
    for (auto& host : policy.hosts) {
        host.domains = {rack};
    }
    return policy;
}

class ARackOverTwoNetworks : public Story {
protected:
    ARackOverTwoNetworks() : Story{racks_of_which_one_network_is_enough()} {}
};

TEST_F(ARackOverTwoNetworks,
       that_loses_one_of_them_is_one_event_before_the_first_of_its_hosts_is_dead)
{
    for (auto& [name, one] : world.hosts()) {
        one.cut_off = {mgmt};
        world.run(600ms); // its switch dies port by port
    }
    world.run(2min);
    for (auto& [name, one] : world.hosts()) {
        EXPECT_EQ(world.state(name.get()), "Held");
        EXPECT_TRUE(one.power);
    }
    EXPECT_EQ(world.count("", "! DOMAIN_LOST"), 1U);
}

Policy racks_that_are_only_pinged()
{
    auto policy = racks_of_which_one_network_is_enough();
    for (auto& host : policy.hosts) {
        std::erase_if(host.monitors, [](const auto& one) { return one.kind != MonitorKind::icmp; });
    }
    return policy;
}

class ARackThatIsOnlyPinged : public Story {
protected:
    ARackThatIsOnlyPinged() : Story{racks_that_are_only_pinged()} {}
};

TEST_F(ARackThatIsOnlyPinged, is_one_event_although_its_second_host_is_not_even_suspected_yet)
{
    for (auto& [name, one] : world.hosts()) {
        one.cut_off = {mgmt};
        world.run(600ms);
    }
    world.run(2min);
    EXPECT_EQ(world.count("", "! DOMAIN_LOST"), 1U);
    for (auto& [name, one] : world.hosts()) {
        EXPECT_EQ(world.state(name.get()), "Held");
        EXPECT_TRUE(one.power);
    }
}

VerdictRule storage_vetoes()
{
    VerdictRule rule = one_of_two();
    rule.vetoes = {MonitorId{"heartbeat@storage"}};
    return rule;
}

class StorageVetoes : public OverTwoNetworks {
protected:
    StorageVetoes() : OverTwoNetworks{storage_vetoes()} {}
};

TEST_F(StorageVetoes, a_beat_over_the_storage_network_keeps_it_alive)
{
    host().cut_off = {mgmt};
    world.run(2min);
    EXPECT_EQ(world.state(it), "Suspected");
    EXPECT_EQ(table().now.outcome, "alive: heartbeat@storage beats");
    host().cut_off = {mgmt, storage};
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(StorageVetoes, a_veto_that_we_ourselves_cannot_hear_is_not_overruled)
{
    world.tell(EyesReport{storage, "carrier", false, "eth1 has no carrier"});
    host().cut_off = {mgmt, storage};
    world.run(1min);
    EXPECT_EQ(world.state(it), "Suspected");
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
}

VerdictRule as_a_matrix()
{
    using Cell = VerdictRule::Cell;
    VerdictRule rule;
    rule.kind = VerdictRule::Kind::matrix;
    rule.rows = {{{{mgmt, Cell::silent}, {storage, Cell::up}}, false},
                 {{{mgmt, Cell::any}, {storage, Cell::silent}}, true}};
    return rule;
}

class AsAMatrix : public OverTwoNetworks {
protected:
    AsAMatrix() : OverTwoNetworks{as_a_matrix()} {}
};

VerdictRule mgmt_unless_storage_beats()
{
    VerdictRule rule;
    rule.kind = VerdictRule::Kind::matrix;
    rule.rows = {{{{mgmt, VerdictRule::Cell::silent}}, true}};
    rule.vetoes = {MonitorId{"heartbeat@storage"}};
    return rule;
}

class MatrixWithAVeto : public OverTwoNetworks {
protected:
    MatrixWithAVeto() : OverTwoNetworks{mgmt_unless_storage_beats()} {}
};

TEST_F(MatrixWithAVeto, a_veto_over_a_network_that_we_cannot_see_may_still_be_spoken)
{
    world.tell(EyesReport{storage, "carrier", false, "eth1 has no carrier"});
    host().cut_off = {mgmt, storage};
    world.run(1min);
    EXPECT_EQ(world.state(it), "Suspected");
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 0U);
    world.tell(EyesReport{storage, "carrier", true, ""});
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(AsAMatrix, the_first_line_that_fits_decides)
{
    host().cut_off = {mgmt};
    world.run(1min);
    EXPECT_EQ(world.state(it), "Suspected");
    EXPECT_TRUE(table().lines[0].fits);
    host().cut_off = {storage};
    EXPECT_TRUE(reaches("Down"));
}

TEST_F(AsAMatrix, no_line_that_fits_means_alive)
{
    EXPECT_TRUE(table().lines.back().fits);
    EXPECT_EQ(table().lines.back().outcome, "alive");
}

// ------------------------------------------------------------------ user space

Policy with_userspace(UserspacePolicy::Action action)
{
    auto policy = small_policy(3);
    for (auto& host : policy.hosts) {
        host.userspace.action = action;
        host.userspace.patience = 20s;
    }
    return policy;
}

class UserspaceWarned : public Story {
protected:
    UserspaceWarned() : Story{with_userspace(UserspacePolicy::Action::warn)} {}
};

class UserspaceFenced : public Story {
protected:
    UserspaceFenced() : Story{with_userspace(UserspacePolicy::Action::fence)} {}
};

TEST_F(UserspaceWarned, a_host_whose_user_space_is_dead_is_told_of_and_left_alone)
{
    host().agent = false;
    world.run(5min);
    EXPECT_EQ(world.state(it), "Suspected");
    EXPECT_EQ(world.count(it, "! HOST_USERSPACE_SILENT"), 1U);
}

TEST_F(UserspaceWarned, a_dead_host_whose_address_somebody_else_answers_for_is_left_to_an_operator)
{
    world.cut(it);
    host().ghost = true;
    world.run(2min);
    EXPECT_EQ(world.state(it), "Suspected");
    EXPECT_EQ(world.count(it, "! HOST_USERSPACE_SILENT"), 1U);
    world.order(OperatorOrder::What::confirm_off, it);
    EXPECT_EQ(world.state(it), "Suspected") << "something answers";
    world.order(OperatorOrder::What::confirm_off, it, true);
    EXPECT_TRUE(reaches("Down")) << "the operator knows better who that is";
    host().ghost = false;
    world.boot(it);
    EXPECT_TRUE(reaches("Healthy"));
}

TEST_F(UserspaceWarned, no_force_makes_a_host_off_whose_agent_beats)
{
    world.order(OperatorOrder::What::fence, it);
    forget_log();
    host().cut_off = {mgmt};
    ASSERT_TRUE(reaches("Suspected"));
    host().cut_off.clear();
    world.run(600ms);
    world.order(OperatorOrder::What::confirm_off, it, true);
    EXPECT_EQ(world.count(it, "! ORDER_REFUSED"), 1U);
}

TEST_F(UserspaceFenced, a_host_whose_user_space_stays_dead_is_fenced_after_its_own_patience)
{
    host().agent = false;
    world.run(15s);
    EXPECT_EQ(world.state(it), "Suspected") << "slower than the other verdict";
    EXPECT_TRUE(reaches("Down"));
    EXPECT_THAT(world.log(), Contains(testing::Field(&SmallWorld::Line::text,
                                                     AllOf(HasSubstr("HOST_FAILED"),
                                                           HasSubstr("user space is dead")))));
}

TEST_F(UserspaceFenced, a_beat_of_the_agent_ends_it)
{
    host().agent = false;
    world.run(15s);
    host().agent = true;
    EXPECT_TRUE(reaches("Healthy"));
    world.run(1min);
    EXPECT_EQ(world.count(it, "! HOST_FAILED"), 0U);
}

TEST_F(UserspaceFenced, a_connection_that_breaks_brings_doubt_at_once_and_beats_take_it_away)
{
    world.tell(AgentGone{HostId{it}, world.now(), "connection reset"});
    EXPECT_EQ(world.state(it), "Suspected");
    EXPECT_EQ(world.count(it, "Watch closely"), 1U);
    EXPECT_TRUE(reaches("Healthy", 5s)) << "its agent still beats";
}

} // namespace
} // namespace knell::test
