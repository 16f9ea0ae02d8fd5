// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/integration/fencing/session_test.hpp"

#include <algorithm>

namespace knell::fencing {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* session_closed = "netfn 06 cmd 3c";
constexpr const char* login_begins = "login of knell begins";
constexpr const char* login_succeeds = "login of knell succeeds";

class InspectingTest : public SessionTest {
protected:
    /// By an agent of its own, which stands down when it has the answer.
    PowerReply inspect(const IpmiDevice& device,
                       std::optional<SystemUuid> identity = SystemUuid{bmc_guid},
                       Duration patience = 15s)
    {
        IpmiAgent agent{loop, device, helper};
        auto reply = ask_for(agent, PowerAction::inspect, std::move(identity), patience);
        EXPECT_EQ(reply.state, PowerState::unknown) << "an inspection proves nothing of the power";
        const int pid = agent.helper_pid();
        agent.stand_down();
        EXPECT_TRUE(run_until(loop, [=] { return pid == 0 || ::kill(pid, 0) != 0; }));
        return reply;
    }
    static IpmiDevice viewer(std::uint16_t port, Privilege privilege)
    {
        auto device = SessionTest::device(port);
        device.username = "viewer";
        device.password = Secret{"viewer-secret"};
        device.privilege = privilege;
        return device;
    }
};

TEST_F(InspectingTest, what_fencing_will_need_is_found_and_nothing_is_changed)
{
    const LabBmc bmc;
    const auto reply = inspect(device(bmc.port()));
    EXPECT_EQ(reply.fault, PowerFault::none) << reply.detail;
    EXPECT_EQ(reply.facts, (DeviceFacts{true, false, "previous", shown_guid})) << reply.detail;
    EXPECT_THAT(reply.detail, HasSubstr("System GUID"));
    EXPECT_EQ(bmc.count("netfn 00"), 1U) << "the chassis status, and nothing else";
    EXPECT_EQ(bmc.count(chassis_status), 1U);
    EXPECT_EQ(bmc.count(login_begins), 1U);
    EXPECT_EQ(bmc.count(login_succeeds), 1U);
}

TEST_F(InspectingTest, the_session_is_closed_before_the_answer_is_given)
{
    const LabBmc bmc{{"--slots", "1"}};
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::inspect).fault, PowerFault::none);
    EXPECT_EQ(bmc.count(session_closed), 1U);
    EXPECT_NE(agent.helper_pid(), 0) << "nobody told it to";
    EXPECT_EQ(inspect(device(bmc.port())).fault, PowerFault::none) << "the one slot is free";
}

TEST_F(InspectingTest, a_session_that_was_open_stays_open)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::none);
    EXPECT_EQ(ask_for(agent, PowerAction::inspect).facts,
              (DeviceFacts{true, false, "previous", shown_guid}));
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::none);
    EXPECT_EQ(bmc.count(login_begins), 1U);
    EXPECT_EQ(bmc.count(session_closed), 0U);
}

TEST_F(InspectingTest, a_session_of_privilege_user_may_not_power_off)
{
    const LabBmc bmc;
    const auto reply = inspect(viewer(bmc.port(), Privilege::user));
    EXPECT_EQ(reply.fault, PowerFault::none) << reply.detail;
    EXPECT_EQ(reply.facts, (DeviceFacts{false, false, "previous", shown_guid}));
    EXPECT_THAT(reply.detail, HasSubstr("may not power off"));
}

TEST_F(InspectingTest, a_user_who_is_refused_the_privilege_may_not_power_off)
{
    const LabBmc bmc;
    Wiretap wiretap{loop, bmc.port()};
    const auto reply = inspect(viewer(wiretap.port(), Privilege::operator_level));
    EXPECT_EQ(reply.fault, PowerFault::wrong_credentials);
    ASSERT_TRUE(reply.facts) << reply.detail;
    EXPECT_EQ(reply.facts->may_power_off, false);
    EXPECT_EQ(reply.facts->cipher_zero, std::nullopt) << "it was not looked any further";
    EXPECT_EQ(wiretap.logins, 1U);
}

TEST_F(InspectingTest, an_administrator_may_power_off)
{
    const LabBmc bmc;
    auto admin = device(bmc.port());
    admin.username = "admin";
    admin.password = Secret{"secret"};
    admin.privilege = Privilege::administrator;
    EXPECT_EQ(inspect(admin).facts->may_power_off, true);
}

