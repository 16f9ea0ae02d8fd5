// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/integration/fencing/session_test.hpp"

namespace knell::fencing {
namespace {

using testing::HasSubstr;

constexpr const char* power_up = "netfn 00 cmd 02 01";

TEST_F(SessionTest, a_host_is_switched_on_and_its_power_is_read_afterwards)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::none);
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::off);
    const auto on = ask_for(agent, PowerAction::on);
    EXPECT_EQ(on.fault, PowerFault::none) << on.detail;
    EXPECT_EQ(on.state, PowerState::unknown) << "only a reading tells";
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::on);
    EXPECT_EQ(bmc.count(power_up), 1U);
    EXPECT_EQ(bmc.count(chassis_control), 2U) << "down and up, and neither cycle nor reset";
    EXPECT_EQ(bmc.count(session_privilege), 1U) << "all in one session";
}

TEST_F(SessionTest, on_already_is_no_fault_in_either_spelling)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::on).fault, PowerFault::none);
    bmc.fault("d5=1");
    const auto again = ask_for(agent, PowerAction::on);
    EXPECT_EQ(again.fault, PowerFault::none) << again.detail;
    EXPECT_THAT(again.detail, HasSubstr("D5"));
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::on);
}

TEST_F(SessionTest, the_wrong_machine_is_never_switched_on)
{
    const LabBmc bmc;
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::off).fault, PowerFault::none);
    const SystemUuid other{"00112233-4455-6677-8899-aabbccddeefe"};
    EXPECT_EQ(ask_for(agent, PowerAction::on, other).fault, PowerFault::wrong_identity);
    EXPECT_EQ(bmc.count(power_up), 0U);
    EXPECT_EQ(ask_for(agent, PowerAction::read).state, PowerState::off);
}

TEST_F(SessionTest, an_on_that_is_refused_or_not_allowed_says_so)
{
    const LabBmc bmc;
    bmc.fault("refuse=1");
    IpmiAgent agent{loop, device(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::on).fault, PowerFault::busy);
    bmc.fault("");
    auto viewer = device(bmc.port());
    viewer.username = "viewer";
    viewer.password = Secret{"viewer-secret"};
    viewer.privilege = Privilege::user;
    IpmiAgent reader{loop, viewer, helper};
    EXPECT_EQ(ask_for(reader, PowerAction::on).fault, PowerFault::wrong_credentials);
}

TEST_F(SessionTest, a_silent_bmc_switches_nothing_on)
{
    const LabBmc bmc;
    bmc.fault("drop=100");
    IpmiAgent agent{loop, impatient(bmc.port()), helper};
    EXPECT_EQ(ask_for(agent, PowerAction::on).fault, PowerFault::silent);
    EXPECT_EQ(bmc.count(power_up), 0U);
}

} // namespace
} // namespace knell::fencing
