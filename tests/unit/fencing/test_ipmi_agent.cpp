// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi_agent.hpp"
#include "tests/unit/fencing/ask.hpp"
#include "tests/unit/fencing/script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>

namespace knell::fencing {
namespace {

using testing::HasSubstr;
using testing::Not;

IpmiDevice device()
{
    return {.id = DeviceId{"bmc"},
            .address = "127.0.0.1",
            .port = 623,
            .username = "knell",
            .password = Secret{"s3cret"},
            .k_g = {},
            .cipher_suites = {17, 3},
            .privilege = Privilege::operator_level,
            .workarounds = {},
            .session_timeout = 5900ms,
            .retransmission_timeout = 1s};
}

/// Answers each question with what `answers` says of $action and $attempt.
std::string obedient(const std::string& answers)
{
    return "read device; while read action attempt identity; do " + answers + "; done";
}

const std::string reads_off = obedient("echo reply $attempt off none off >&0");

class IpmiAgentTest : public testing::Test {
protected:
    PowerReply ask_once(IpmiAgent& agent, PowerAction action, Duration patience = 10s)
    {
        auto reply = ask(loop, agent, command(action, ++attempt, patience));
        EXPECT_TRUE(reply) << "every command is answered";
        EXPECT_EQ(reply->attempt, AttemptId{attempt});
        return *reply;
    }
    void expect_silence(const PowerReply& reply, const std::string& words,
                        PowerFault fault = PowerFault::silent)
    {
        EXPECT_EQ(reply.state, PowerState::unknown);
        EXPECT_EQ(reply.fault, fault);
        EXPECT_THAT(reply.detail, HasSubstr(words));
        EXPECT_THAT(reply.detail, Not(HasSubstr("s3cret")));
    }