TEST_F(InspectingTest, what_the_bmc_does_not_say_is_not_made_up)
{
    const LabBmc bmc;
    bmc.fault("untold=1\nrestore=unknown\nnosuites=1\nnosession=0");
    const auto reply = inspect(device(bmc.port()));
    EXPECT_EQ(reply.fault, PowerFault::none) << reply.detail;
    EXPECT_EQ(reply.facts, (DeviceFacts{std::nullopt, false, std::nullopt, shown_guid}))
        << reply.detail;
}

TEST_F(InspectingTest, each_restore_policy_is_told)
{
    const LabBmc bmc;
    for (const char* policy : {"always-off", "previous", "always-on"}) {
        bmc.fault(std::string{"restore="} + policy);
        const auto reply = inspect(device(bmc.port()));
        ASSERT_TRUE(reply.facts) << reply.detail;
        EXPECT_EQ(reply.facts->on_restore, policy);
    }
}

TEST_F(InspectingTest, a_wrong_password_costs_exactly_one_refused_login)
{
    const LabBmc bmc;
    Wiretap wiretap{loop, bmc.port()};
    auto wrong = device(wiretap.port());
    wrong.password = Secret{"guess"};
    IpmiAgent agent{loop, wrong, helper};
    const auto reply = ask_for(agent, PowerAction::inspect);
    EXPECT_EQ(reply.fault, PowerFault::wrong_credentials);
    EXPECT_FALSE(reply.facts);
    EXPECT_EQ(wiretap.logins, 1U) << "no second suite, no second try";
    EXPECT_EQ(bmc.count(login_begins), 1U);
    EXPECT_EQ(bmc.count(login_succeeds), 0U);
    EXPECT_THAT(ask_for(agent, PowerAction::inspect).detail, HasSubstr("not asked again so soon"));
    EXPECT_EQ(bmc.count(login_begins), 1U) << "nor soon after";
    EXPECT_FALSE(wiretap.without_authentication) << "and suite 0 is of no interest then";
}

TEST_F(InspectingTest, a_changed_password_does_not_lock_the_account)
{
    const LabBmc bmc;
    bmc.fault("lockout=2\nbadpassword=1");
    EXPECT_EQ(inspect(device(bmc.port())).fault, PowerFault::wrong_credentials);
    bmc.fault("lockout=2");
    EXPECT_EQ(inspect(device(bmc.port())).fault, PowerFault::none) << "one refusal of two";
    bmc.fault("lockout=2\nbadpassword=1");
    EXPECT_EQ(inspect(device(bmc.port())).fault, PowerFault::wrong_credentials);
    EXPECT_EQ(inspect(device(bmc.port())).fault, PowerFault::wrong_credentials);
    bmc.fault("lockout=2");
    EXPECT_EQ(inspect(device(bmc.port())).fault, PowerFault::wrong_credentials)
        << "the simulator does lock accounts";
}

TEST_F(InspectingTest, cipher_suite_0_is_found_where_it_is_accepted)
{
    const LabBmc bmc;
    Wiretap wiretap{loop, bmc.port()};
    bmc.fault("suite0=1");
    const auto reply = inspect(device(wiretap.port()));
    EXPECT_EQ(reply.fault, PowerFault::none) << reply.detail;
    ASSERT_TRUE(reply.facts);
    EXPECT_EQ(reply.facts->cipher_zero, true);
    EXPECT_THAT(reply.detail, HasSubstr("cipher suite 0 ACCEPTED"));
    EXPECT_EQ(wiretap.logins, 1U) << "with the password and suite 17; nobody logs in with suite 0";
    EXPECT_EQ(bmc.count("login of"), 2U) << bmc.log();
}

TEST_F(InspectingTest, cipher_suite_0_is_tried_only_where_the_list_does_not_rule_it_out)
{
    struct Case {
        const char* faults;
        std::optional<bool> accepted;
        bool tried;
    };
    for (const auto& [faults, accepted, tried] :
         {Case{"", false, false}, Case{"suite0=hidden", false, false},
          Case{"suite0=listed", false, true}, Case{"suite0=1\nnosuites=1", true, true},
          Case{"nosuites=1", false, true}, Case{"suite0=listed\noddsuite=1", false, true}}) {
        const LabBmc bmc;
        Wiretap wiretap{loop, bmc.port()};
        bmc.fault(faults);
        const auto reply = inspect(device(wiretap.port()));
        ASSERT_TRUE(reply.facts) << reply.detail;
        EXPECT_EQ(reply.facts->cipher_zero, accepted) << faults;
        EXPECT_EQ(wiretap.without_authentication, tried) << faults;
    }
}

