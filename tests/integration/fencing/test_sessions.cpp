// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/integration/fencing/session_test.hpp"

#include <thread>

namespace knell::fencing {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(SessionTest, a_host_is_prepared_for_powered_off_and_read)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, device(bmc.port()), helper};
    const auto prepared = ask_for(agent, PowerAction::prepare);
    EXPECT_EQ(prepared.fault, PowerFault::none) << prepared.detail;
    EXPECT_EQ(prepared.state, PowerState::unknown);
    EXPECT_EQ(bmc.count("netfn 00"), 0U) << "preparing touches nothing";
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::on);
    const auto off = ask_for(agent, PowerAction::off);
    EXPECT_EQ(off.fault, PowerFault::none) << off.detail;
    EXPECT_EQ(off.state, PowerState::unknown) << "its success means nothing until it is read";
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::off);
    EXPECT_EQ(bmc.count(power_down), 1U);
    EXPECT_EQ(bmc.count(chassis_control), 1U) << "nothing but power down";
    EXPECT_EQ(bmc.count(session_privilege), 1U) << "all in one session";
}

TEST_F(SessionTest, off_works_without_preparation_and_when_off_already)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::none);
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::none);
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::off);
    EXPECT_EQ(bmc.count(power_down), 2U);
}

TEST_F(SessionTest, suite_17_is_tried_first_and_3_only_if_the_bmc_has_no_17)
{
    const LabBmc modern;
    Wiretap to_modern{loop, modern.port()};
    IpmiAgent first{loop, device(to_modern.port()), helper};
    EXPECT_EQ(ask_for(first, PowerAction::prepare).fault, PowerFault::none);
    EXPECT_EQ(to_modern.open_session_requests, 1U);

    const LabBmc old{{"--suites", "3"}};
    Wiretap to_old{loop, old.port()};
    IpmiAgent second{loop, device(to_old.port()), helper};
    const auto reply = ask_for(second, PowerAction::read);
    EXPECT_EQ(reply.state, PowerState::on) << reply.detail;
    EXPECT_EQ(to_old.open_session_requests, 2U);
    EXPECT_EQ(to_old.logins, 1U);
    EXPECT_FALSE(to_old.without_authentication || to_old.ipmi_1_5_session);
}

TEST_F(SessionTest, without_a_common_suite_the_bmc_refuses_and_1_5_is_not_tried)
{
    const LabBmc old{{"--suites", "3"}};
    Wiretap wiretap{loop, old.port()};
    auto strict = device(wiretap.port());
    strict.cipher_suites = {17};
    IpmiAgent agent{loop, strict, helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::refused);
    EXPECT_EQ(wiretap.open_session_requests, 1U);
    EXPECT_EQ(wiretap.logins, 0U);
    EXPECT_FALSE(wiretap.ipmi_1_5_session);
}

TEST_F(SessionTest, a_wrong_password_is_tried_exactly_once)
{
    const LabBmc bmc;
    Wiretap wiretap{loop, bmc.port()};
    auto wrong = device(wiretap.port());
    wrong.password = Secret{"guess"};
    IpmiAgent agent{loop, wrong, helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::wrong_credentials);
    EXPECT_EQ(wiretap.logins, 1U) << "no other suite, no second try";
    const auto again = ask_for(agent, PowerAction::off);
    EXPECT_EQ(again.fault, PowerFault::wrong_credentials);
    EXPECT_THAT(again.detail, HasSubstr("not asked again so soon"));
    EXPECT_EQ(wiretap.logins, 1U) << "nor soon after";
    EXPECT_EQ(bmc.count("netfn 00"), 0U);
}

TEST_F(SessionTest, a_wrong_user_is_tried_exactly_once)
{
    const LabBmc bmc;
    Wiretap wiretap{loop, bmc.port()};
    auto wrong = device(wiretap.port());
    wrong.username = "nobody";
    IpmiAgent agent{loop, wrong, helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::wrong_credentials);
    EXPECT_EQ(wiretap.logins, 1U);
}

TEST_F(SessionTest, a_user_without_the_privilege_is_told_so)
{
    const LabBmc bmc;
    auto viewer = device(bmc.port());
    viewer.username = "viewer";
    viewer.password = Secret{"viewer-secret"};
    IpmiAgent agent{loop, viewer, helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::wrong_credentials);

    viewer.privilege = Privilege::user;
    IpmiAgent reader{loop, viewer, helper};
    EXPECT_EQ(ask_for(reader, PowerAction::read).state, PowerState::on);
    EXPECT_EQ(ask_for(reader, PowerAction::off).fault, PowerFault::wrong_credentials);
    EXPECT_EQ(ask_for(reader, PowerAction::read).state, PowerState::on);
}

TEST_F(SessionTest, a_bmc_key_must_fit)
{
    const LabBmc bmc{{"--kg", "a bmc key"}};
    auto keyed = device(bmc.port());
    keyed.k_g = Secret{"a bmc key"};
    IpmiAgent agent{loop, keyed, helper};
    const auto reply = ask_for(agent, PowerAction::read);
    EXPECT_EQ(reply.state, PowerState::on) << reply.detail;

    keyed.k_g = Secret{"another key"};
    IpmiAgent stranger{loop, keyed, helper};
    EXPECT_EQ(ask_for(stranger, PowerAction::read).fault, PowerFault::wrong_credentials);
}

