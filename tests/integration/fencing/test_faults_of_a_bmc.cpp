// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/integration/fencing/session_test.hpp"

#include <csignal>

namespace knell::fencing {
namespace {

using testing::HasSubstr;

TEST_F(SessionTest, a_stuck_host_goes_on_reading_on)
{
    const LabBmc bmc;
    bmc.fault("stuck=1");
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::none);
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::on);
}

TEST_F(SessionTest, a_bmc_that_lies_is_commanded_all_the_same)
{
    const LabBmc bmc;
    bmc.fault("lie_status=1");
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::off);
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::none);
    EXPECT_EQ(bmc.count(power_down), 1U);
}

TEST_F(SessionTest, a_refused_off_is_not_taken_for_off_already_and_leaves_the_session_good)
{
    const LabBmc bmc;
    bmc.fault("refuse=1");
    IpmiAgent agent{loop, device(bmc.port()), helper};
    const auto off = ask_for(agent, PowerAction::off);
    EXPECT_EQ(off.fault, PowerFault::busy) << "off must be sent again before a reading counts";
    EXPECT_THAT(off.detail, HasSubstr("FF"));
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::on);
    EXPECT_EQ(bmc.count(session_privilege), 1U);
}

TEST_F(SessionTest, an_off_that_found_no_session_is_not_taken_for_off_already)
{
    const LabBmc old{{"--suites", "3"}};
    auto strict = device(old.port());
    strict.cipher_suites = {17};
    IpmiAgent agent{loop, strict, helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::refused);
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::busy);
}

TEST_F(SessionTest, d5_is_a_refusal_that_says_perhaps_already)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::none);
    bmc.fault("d5=1");
    const auto again = ask_for(agent, PowerAction::off);
    EXPECT_EQ(again.fault, PowerFault::refused);
    EXPECT_EQ(again.state, PowerState::unknown);
    EXPECT_THAT(again.detail, HasSubstr("D5"));
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::off);
}

TEST_F(SessionTest, a_status_that_fails_is_no_state)
{
    const LabBmc bmc;
    bmc.fault("statfail=1");
    IpmiAgent agent{loop, device(bmc.port()), helper};
    const auto reply = ask_for(agent, PowerAction::read);
    EXPECT_EQ(reply.state, PowerState::unknown);
    EXPECT_EQ(reply.fault, PowerFault::refused);
}

TEST_F(SessionTest, a_bmc_slower_than_a_second_is_asked_once_if_the_patience_is_longer)
{
    const LabBmc bmc;
    bmc.fault("slowcmd=1.5");
    auto patient = device(bmc.port());
    patient.retransmission_timeout = 3s;
    IpmiAgent agent{loop, patient, helper};
    const auto off = ask_for(agent, PowerAction::off);
    EXPECT_EQ(off.fault, PowerFault::none) << off.detail;
    EXPECT_EQ(bmc.count(power_down), 1U);
}

TEST_F(SessionTest, a_slow_off_reads_on_until_it_is_off)
{
    const LabBmc bmc;
    bmc.fault("slowoff=0.5");
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::none);
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::on);
    EXPECT_TRUE(run_until(
        loop, [&] { return ask_for(agent, PowerAction::read).state == PowerState::off; }));
}

TEST_F(SessionTest, no_slot_is_busy)
{
    const LabBmc bmc;
    bmc.fault("nosession=1");
    Wiretap wiretap{loop, bmc.port()};
    IpmiAgent agent{loop, device(wiretap.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::busy);
    EXPECT_EQ(wiretap.open_session_requests, 1U) << "another suite would not help";
    bmc.fault("");
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::none);
}

TEST_F(SessionTest, lost_answers_are_silence_though_the_command_may_have_been_carried_out)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, impatient(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::none);
    bmc.fault("drop_reply=100");
    const auto off = ask_for(agent, PowerAction::off);
    EXPECT_EQ(off.fault, PowerFault::silent) << off.detail;
    EXPECT_GE(bmc.count(power_down), 1U) << "an off may be repeated, it stays off";
    bmc.fault("");
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::off) << "in a fresh session";
}