TEST_F(InspectingTest, the_slot_that_cipher_suite_0_took_is_let_go)
{
    const LabBmc bmc{{"--slots", "1"}};
    bmc.fault("suite0=1");
    for (int i = 0; i < 3; ++i) {
        const auto reply = inspect(device(bmc.port()));
        EXPECT_EQ(reply.fault, PowerFault::none) << reply.detail;
        ASSERT_TRUE(reply.facts);
        EXPECT_EQ(reply.facts->cipher_zero, true);
    }
}

TEST_F(InspectingTest, silence_about_cipher_suites_costs_a_part_of_the_patience_and_no_fact)
{
    const LabBmc bmc;
    bmc.fault("nosuites=silent\nsuite0=1");
    const auto patient = inspect(device(bmc.port()), SystemUuid{bmc_guid}, 4s);
    EXPECT_EQ(patient.fault, PowerFault::none) << patient.detail;
    EXPECT_EQ(patient.facts, (DeviceFacts{true, true, "previous", shown_guid}))
        << "asked for directly";
}

TEST_F(InspectingTest, no_session_slot_is_busy_and_no_fact)
{
    const LabBmc bmc;
    bmc.fault("nosession=1");
    const auto reply = inspect(device(bmc.port()));
    EXPECT_EQ(reply.fault, PowerFault::busy);
    EXPECT_FALSE(reply.facts);
    EXPECT_EQ(bmc.count("login of"), 0U);
}

TEST_F(InspectingTest, the_wrong_machine_is_not_looked_at)
{
    const LabBmc bmc;
    const auto reply =
        inspect(device(bmc.port()), SystemUuid{"00112233-4455-6677-8899-aabbccddeefe"});
    EXPECT_EQ(reply.fault, PowerFault::wrong_identity);
    EXPECT_FALSE(reply.facts);
    EXPECT_EQ(bmc.count("netfn 00"), 0U);
    EXPECT_EQ(bmc.count(session_closed), 1U) << "nor is its slot kept";
}

TEST_F(InspectingTest, a_status_that_fails_is_told_with_what_was_found)
{
    const LabBmc bmc;
    bmc.fault("statfail=1");
    const auto reply = inspect(device(bmc.port()));
    EXPECT_EQ(reply.fault, PowerFault::refused) << "no off could be proven";
    EXPECT_THAT(reply.detail, HasSubstr("FF"));
    EXPECT_EQ(reply.facts, (DeviceFacts{true, false, std::nullopt, shown_guid}));
}

TEST_F(InspectingTest, a_lying_bmc_cannot_make_an_inspection_say_off)
{
    const LabBmc bmc;
    bmc.fault("lie_status=1");
    EXPECT_EQ(inspect(device(bmc.port())).state, PowerState::unknown);
}

TEST_F(InspectingTest, a_slow_bmc_is_looked_at_all_the_same)
{
    const LabBmc bmc;
    bmc.fault("delay=100\nslowcmd=0.3");
    const auto reply = inspect(device(bmc.port()));
    EXPECT_EQ(reply.fault, PowerFault::none) << reply.detail;
    EXPECT_EQ(reply.facts, (DeviceFacts{true, false, "previous", shown_guid}));
}

TEST_F(InspectingTest, a_bmc_that_falls_silent_is_silent_and_no_fact)
{
    const LabBmc bmc;
    bmc.fault("drop=100");
    const auto reply = inspect(impatient(bmc.port()));
    EXPECT_EQ(reply.fault, PowerFault::silent);
    EXPECT_FALSE(reply.facts);
    EXPECT_EQ(bmc.count("login of"), 0U);
}