    boost::asio::io_context loop;
    std::uint64_t attempt = 0;
};

TEST_F(IpmiAgentTest, a_reading_is_passed_on)
{
    const Script script{reads_off};
    IpmiAgent agent{loop, device(), script.path()};
    EXPECT_EQ(agent.helper_pid(), 0) << "no process before it is needed";
    const auto reply = ask_once(agent, PowerAction::read);
    EXPECT_EQ(reply.state, PowerState::off);
    EXPECT_EQ(reply.fault, PowerFault::none);
    EXPECT_EQ(reply.detail, "off");
}

TEST_F(IpmiAgentTest, one_helper_answers_many_questions)
{
    const Script script{reads_off};
    IpmiAgent agent{loop, device(), script.path()};
    ask_once(agent, PowerAction::read);
    const int pid = agent.helper_pid();
    ask_once(agent, PowerAction::read);
    ask_once(agent, PowerAction::read);
    EXPECT_EQ(agent.helper_pid(), pid);
}

TEST_F(IpmiAgentTest, a_hanging_helper_is_killed_at_the_deadline)
{
    const Script script{"trap '' TERM; sleep 1000"};
    IpmiAgent agent{loop, device(), script.path()};
    int pid = 0;
    std::optional<PowerReply> reply;
    agent.execute(command(PowerAction::read, 1, 300ms), [&](PowerReply r) { reply = r; });
    pid = agent.helper_pid();
    ASSERT_NE(pid, 0);
    ASSERT_TRUE(run_until(loop, [&] { return reply.has_value(); }));
    expect_silence(*reply, "killed");
    EXPECT_EQ(agent.helper_pid(), 0);
    EXPECT_TRUE(run_until(loop, [=] { return gone(pid); })) << "and reaped";
}

TEST_F(IpmiAgentTest, a_stopped_helper_is_killed_too)
{
    const Script script{"kill -STOP $$"};
    IpmiAgent agent{loop, device(), script.path()};
    expect_silence(ask_once(agent, PowerAction::off, 300ms), "killed");
}

TEST_F(IpmiAgentTest, after_a_kill_the_next_command_has_a_new_helper)
{
    const Script script{
        obedient("case $action in off) sleep 1000;; *) echo reply $attempt on none x >&0;; esac")};
    IpmiAgent agent{loop, device(), script.path()};
    EXPECT_EQ(ask_once(agent, PowerAction::read).state, PowerState::on);
    const int first = agent.helper_pid();
    expect_silence(ask_once(agent, PowerAction::off, 300ms), "killed");
    EXPECT_EQ(ask_once(agent, PowerAction::read).state, PowerState::on);
    EXPECT_NE(agent.helper_pid(), first);
}

TEST_F(IpmiAgentTest, a_helper_that_dies_is_told_from_an_answer)
{
    const Script script{obedient("exit 3")};
    IpmiAgent agent{loop, device(), script.path()};
    expect_silence(ask_once(agent, PowerAction::off), "status 3");
    expect_silence(ask_once(agent, PowerAction::read), "status 3");
}

TEST_F(IpmiAgentTest, a_helper_that_dies_between_commands_is_replaced)
{
    const Script script{obedient("echo reply $attempt off none x >&0; exit 0")};
    IpmiAgent agent{loop, device(), script.path()};
    EXPECT_EQ(ask_once(agent, PowerAction::read).state, PowerState::off);
    EXPECT_TRUE(run_until(loop, [&] { return agent.helper_pid() == 0; }));
    EXPECT_EQ(ask_once(agent, PowerAction::read).state, PowerState::off);
}

TEST_F(IpmiAgentTest, garbage_ends_the_helper_and_proves_nothing)
{
    for (const char* garbage : {"off", "reply $attempt off", "reply $attempt off silent x",
                                "reply $attempt off none a b", "REPLY $attempt off none x", "''"}) {
        const Script script{
            obedient(std::string{"echo "} + garbage + " >&0; echo reply $attempt off none x >&0")};
        IpmiAgent agent{loop, device(), script.path()};
        expect_silence(ask_once(agent, PowerAction::read), "nonsense");
        EXPECT_EQ(agent.helper_pid(), 0);
    }
}

TEST_F(IpmiAgentTest, garbage_between_two_commands_ends_the_helper_quietly)
{
    const Script script{
        obedient("echo reply $attempt off none x >&0; echo garbage >&0; sleep 1000")};
    IpmiAgent agent{loop, device(), script.path()};
    EXPECT_EQ(ask_once(agent, PowerAction::read).state, PowerState::off);
    EXPECT_TRUE(run_until(loop, [&] { return agent.helper_pid() == 0; }));
}

TEST_F(IpmiAgentTest, only_a_read_can_tell_a_state)
{
    const Script script{reads_off};
    IpmiAgent agent{loop, device(), script.path()};
    expect_silence(ask_once(agent, PowerAction::off), "not asked for");
    expect_silence(ask_once(agent, PowerAction::prepare), "not asked for");
    expect_silence(ask_once(agent, PowerAction::inspect), "not asked for");
    expect_silence(ask_once(agent, PowerAction::on), "not asked for");
}

TEST_F(IpmiAgentTest, only_an_inspection_can_tell_facts)
{
    const Script script{
        obedient("echo reply $attempt unknown none ok may_power_off=no "
                 "cipher_zero=unknown on_restore=previous system_guid=unknown >&0")};
    IpmiAgent agent{loop, device(), script.path()};
    const auto reply = ask_once(agent, PowerAction::inspect);
    EXPECT_EQ(reply.fault, PowerFault::none);
    EXPECT_EQ(reply.state, PowerState::unknown);
    EXPECT_EQ(reply.facts, (DeviceFacts{false, std::nullopt, "previous"}));
    for (const auto action :
         {PowerAction::prepare, PowerAction::off, PowerAction::read, PowerAction::on}) {
        const auto other = ask_once(agent, action);
        expect_silence(other, "facts that were not asked for");
        EXPECT_FALSE(other.facts);
    }
}

TEST_F(IpmiAgentTest, the_helper_is_told_how_long_an_inspection_may_take)
{
    const Script script{"read device; while read action attempt identity patience; do "
                        "echo reply $attempt unknown none :${patience#patience=} >&0; done"};
    IpmiAgent agent{loop, device(), script.path()};
    EXPECT_EQ(ask_once(agent, PowerAction::inspect, 3600s).detail, ":600000");
    const auto told = std::stol(ask_once(agent, PowerAction::inspect, 10s).detail.substr(1));
    EXPECT_GT(told, 0);
    EXPECT_LE(told, 10'000);
    EXPECT_EQ(ask_once(agent, PowerAction::prepare).detail, ":") << "nobody else shares it out";
}

TEST_F(IpmiAgentTest, an_answer_to_an_older_question_is_ignored)
{
    const Script script{obedient("echo reply $((attempt - 1)) off none stale >&0; "
                                 "echo reply $attempt on none fresh >&0")};
    IpmiAgent agent{loop, device(), script.path()};
    attempt = 10;
    EXPECT_EQ(ask_once(agent, PowerAction::read).detail, "fresh");
    EXPECT_EQ(ask_once(agent, PowerAction::read).state, PowerState::on);
}

TEST_F(IpmiAgentTest, an_answer_to_a_question_not_yet_asked_is_ignored)
{
    const Script script{
        obedient("[ $action = prepare ] && echo reply $((attempt + 1)) off none early >&0; "
                 "[ $action = prepare ] && echo reply $attempt unknown none ok >&0")};
    IpmiAgent agent{loop, device(), script.path()};
    EXPECT_EQ(ask_once(agent, PowerAction::prepare).detail, "ok");
    expect_silence(ask_once(agent, PowerAction::read, 300ms), "killed");
}

TEST_F(IpmiAgentTest, a_duplicate_answer_is_heard_once)
{
    const Script script{
        obedient("echo reply $attempt off none x >&0; echo reply $attempt on none y >&0")};
    IpmiAgent agent{loop, device(), script.path()};
    int answers = 0;
    agent.execute(command(PowerAction::read, 1, 10s), [&](const PowerReply& reply) {
        ++answers;
        EXPECT_EQ(reply.state, PowerState::off);
    });
    EXPECT_FALSE(run_until(
        loop, [&] { return answers > 1; }, 300ms));
    EXPECT_EQ(answers, 1);
    EXPECT_EQ(ask_once(agent, PowerAction::read).attempt, AttemptId{1}) << "ignored, not hoarded";
}

TEST_F(IpmiAgentTest, a_helper_that_cannot_be_started_is_an_answer)
{
    IpmiAgent agent{loop, device(), "/nonexistent/knell-fence-ipmi"};
    expect_silence(ask_once(agent, PowerAction::off), "cannot start /nonexistent");
}

TEST_F(IpmiAgentTest, no_answer_comes_from_within_the_question)
{
    IpmiAgent agent{loop, device(), "/nonexistent/knell-fence-ipmi"};
    bool answered = false;
    agent.execute(command(PowerAction::off, 1, 10s), [&](auto) { answered = true; });
    EXPECT_FALSE(answered);
    EXPECT_TRUE(run_until(loop, [&] { return answered; }));
}

TEST_F(IpmiAgentTest, a_deadline_in_the_past_sends_nothing)
{
    const auto note = testing::TempDir() + "knell-started-" + std::to_string(::getpid());
    const Script script{"touch " + note + "; sleep 1000"};
    IpmiAgent agent{loop, device(), script.path()};
    expect_silence(ask_once(agent, PowerAction::off, -1ms), "before the device was asked");
    EXPECT_EQ(agent.helper_pid(), 0);
    EXPECT_FALSE(std::filesystem::exists(note));
}

TEST_F(IpmiAgentTest, standing_down_answers_the_command_in_flight_and_ends_the_helper)
{
    const Script script{"read device; read question; read end; exit 0"};
    IpmiAgent agent{loop, device(), script.path()};
    int answers = 0;
    PowerReply reply{AttemptId{0}, PowerState::off, PowerFault::none, ""};
    agent.execute(command(PowerAction::read, 1, 10s), [&](PowerReply r) {
        ++answers;
        reply = std::move(r);
    });
    const int pid = agent.helper_pid();
    agent.stand_down();
    EXPECT_EQ(answers, 0) << "later, on the loop";
    EXPECT_EQ(agent.helper_pid(), 0);
    EXPECT_TRUE(run_until(loop, [&] { return answers == 1 && gone(pid); }));
    expect_silence(reply, "stood down", PowerFault::displaced);
    agent.stand_down();
    loop.poll();
    EXPECT_EQ(answers, 1);
}

TEST_F(IpmiAgentTest,
       what_would_change_the_power_and_has_not_left_does_not_leave_after_standing_down)
{
    const auto note = testing::TempDir() + "knell-session-" + std::to_string(::getpid());
    const Script script{"read device; read question; touch " + note +
                        ".opening; sleep 0.3; touch " + note + ".sent; exec sleep 1000"};
    for (const auto action : {PowerAction::off, PowerAction::on}) {
        IpmiAgent agent{loop, device(), script.path()};
        bool answered = false;
        agent.execute(command(action, 1, 10s), [&](auto) { answered = true; });
        const int pid = agent.helper_pid();
        ASSERT_TRUE(run_until(loop, [&] { return std::filesystem::exists(note + ".opening"); }));
        agent.stand_down();
        EXPECT_TRUE(run_until(loop, [&] { return answered && gone(pid); }));
        EXPECT_FALSE(std::filesystem::exists(note + ".sent"));
        std::filesystem::remove(note + ".opening");
    }
}

TEST_F(IpmiAgentTest, a_command_right_after_standing_down_has_its_own_helper)
{
    const Script script{reads_off};
    IpmiAgent agent{loop, device(), script.path()};
    ask_once(agent, PowerAction::read);
    const int first = agent.helper_pid();
    agent.stand_down();
    EXPECT_EQ(ask_once(agent, PowerAction::read).state, PowerState::off);
    EXPECT_NE(agent.helper_pid(), first);
    EXPECT_TRUE(run_until(loop, [=] { return gone(first); }));
}

TEST_F(IpmiAgentTest, the_handler_may_ask_the_next_question)
{
    const Script script{reads_off};
    IpmiAgent agent{loop, device(), script.path()};
    bool second = false;
    agent.execute(command(PowerAction::read, 1, 10s), [&](auto) {
        agent.execute(command(PowerAction::read, 2, 10s), [&](auto) { second = true; });
    });
    EXPECT_TRUE(run_until(loop, [&] { return second; }));
}

TEST_F(IpmiAgentTest, the_handler_may_destroy_the_agent)
{
    const Script good{reads_off};
    const Script bad{obedient("echo garbage >&0")};
    for (const auto& path : {good.path(), bad.path(), std::string{"/nonexistent"}}) {
        auto agent = std::make_unique<IpmiAgent>(loop, device(), path);
        agent->execute(command(PowerAction::read, 1, 10s), [&](auto) { agent.reset(); });
        EXPECT_TRUE(run_until(loop, [&] { return !agent; })) << path;
    }
}

TEST_F(IpmiAgentTest, a_destroyed_agent_forgets_its_handlers_and_kills_its_helper)
{
    const Script script{"sleep 1000"};
    bool answered = false;
    auto agent = std::make_unique<IpmiAgent>(loop, device(), script.path());
    agent->execute(command(PowerAction::read, 1, 100ms), [&](auto) { answered = true; });
    const int pid = agent->helper_pid();
    agent->stand_down();
    agent->execute(command(PowerAction::read, 2, 100ms), [&](auto) { answered = true; });
    const int other = agent->helper_pid();
    agent.reset();
    EXPECT_TRUE(run_until(loop, [=] { return gone(pid) && gone(other); }));
    EXPECT_FALSE(answered);
}

TEST_F(IpmiAgentTest, the_secret_is_in_no_argument_and_no_environment)
{
    const Script script{obedient("echo reply $attempt unknown none ok >&0")};
    IpmiAgent agent{loop, device(), script.path()};
    ask_once(agent, PowerAction::prepare);
    const auto proc = "/proc/" + std::to_string(agent.helper_pid());
    EXPECT_THAT(file_text(proc + "/cmdline"), HasSubstr("--serve"));
    EXPECT_THAT(file_text(proc + "/cmdline"), Not(HasSubstr("s3cret")));
    EXPECT_THAT(file_text(proc + "/environ"), Not(HasSubstr("s3cret")));
}

} // namespace
} // namespace knell::fencing
