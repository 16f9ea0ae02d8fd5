// SPDX-License-Identifier: GPL-3.0-or-later
// Somebody says that a host is off: its fence devices are asked before he is believed.
#include "core/confirmation.hpp"
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

using What = OperatorOrder::What;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(Story, confirm_off_is_refused_while_the_host_beats)
{
    host().agent = false;
    ASSERT_TRUE(reaches("Suspected"));
    world.order(What::confirm_off, it);
    EXPECT_THAT(world.log().back().text, HasSubstr("it answers, so it is not off"));
}

TEST_F(Story, confirm_off_stands_in_for_a_dead_device)
{
    world.cut(it);
    host().bmc = Bmc::mute;
    ASSERT_TRUE(reaches("FenceFailed"));
    world.order(What::confirm_off, it);
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "ForceDown by alice"), 1U);
    world.boot(it);
    EXPECT_TRUE(reaches("Healthy"));
}

TEST_F(Story, a_word_that_the_host_itself_denies_is_not_told_to_nova)
{
    host().wired = false;
    host().bmc = Bmc::mute;
    ASSERT_TRUE(reaches("FenceFailed"));
    host().nova = Nova::mute;
    world.order(What::confirm_off, it);
    ASSERT_TRUE(reaches("Fenced"));
    world.tell(ProbeResult{HostId{it}, MonitorId{"icmp@mgmt"}, Pulse::beating, world.now(),
                           std::nullopt, ""});
    EXPECT_NE(world.state(it), "Fenced");
    host().nova = Nova::honest;
    world.run(30s);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

/// compute1 is silent and held, because knell only watches; its BMC answers.
class Word : public Story {
protected:
    Word() : Word{small_policy(3)} {}
    explicit Word(Policy policy) : Story{std::move(policy)}
    {
        world.order(What::disarm);
        world.run(1s);
    }
    void held_while_it_runs()
    {
        host().wired = false;
        ASSERT_TRUE(reaches("Held"));
        forget_log();
    }
    void held_and_dead()
    {
        world.cut(it);
        ASSERT_TRUE(reaches("Held"));
        forget_log();
    }
    /// "accepted: ..." or "refused: ...", of the orders since forget_log().
    [[nodiscard]] std::vector<std::string> answers() const
    {
        std::vector<std::string> found;
        for (const auto& line : world.log()) {
            if (line.text.rfind("accepted: ", 0) == 0 || line.text.rfind("refused: ", 0) == 0) {
                found.push_back(line.text);
            }
        }
        return found;
    }
    [[nodiscard]] std::size_t ordered() const
    {
        return static_cast<std::size_t>(
            std::count_if(world.journal().begin(), world.journal().end(), [](const auto& entry) {
                return entry.what == JournalEntry::What::ordered;
            }));
    }
};

TEST_F(Word, it_is_refused_when_the_device_reads_on)
{
    held_while_it_runs();
    world.order(What::confirm_off, it);
    world.run(1s);
    ASSERT_EQ(answers().size(), 1U);
    EXPECT_THAT(answers().front(),
                AllOf(HasSubstr("refused: bmc1 reads ON"), HasSubstr("--force")));
    EXPECT_EQ(world.count(it, "! ORDER_REFUSED: alice: bmc1 reads ON"), 1U);
    world.run(1min);
    EXPECT_EQ(world.state(it), "Held");
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
    EXPECT_EQ(ordered(), 0U);
}

TEST_F(Word, it_counts_when_the_device_reads_off)
{
    held_and_dead();
    world.order(What::confirm_off, it);
    ASSERT_TRUE(reaches("Down", 1s));
    EXPECT_THAT(answers().front(),
                HasSubstr("accepted: taken as off on your word (bmc1 reads off)"));
    EXPECT_EQ(world.count(it, "ForceDown by alice"), 1U);
}

TEST_F(Word, nothing_is_answered_and_nothing_done_before_the_device_has_answered)
{
    held_and_dead();
    world.order(What::confirm_off, it);
    world.run(world.power_takes / 2);
    EXPECT_THAT(answers(), IsEmpty());
    EXPECT_EQ(world.count(it, "Power bmc1 read"), 1U);
    EXPECT_EQ(world.count(it, "Record"), 0U);
    EXPECT_EQ(world.state(it), "Held");
}

TEST_F(Word, a_silent_device_stands_against_nobody)
{
    held_and_dead();
    host().bmc = Bmc::mute;
    world.order(What::confirm_off, it);
    world.run(world.policy().hosts[0].fence.reply);
    EXPECT_THAT(answers(), IsEmpty()) << "it may still answer";
    ASSERT_TRUE(reaches("Down", 2s));
    EXPECT_THAT(answers().front(), HasSubstr("(bmc1 gave no answer)"));
}

TEST_F(Word, an_error_of_the_device_is_no_reading)
{
    held_and_dead();
    host().bmc = Bmc::strangers;
    world.order(What::confirm_off, it);
    ASSERT_TRUE(reaches("Down", 1s));
    EXPECT_THAT(answers().front(), HasSubstr("(bmc1: not it)"));
}

TEST_F(Word, a_device_that_refuses_our_password_is_asked_once)
{
    held_and_dead();
    host().bmc = Bmc::locked;
    host().nova = Nova::mute;
    world.order(What::confirm_off, it);
    ASSERT_TRUE(reaches("Fenced", 1s));
    EXPECT_EQ(world.fleet().view(HostId{it})->devices.front().state, "not ready");
    world.tell(ProbeResult{HostId{it}, MonitorId{"icmp@mgmt"}, Pulse::beating, world.now(),
                           std::nullopt, ""});
    world.run(10s);
    host().nova = Nova::honest;
    ASSERT_TRUE(reaches("Held"));
    forget_log();
    world.order(What::confirm_off, it);
    ASSERT_TRUE(reaches("Down", 1s));
    EXPECT_EQ(world.count(it, "Power bmc1 read"), 0U);
    EXPECT_THAT(answers().front(), HasSubstr("(bmc1 refused our password and is not asked)"));
}

TEST_F(Word, who_insists_is_believed_at_once_and_that_is_written_down_with_his_reason)
{
    held_while_it_runs();
    world.order(What::confirm_off, it);
    world.run(1s);
    world.order(What::confirm_off, it, true);
    ASSERT_TRUE(reaches("Fenced", 1ms));
    ASSERT_TRUE(reaches("Down", 1s));
    EXPECT_EQ(world.count(it, "Power bmc1 read"), 1U) << "for the word without --force alone";
    const auto kept =
        std::find_if(world.journal().begin(), world.journal().end(),
                     [](const auto& e) { return e.what == JournalEntry::What::ordered; });
    ASSERT_NE(kept, world.journal().end());
    EXPECT_THAT(kept->detail, AllOf(HasSubstr("with --force: nobody looked at its power"),
                                    HasSubstr(": a test")));
}

TEST_F(Word, a_device_that_reads_on_when_it_is_too_late_is_told_of_with_whose_word_it_was)
{
    held_while_it_runs();
    world.order(What::confirm_off, it, true);
    ASSERT_TRUE(reaches("Down", 1s));
    world.run(world.policy().hosts[0].fence.watch * 2);
    EXPECT_EQ(world.count(it,
                          "! POWER_CAME_BACK: it reads ON: switched on again, and not by knell, "
                          "or never off, as alice had said"),
              1U);
}

TEST_F(Word, a_host_that_is_heard_meanwhile_is_not_off)
{
    held_and_dead();
    host().bmc = Bmc::mute;
    world.order(What::confirm_off, it);
    world.run(1s);
    world.tell(ProbeResult{HostId{it}, MonitorId{"icmp@mgmt"}, Pulse::beating, world.now(),
                           std::nullopt, ""});
    ASSERT_EQ(answers().size(), 1U);
    EXPECT_THAT(answers().front(), HasSubstr("refused: it answers, so it is not off"));
    world.run(1min);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(Word, a_hold_meanwhile_ends_it)
{
    held_and_dead();
    world.order(What::confirm_off, it);
    world.order(What::hold);
    world.run(1s);
    EXPECT_EQ(world.count("", "refused: everything is on hold"), 1U);
    world.order(What::unhold);
    world.run(1min);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(Word, an_episode_that_ends_meanwhile_takes_it_along)
{
    held_and_dead();
    world.order(What::confirm_off, it);
    world.order(What::release, it);
    world.run(1min);
    EXPECT_EQ(world.count("", "refused: its episode ended or began"), 1U);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(Word, a_second_one_meanwhile_is_refused_and_the_first_stands)
{
    held_and_dead();
    world.order(What::confirm_off, it);
    world.order(What::confirm_off, it);
    EXPECT_EQ(world.count("", "refused: its power is being looked at already"), 1U);
    EXPECT_EQ(world.count(it, "Power bmc1 read"), 1U);
    EXPECT_TRUE(reaches("Down", 1s));
    EXPECT_EQ(world.count("", "accepted"), 1U);
}

TEST_F(Word, who_insists_meanwhile_overtakes_it)
{
    held_and_dead();
    host().bmc = Bmc::mute;
    world.order(What::confirm_off, it);
    world.order(What::confirm_off, it, true);
    EXPECT_TRUE(reaches("Down", 1s));
    EXPECT_EQ(world.count("", "refused: overtaken: alice insists"), 1U);
    world.run(10s);
    EXPECT_EQ(answers().size(), 2U);
}

TEST_F(Word, nothing_is_left_of_it_when_knelld_is_killed_before_the_answer)
{
    held_and_dead();
    host().bmc = Bmc::mute;
    world.order(What::confirm_off, it);
    world.run(1s);
    world.restart_knelld();
    world.run(1min);
    EXPECT_EQ(ordered(), 0U);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(Word, an_answer_that_came_while_knelld_was_stopped_is_asked_for_again)
{
    held_while_it_runs();
    world.order(What::confirm_off, it);
    world.stop_knelld(world.policy().hosts[0].fence.reply + 5s);
    world.run(20s);
    EXPECT_EQ(world.count(it, "Power bmc1 read"), 2U);
    EXPECT_EQ(world.count("", "refused: bmc1 reads ON"), 1U);
    EXPECT_EQ(world.count(it, "ForceDown"), 0U);
}

TEST_F(Word, no_session_stays_open_after_a_refusal_where_nobody_wants_it)
{
    world.order(What::arm);
    host().wired = false;
    host().bmc = Bmc::mute;
    ASSERT_TRUE(reaches("FenceFailed"));
    host().bmc = Bmc::honest;
    forget_log();
    world.order(What::confirm_off, it);
    world.run(1s);
    EXPECT_EQ(world.count("", "refused: bmc1 reads ON"), 1U);
    EXPECT_EQ(world.count(it, "StandDown"), 1U);
}

TEST_F(Word, a_warm_session_stays_open_after_a_refusal)
{
    held_while_it_runs();
    world.order(What::confirm_off, it);
    world.run(1s);
    EXPECT_EQ(world.count(it, "StandDown"), 0U);
}

TEST_F(Word, it_is_refused_in_the_midst_of_a_fence_that_does_not_help)
{
    world.order(What::arm);
    host().wired = false;
    host().bmc = Bmc::deaf;
    ASSERT_TRUE(reaches("Fencing"));
    world.run(100ms);
    world.order(What::confirm_off, it);
    world.run(1s);
    EXPECT_EQ(world.count("", "refused: bmc1 reads ON"), 1U);
    EXPECT_EQ(world.state(it), "Fencing");
    host().bmc = Bmc::honest;
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "ForceDown by bmc1"), 1U);
}

TEST_F(Word, a_proof_that_comes_first_is_better_than_it)
{
    world.order(What::arm);
    world.cut(it);
    ASSERT_TRUE(reaches("Fencing"));
    world.run(1s);
    world.power_takes = 4s; // of the look alone: the next reading overtakes it
    world.order(What::confirm_off, it);
    world.power_takes = 20ms;
    ASSERT_TRUE(reaches("Fenced", 3s));
    world.run(500ms);
    EXPECT_EQ(world.count("", "refused: it is Fenced"), 1U);
    ASSERT_TRUE(reaches("Down"));
    EXPECT_EQ(world.count(it, "ForceDown by bmc1"), 1U);
    EXPECT_EQ(world.count(it, "ForceDown"), 1U);
}

TEST_F(Word, a_host_whose_power_is_looked_at_is_not_changed_by_a_reload)
{
    world.restart_knelld(); // and never heard again: it has no episode
    world.cut(it);
    world.run(1s);
    ASSERT_EQ(world.state(it), "Unseen");
    host().bmc = Bmc::mute;
    world.order(What::confirm_off, it);
    auto policy = world.policy();
    policy.hosts[0].hold_down = 77s;
    ASSERT_EQ(world.reload(policy).size(), 1U);
    EXPECT_THAT(world.reload(policy).front(), HasSubstr("an operator says that it is off"));
}

// ------------------------------------------------------------------ the noun

HostPolicy with_two_devices()
{
    auto policy = small_policy(1).hosts[0];
    policy.devices = {DeviceId{"bmc1"}, DeviceId{"pdu1"}};
    return policy;
}

class TwoDevices : public testing::Test {
protected:
    [[nodiscard]] std::vector<PowerCommand> ask(Instant now = Instant{1h})
    {
        return word.ask(now, policy, readiness, policy.identity, ids);
    }
    static PowerReply reading(const PowerCommand& command, PowerState state)
    {
        return {command.attempt, state, PowerFault::none, ""};
    }

    Ids ids{EpisodeId{0}};
    HostPolicy policy = with_two_devices();
    Turnstile gate{8};
    Readiness readiness{policy, ids, gate};
    Confirmation word{{OrderId{1}, What::confirm_off, policy.host, "alice", "dark", false},
                      EpisodeId{7}};
};

TEST_F(TwoDevices, each_is_asked_what_it_reads_and_compared)
{
    const auto commands = ask();
    ASSERT_EQ(commands.size(), 2U);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(commands[i].device, policy.devices[i]);
        EXPECT_EQ(commands[i].action, PowerAction::read);
        EXPECT_EQ(commands[i].identity, policy.identity);
        EXPECT_EQ(commands[i].reply_by, Instant{1h} + policy.fence.reply);
    }
}

TEST_F(TwoDevices, one_that_reads_on_is_enough_against_it)
{
    const auto commands = ask();
    EXPECT_EQ(word.on_reply(reading(commands[0], PowerState::off)), DeviceId{"bmc1"});
    EXPECT_FALSE(word.denied_by());
    EXPECT_TRUE(word.open(Instant{1h}));
    EXPECT_EQ(word.on_reply(reading(commands[1], PowerState::on)), DeviceId{"pdu1"});
    EXPECT_EQ(word.denied_by(), DeviceId{"pdu1"});
    EXPECT_EQ(word.findings(), "bmc1 reads off; pdu1 reads ON");
}

TEST_F(TwoDevices, an_answer_to_another_question_is_none)
{
    const auto first = ask();
    const auto again = ask();
    EXPECT_FALSE(word.on_reply({AttemptId{4711}, PowerState::on, PowerFault::none, ""}));
    EXPECT_FALSE(word.on_reply(reading(first[0], PowerState::on)))
        << "asked before it was asked anew";
    EXPECT_FALSE(word.denied_by());
    EXPECT_TRUE(word.on_reply(reading(again[0], PowerState::off)));
    EXPECT_FALSE(word.on_reply(reading(again[0], PowerState::on))) << "it has answered";
    EXPECT_FALSE(word.denied_by());
}

TEST_F(TwoDevices, a_reading_with_a_fault_is_none)
{
    const auto commands = ask();
    (void)word.on_reply({commands[0].attempt, PowerState::on, PowerFault::busy, "no session"});
    EXPECT_FALSE(word.denied_by());
    EXPECT_EQ(word.findings(), "bmc1: no session; pdu1 gave no answer");
}

TEST_F(TwoDevices, the_look_is_over_when_all_have_answered_or_the_time_has_passed)
{
    const auto commands = ask();
    EXPECT_TRUE(word.open(word.deadline() - 1us));
    EXPECT_FALSE(word.open(word.deadline()));
    for (const auto& command : commands) {
        (void)word.on_reply(reading(command, PowerState::off));
    }
    EXPECT_FALSE(word.open(Instant{1h}));
}

TEST_F(TwoDevices, nobody_waits_for_a_look_as_long_as_a_device_may_take_otherwise)
{
    policy.fence.reply = 1min;
    EXPECT_EQ(ask().front().reply_by, Instant{1h} + 20s);
    EXPECT_EQ(word.reply_by(), Instant{1h} + 20s);
}

TEST_F(TwoDevices, one_that_refused_our_password_is_not_asked)
{
    Effects effects;
    readiness.learn(Instant{1h}, DeviceId{"bmc1"}, PowerFault::wrong_credentials, "", effects);
    const auto commands = ask();
    ASSERT_EQ(commands.size(), 1U);
    EXPECT_EQ(commands[0].device, DeviceId{"pdu1"});
    (void)word.on_reply(reading(commands[0], PowerState::off));
    EXPECT_FALSE(word.open(Instant{1h}));
    EXPECT_EQ(word.findings(), "bmc1 refused our password and is not asked; pdu1 reads off");
}

} // namespace
} // namespace knell::test
