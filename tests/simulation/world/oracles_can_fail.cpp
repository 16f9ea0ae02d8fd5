// SPDX-License-Identifier: GPL-3.0-or-later
// An oracle that never complains proves nothing: each is shown a world in which its promise is
// broken, or an effect at a time when it must not come.
#include "tests/simulation/world/calm.hpp"
#include "tests/simulation/world/oracles/all.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace knell::sim {
namespace {

using What = JournalEntry::What;

/// Keeps real effects, to be brought again when they are wrong.
class Recorder final : public Oracle {
public:
    explicit Recorder(const Truth& truth) : Oracle{"nothing is promised here", truth} {}

    void on_effect(const Effect& effect) override
    {
        if (const auto* put = std::get_if<ForceDown>(&effect)) {
            force_down.push_back(*put);
        } else if (const auto* clear = std::get_if<ClearForcedDown>(&effect)) {
            clear_flag.push_back(*clear);
        } else if (const auto* record = std::get_if<Record>(&effect)) {
            records.push_back(*record);
        }
    }

    std::vector<ForceDown> force_down;
    std::vector<ClearForcedDown> clear_flag;
    std::vector<Record> records;
};

/// A world without faults in which one host died, was fenced and came back.
class OraclesCanFail : public ::testing::Test {
protected:
    static Options quiet()
    {
        Wanted wanted{.seed = 1, .hosts = 3};
        for (const auto& [fault, name] : fault_names) {
            wanted.without.insert(fault);
        }
        auto options = draw(wanted);
        for (auto& host : options.policy.hosts) {
            host.precious.clear();
            host.auto_readmit = true;
            host.identity =
                SystemUuid{"00000000-0000-4000-8000-00000000000" + host.host.get().substr(7)};
        }
        options.policy.gate.budget = 5;
        options.policy.gate.storm_hosts = options.policy.gate.storm_share = 0;
        return options;
    }

    void die_and_return()
    {
        auto owned = std::make_unique<Recorder>(world_.truth);
        seen_ = owned.get();
        world_.truth.oracles.push_back(std::move(owned));
        world_.run(20s);
        world_.truth.switch_off(host_);
        world_.run(60s);
        world_.truth.switch_on(host_);
        world_.run(120s);
        ASSERT_FALSE(seen_->force_down.empty());
        ASSERT_FALSE(seen_->clear_flag.empty());
        ASSERT_EQ(world_.truth.breach(), nullptr);
    }
    [[nodiscard]] Record record(What what) const
    {
        const auto found = std::find_if(seen_->records.begin(), seen_->records.end(),
                                        [&](const auto& one) { return one.entry.what == what; });
        return *found;
    }
    void bring(const Effect& effect)
    {
        for (const auto& oracle : world_.truth.oracles) {
            oracle->on_effect(effect);
        }
    }
    void tell(const Event& event)
    {
        for (const auto& oracle : world_.truth.oracles) {
            oracle->on_event(event);
        }
    }
    [[nodiscard]] bool complains(std::string_view file) const
    {
        std::string sentence{file};
        std::replace(sentence.begin(), sentence.end(), '_', ' ');
        return std::any_of(world_.truth.oracles.begin(), world_.truth.oracles.end(),
                           [&](const auto& oracle) {
                               return oracle->sentence() == sentence && !oracle->breaches().empty();
                           });
    }
    [[nodiscard]] OperatorOrder order(OperatorOrder::What what) const
    {
        return {OrderId{99}, what, host_, "mallory", "", false};
    }