TEST_F(SessionTest, the_wrong_machine_is_never_touched)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, device(bmc.port()), helper};
    const SystemUuid other{"00112233-4455-6677-8899-aabbccddeefe"};
    for (const auto action :
         {PowerAction::off, PowerAction::prepare, PowerAction::read, PowerAction::off}) {
        const auto reply = ask_for(agent, action, other);
        EXPECT_EQ(reply.fault, PowerFault::wrong_identity);
        EXPECT_EQ(reply.state, PowerState::unknown);
        EXPECT_THAT(reply.detail, HasSubstr("expected " + other.get()));
    }
    EXPECT_EQ(bmc.count("netfn 00"), 0U) << bmc.log();
}

TEST_F(SessionTest, a_bmc_that_changes_its_name_is_found_out_in_the_next_session)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::none);
    bmc.fault("guid=99999999-4455-6677-8899-aabbccddeeff");
    agent.stand_down();
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::wrong_identity);
    EXPECT_EQ(bmc.count(chassis_control), 0U);
}

TEST_F(SessionTest, a_blank_identity_is_nobodys)
{
    const LabBmc bmc;
    bmc.fault("guid=00000000-0000-0000-0000-000000000000");
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::wrong_identity);
    EXPECT_EQ(
        ask_for(agent, PowerAction::off, SystemUuid{"00000000-0000-0000-0000-000000000000"}).fault,
        PowerFault::wrong_identity);
    EXPECT_EQ(bmc.count(chassis_control), 0U);
}

TEST_F(SessionTest, every_order_of_the_identitys_bytes_is_understood)
{
    for (const char* order : {"smbios", "rfc4122", "ipmi"}) {
        const LabBmc bmc{{"--guid-order", order}};
        IpmiAgent agent{loop, device(bmc.port()), helper};
        EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::on) << order;
    }
}

TEST_F(SessionTest, a_waived_identity_is_not_compared)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::off, std::nullopt).fault, PowerFault::none);
    EXPECT_EQ(ask_for(agent, PowerAction::read, std::nullopt).state, PowerState::off);
    const auto prepared = ask_for(agent, PowerAction::prepare, std::nullopt);
    EXPECT_THAT(prepared.detail, HasSubstr("System GUID")) << "but told to the operator";
}

TEST_F(SessionTest, an_idle_session_is_not_used_again)
{
    const LabBmc bmc;
    auto brief = impatient(bmc.port());
    IpmiAgent agent{loop, brief, helper};
    EXPECT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::none);
    std::this_thread::sleep_for(1200ms);
    const auto off = ask_for(agent, PowerAction::off);
    EXPECT_EQ(off.fault, PowerFault::none) << off.detail;
    EXPECT_EQ(bmc.count(power_down), 1U);
    EXPECT_EQ(bmc.count(session_privilege), 2U);
}

TEST_F(SessionTest, standing_down_gives_the_session_slot_back)
{
    const LabBmc bmc{{"--slots", "1"}};
    for (int i = 0; i < 3; ++i) {
        IpmiAgent agent{loop, device(bmc.port()), helper};
        const auto reply = ask_for(agent, PowerAction::prepare);
        EXPECT_EQ(reply.fault, PowerFault::none) << reply.detail;
        const int pid = agent.helper_pid();
        agent.stand_down();
        EXPECT_TRUE(run_until(loop, [&] { return ::kill(pid, 0) != 0; }));
    }
    EXPECT_EQ(bmc.count("netfn 06 cmd 3c"), 3U);
}

TEST_F(SessionTest, another_implementation_works_with_its_workaround_and_suite_3)
{
    const IpmiSim sim;
    auto quirky = device(sim.port());
    quirky.workarounds = {"opensesspriv"};
    quirky.cipher_suites = {3};
    IpmiAgent agent{loop, quirky, helper};
    const SystemUuid identity{IpmiSim::guid};
    const auto before = ask_for(agent, PowerAction::read, identity);
    EXPECT_EQ(before.state, PowerState::on) << before.detail;
    EXPECT_EQ(ask_for(agent, PowerAction::off, SystemUuid{bmc_guid}).fault,
              PowerFault::wrong_identity);
    EXPECT_THAT(sim.log(), Not(HasSubstr("set")));
    EXPECT_EQ(ask_for(agent, PowerAction::off, identity).fault, PowerFault::none);
    EXPECT_EQ(ask_for(agent, PowerAction::read, identity).state, PowerState::off);
    EXPECT_FALSE(sim.power_is_on());
    EXPECT_THAT(sim.log(), HasSubstr("set power 0"));
    EXPECT_THAT(sim.log(), Not(HasSubstr("reset")));
}

TEST_F(SessionTest, another_implementation_refuses_a_wrong_password_in_the_same_words)
{
    const IpmiSim sim;
    auto wrong = device(sim.port());
    wrong.workarounds = {"opensesspriv"};
    wrong.cipher_suites = {3};
    wrong.password = Secret{"guess"};
    IpmiAgent agent{loop, wrong, helper};
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::wrong_credentials);
    EXPECT_TRUE(sim.power_is_on());
}

} // namespace
} // namespace knell::fencing