TEST_F(InspectingTest, duplicated_datagrams_make_no_fact_out_of_nothing)
{
    const LabBmc bmc;
    Wiretap wiretap{loop, bmc.port()};
    IpmiAgent agent{loop, impatient(wiretap.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::none);
    wiretap.copies = 2;
    const auto reply = ask_for(agent, PowerAction::inspect);
    EXPECT_EQ(reply.state, PowerState::unknown);
    if (reply.facts) {
        EXPECT_EQ(reply.facts, (DeviceFacts{true, false, "previous", shown_guid})) << reply.detail;
    } else {
        EXPECT_EQ(reply.fault, PowerFault::silent) << reply.detail;
    }
    wiretap.copies = 1;
    EXPECT_EQ(ask_for(agent, PowerAction::inspect).facts,
              (DeviceFacts{true, false, "previous", shown_guid}));
}

TEST_F(InspectingTest, duplicated_datagrams_and_a_wrong_password_refuse_no_more_than_one_login)
{
    const LabBmc bmc;
    Wiretap wiretap{loop, bmc.port()};
    wiretap.copies = 2;
    auto wrong = impatient(wiretap.port());
    wrong.password = Secret{"guess"};
    EXPECT_NE(inspect(wrong).fault, PowerFault::none);
    EXPECT_LE(bmc.count(login_begins), 1U) << bmc.log();
}

TEST_F(InspectingTest, an_inspection_that_nobody_waits_for_gives_its_slot_back)
{
    const LabBmc bmc{{"--slots", "1"}};
    bmc.fault("delay=50\nslowcmd=0.5");
    IpmiAgent agent{loop, device(bmc.port()), helper};
    std::optional<PowerReply> reply;
    agent.execute(command(PowerAction::inspect, 500, 15s, SystemUuid{bmc_guid}),
                  [&](PowerReply answer) { reply = std::move(answer); });
    const int pid = agent.helper_pid();
    ASSERT_TRUE(run_until(loop, [&] { return bmc.count(login_succeeds) == 1; }));
    agent.stand_down();
    ASSERT_TRUE(run_until(loop, [&] { return reply && ::kill(pid, 0) != 0; }));
    EXPECT_EQ(reply->fault, PowerFault::displaced);
    EXPECT_EQ(bmc.count(session_closed), 1U) << bmc.log();
    bmc.fault("");
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::none);
}

TEST_F(InspectingTest, another_implementation_is_looked_at_as_well)
{
    const IpmiSim sim;
    auto quirky = device(sim.port());
    quirky.workarounds = {"opensesspriv"};
    quirky.cipher_suites = {3};
    const auto reply = inspect(quirky, SystemUuid{IpmiSim::guid});
    EXPECT_EQ(reply.fault, PowerFault::none) << reply.detail;
    ASSERT_TRUE(reply.facts);
    EXPECT_EQ(reply.facts->may_power_off, true) << reply.detail;
    EXPECT_EQ(reply.facts->cipher_zero, true) << "ipmi_sim does accept it";
    EXPECT_THAT(sim.log(), Not(HasSubstr("set")));
}

TEST_F(InspectingTest, a_login_refused_in_odd_words_is_not_tried_with_another_suite)
{
    const LabBmc bmc;
    bmc.fault("oddlogin=1");
    Wiretap wiretap{loop, bmc.port()};
    auto wrong = device(wiretap.port());
    wrong.username = "nobody";
    EXPECT_NE(inspect(wrong).fault, PowerFault::none);
    EXPECT_EQ(wiretap.logins, 1U);

    const IpmiSim sim;
    Wiretap to_sim{loop, sim.port()};
    auto stranger = device(to_sim.port());
    stranger.username = "nobody";
    stranger.workarounds = {"opensesspriv"};
    stranger.cipher_suites = {3, 2, 1};
    EXPECT_NE(inspect(stranger, SystemUuid{IpmiSim::guid}).fault, PowerFault::none);
    EXPECT_EQ(to_sim.logins, 1U);
}

TEST_F(InspectingTest, a_suite_refused_in_odd_words_does_lead_to_the_next)
{
    const LabBmc old{{"--suites", "3"}};
    old.fault("oddsuite=1");
    Wiretap wiretap{loop, old.port()};
    const auto reply = inspect(device(wiretap.port()));
    EXPECT_EQ(reply.fault, PowerFault::none) << reply.detail;
    EXPECT_EQ(wiretap.logins, 1U);
}

} // namespace
} // namespace knell::fencing