    Datacentre world_{quiet()};
    const HostId host_{"compute1"};
    Recorder* seen_ = nullptr;
};

TEST_F(OraclesCanFail, AGuestThatIsMovedOffALivingHostRunsTwice)
{
    world_.run(20s);
    world_.cloud.set_flag(host_, true, Hand::knell, {world_.truth.now(), false});
    world_.run(10s);
    EXPECT_TRUE(complains("no_guest_ever_runs_twice"));
}

TEST_F(OraclesCanFail, AProofIsUsedAgainMuchLater)
{
    die_and_return();
    bring(seen_->force_down.front());
    EXPECT_TRUE(complains("forced_down_by_our_hand_only_after_it_was_off_in_this_episode"));
}

TEST_F(OraclesCanFail, AWordIsBelievedOfAHostThatReadsOn)
{
    auto owned = std::make_unique<Recorder>(world_.truth);
    seen_ = owned.get();
    world_.truth.oracles.push_back(std::move(owned));
    world_.run(20s);
    world_.bmcs.of(host_).stuck = true;
    world_.truth.switch_off(host_);
    world_.run(5s);
    world_.order(OperatorOrder::What::confirm_off, host_);
    world_.run(60s);
    ASSERT_FALSE(seen_->force_down.empty());
    ASSERT_EQ(world_.truth.breach(), nullptr);
    tell(order(OperatorOrder::What::confirm_off));
    bring(Power{host_, {DeviceId{"bmc1"}, PowerAction::read, AttemptId{999}, {}, {}}});
    tell(PowerAnswer{host_, {AttemptId{999}, PowerState::on, PowerFault::none, "", {}}});
    bring(Answer{OrderId{99}, true, "yes"});
    bring(seen_->force_down.front());
    EXPECT_TRUE(complains("forced_down_by_our_hand_only_after_it_was_off_in_this_episode"));
}

TEST_F(OraclesCanFail, ALivingHostIsFenced)
{
    die_and_return();
    bring(record(What::fencing));
    EXPECT_TRUE(complains("nothing_well_is_fenced_whatever_our_eyes_see"));
}

TEST_F(OraclesCanFail, TooManyAreFenced)
{
    die_and_return();
    auto again = record(What::fencing);
    for (unsigned episode = 100; episode < 106; ++episode) {
        again.entry.episode = EpisodeId{episode};
        bring(again);
    }
    EXPECT_TRUE(complains("never_more_fences_than_the_budget"));
}

TEST_F(OraclesCanFail, OneOfManyThatFellTogetherIsFenced)
{
    die_and_return();
    world_.truth.policy_now.gate.storm_hosts = 2;
    const HostId other{"compute2"};
    for (const auto& monitor : world_.truth.policy(other).monitors) {
        for (unsigned i = 0; i < monitor.fall; ++i) {
            tell(ProbeResult{other, monitor.id, Pulse::silent, world_.truth.now(), {}, ""});
        }
    }
    auto again = record(What::fencing);
    again.entry.episode = EpisodeId{100};
    bring(again);
    EXPECT_TRUE(complains("what_fell_together_is_fenced_only_when_approved"));
}

TEST_F(OraclesCanFail, TheFlagOfAnotherIsCleared)
{
    world_.cloud.set_flag(host_, true, Hand::somebody);
    world_.cloud.set_flag(host_, false, Hand::knell);
    EXPECT_TRUE(complains("the_flag_of_another_is_never_cleared"));
}

TEST_F(OraclesCanFail, AFlagIsClearedWhileTheHostIsOff)
{
    die_and_return();
    world_.truth.switch_off(host_);
    bring(seen_->force_down.front());
    bring(seen_->clear_flag.front());
    EXPECT_TRUE(complains("no_flag_is_cleared_before_a_new_boot"));
}

TEST_F(OraclesCanFail, AnOldAnswerMakesKnellAct)
{
    world_.truth.tell(OldAnswer{host_, {StandDown{host_}}, false});
    EXPECT_TRUE(complains("answers_to_old_questions_change_nothing"));
}

TEST_F(OraclesCanFail, AnOrderIsAcceptedAndNotKept)
{
    tell(order(OperatorOrder::What::release));
    bring(Answer{OrderId{99}, true, "yes"});
    EXPECT_TRUE(complains("every_accepted_order_survives"));
}

TEST_F(OraclesCanFail, AModeIsForgottenByARestart)
{
    world_.run(1s);
    world_.order(OperatorOrder::What::disarm);
    world_.run(1s);
    world_.truth.tell(Died{});
    world_.truth.tell(Started{});
    EXPECT_TRUE(complains("every_accepted_order_survives"));
}

TEST_F(OraclesCanFail, PowerGoesOffWithoutARecord)
{
    bring(Power{host_, {DeviceId{"bmc1"}, PowerAction::off, AttemptId{1}, {}, {}}});
    EXPECT_TRUE(complains("nothing_happens_before_its_record_is_durable"));
}

TEST_F(OraclesCanFail, NovaIsToldDuringAHold)
{
    die_and_return();
    tell(order(OperatorOrder::What::hold));
    bring(seen_->force_down.front());
    EXPECT_TRUE(complains("a_hold_stops_everything"));
}

TEST_F(OraclesCanFail, TheWrongMachineIsSwitchedOff)
{
    auto options = quiet();
    // An inventory with the wrong guid, and a cable in the wrong socket.
    options.policy.hosts.front().identity = SystemUuid{"00000000-0000-4000-8000-000000000002"};
    Datacentre wrong{options};
    wrong.bmcs.of(host_).wired = HostId{"compute2"};
    wrong.run(20s);
    wrong.truth.switch_off(host_);
    wrong.run(30s);
    ASSERT_NE(wrong.truth.breach(), nullptr);
    EXPECT_EQ(wrong.truth.breach()->sentence, "only the machine that is meant is switched off");
}

TEST_F(OraclesCanFail, AnEpisodeIsUsedTwice)
{
    world_.truth.tell(Durable{{What::fencing, host_, EpisodeId{7}}});
    world_.truth.tell(Durable{{What::cancelled, host_, EpisodeId{7}}});
    world_.truth.tell(Durable{{What::fencing, HostId{"compute2"}, EpisodeId{7}}});
    EXPECT_TRUE(complains("episodes_are_never_reused"));
}

TEST_F(OraclesCanFail, ADeviceIsAskedTwoThingsAtOnce)
{

    world_.truth.tell(Crowded{DeviceId{"bmc1"}});
    EXPECT_TRUE(complains("a_device_is_asked_one_thing_at_a_time"));
}

TEST_F(OraclesCanFail, AHostIsSwitchedOnTooSoon)
{
    bring(Power{host_, {DeviceId{"bmc1"}, PowerAction::on, AttemptId{1}, {}, {}}});
    EXPECT_TRUE(complains("nothing_is_switched_on_before_nova_was_told"));
}

TEST_F(OraclesCanFail, ADisputedHostIsPoweredOff)
{
    die_and_return();
    auto disputed = record(What::fencing);
    disputed.entry.what = What::disputed;
    bring(disputed);
    bring(Power{host_, {DeviceId{"bmc1"}, PowerAction::off, AttemptId{1}, {}, {}}});
    EXPECT_TRUE(complains("a_disputed_host_is_left_alone"));
}

TEST_F(OraclesCanFail, APreciousHostIsFenced)
{
    die_and_return();
    world_.truth.policy_now.hosts.front().precious = "the billing database lives here";
    bring(record(What::fencing));
    EXPECT_TRUE(complains("planned_work_and_precious_hosts_are_left_alone"));
}

TEST_F(OraclesCanFail, NobodyIsTold)
{
    world_.truth.tell(Durable{{What::forced_down, host_, EpisodeId{7}}});
    EXPECT_TRUE(complains("every_outcome_is_told_under_its_episode"));
}

TEST_F(OraclesCanFail, ADeadHostIsNotForcedDown)
{
    world_.run(20s);
    world_.truth.switch_off(host_);
    world_.bmcs.of(host_).stuck = true;
    Calm{world_}.live();
    EXPECT_TRUE(complains("every_dead_host_is_forced_down_in_time"));
}

TEST_F(OraclesCanFail, ALivingHostStaysForcedDown)
{
    world_.run(20s);
    world_.truth.switch_off(host_);
    world_.cloud.leaves_records = true;
    Calm{world_}.live();
    EXPECT_TRUE(complains("every_living_host_is_in_service_in_time"));
}

} // namespace
} // namespace knell::sim