TEST_F(SessionTest, a_bmc_that_answers_nothing_is_silent)
{
    const LabBmc bmc;
    bmc.fault("drop=100");
    IpmiAgent agent{loop, impatient(bmc.port()), helper};
    for (const auto action : {PowerAction::prepare, PowerAction::off, PowerAction::read}) {
        const auto reply = ask_for(agent, action);
        EXPECT_EQ(reply.fault, PowerFault::silent) << reply.detail;
        EXPECT_EQ(reply.state, PowerState::unknown);
    }
    EXPECT_EQ(bmc.count("netfn 00"), 0U);
}

TEST_F(SessionTest, damaged_answers_are_never_a_state)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, impatient(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::none);
    bmc.fault("badcrypt=1");
    const auto reply = ask_for(agent, PowerAction::read);
    EXPECT_EQ(reply.state, PowerState::unknown);
    EXPECT_NE(reply.fault, PowerFault::none);
}

TEST_F(SessionTest, duplicated_datagrams_never_make_a_state_out_of_nothing)
{
    const LabBmc bmc;
    Wiretap wiretap{loop, bmc.port()};
    IpmiAgent agent{loop, impatient(wiretap.port()), helper};
    wiretap.copies = 2;
    const auto opening = ask_for(agent, PowerAction::read);
    if (opening.fault != PowerFault::none) {
        // libfreeipmi gives up on a doubled answer during set-up, with the error "success".
        EXPECT_EQ(opening.state, PowerState::unknown);
        EXPECT_LE(wiretap.open_session_requests, 2U) << "one fresh context, not an endless row";
    }
    wiretap.copies = 1;
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::on);
    wiretap.copies = 2;
    EXPECT_NE(ask_for(agent, PowerAction::read).state, PowerState::off);
}

TEST_F(SessionTest, a_frozen_bmc_costs_the_helper_its_life_at_the_deadline)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::none);
    const int pid = agent.helper_pid();
    bmc.freeze();
    const auto off = ask_for(agent, PowerAction::off, SystemUuid{bmc_guid}, 700ms);
    EXPECT_EQ(off.fault, PowerFault::silent);
    EXPECT_THAT(off.detail, HasSubstr("killed"));
    EXPECT_TRUE(run_until(loop, [=] { return ::kill(pid, 0) != 0; })) << "gone and reaped";
    bmc.thaw();
    EXPECT_NE(ask_for(agent, PowerAction::read).state, PowerState::unknown);
    EXPECT_NE(agent.helper_pid(), pid);
}

TEST_F(SessionTest, a_helper_killed_by_somebody_is_unknown_and_replaced)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::none);
    bmc.freeze();
    std::optional<PowerReply> reply;
    agent.execute(command(PowerAction::read, 100, 15s, SystemUuid{bmc_guid}),
                  [&](PowerReply answer) { reply = std::move(answer); });
    ::kill(agent.helper_pid(), SIGKILL);
    ASSERT_TRUE(run_until(loop, [&] { return reply.has_value(); }));
    EXPECT_EQ(reply->state, PowerState::unknown);
    EXPECT_EQ(reply->fault, PowerFault::silent);
    EXPECT_THAT(reply->detail, HasSubstr("signal 9"));
    bmc.thaw();
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::on);
}

TEST_F(SessionTest, silent_bmcs_do_not_keep_another_one_waiting)
{
    const LabBmc bmc;
    const LabBmc frozen;
    frozen.freeze();
    std::vector<std::unique_ptr<IpmiAgent>> stuck;
    unsigned answers = 0;
    for (int i = 0; i < 8; ++i) {
        stuck.push_back(std::make_unique<IpmiAgent>(loop, device(frozen.port()), helper));
        stuck.back()->execute(command(PowerAction::off, 1000 + i, 60s, SystemUuid{bmc_guid}),
                              [&](auto) { ++answers; });
    }
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::none);
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::off);
    EXPECT_EQ(answers, 0U) << "they are still waiting for theirs";
}

} // namespace
} // namespace knell::fencing
