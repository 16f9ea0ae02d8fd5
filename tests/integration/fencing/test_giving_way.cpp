// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/fence_devices.hpp"
#include "tests/integration/fencing/session_test.hpp"

#include <map>

namespace knell::fencing {
namespace {

/// The daemon's devices, the real agent, the real helper, a BMC.
class GivingWayTest : public SessionTest {
protected:
    void add(const IpmiDevice& device)
    {
        devices.add(DeviceId{"bmc"}, HostId{"compute1"},
                    std::make_unique<IpmiAgent>(loop, device, helper));
    }
    void tell(PowerAction action, std::uint64_t number, Duration patience)
    {
        devices.execute(command(action, number, patience, SystemUuid{bmc_guid}),
                        [this, number](PowerReply reply) { told.emplace(number, reply); });
    }
    [[nodiscard]] bool wait_for(std::uint64_t number)
    {
        return run_until(loop, [=, this] { return told.contains(number); });
    }

    FenceDevices devices;
    std::map<std::uint64_t, PowerReply> told;
};

TEST_F(GivingWayTest, a_fence_does_not_wait_for_an_inspection_that_hangs)
{
    const LabBmc bmc;
    add(device(bmc.port()));
    bmc.fault("slowcmd=50"); // logging in is quick, the chassis status is not
    tell(PowerAction::inspect, 1, 60s);
    ASSERT_TRUE(run_until(loop, [&] { return bmc.count("login of knell succeeds") == 1; }));
    tell(PowerAction::prepare, 2, 15s);
    ASSERT_TRUE(wait_for(2));
    EXPECT_EQ(told.at(2).fault, PowerFault::none) << told.at(2).detail;
    ASSERT_TRUE(wait_for(1));
    EXPECT_EQ(told.at(1).fault, PowerFault::displaced) << "not silent: nobody waited for it";
    EXPECT_FALSE(told.at(1).facts);

    bmc.fault("");
    tell(PowerAction::off, 3, 15s);
    ASSERT_TRUE(wait_for(3));
    EXPECT_EQ(told.at(3).fault, PowerFault::none) << told.at(3).detail;
    tell(PowerAction::read, 4, 15s);
    ASSERT_TRUE(wait_for(4));
    EXPECT_EQ(told.at(4).state, PowerState::off);
    EXPECT_EQ(bmc.count(session_privilege), 2U) << "one session for each of the two";
}

TEST_F(GivingWayTest, an_inspection_ends_its_helper_and_a_fence_keeps_it)
{
    const LabBmc bmc{{"--slots", "1"}};
    add(device(bmc.port()));
    tell(PowerAction::inspect, 1, 15s);
    ASSERT_TRUE(wait_for(1));
    EXPECT_EQ(told.at(1).facts, (DeviceFacts{true, false, "previous", shown_guid}))
        << told.at(1).detail;
    tell(PowerAction::prepare, 2, 15s);
    ASSERT_TRUE(wait_for(2));
    tell(PowerAction::inspect, 3, 15s);
    ASSERT_TRUE(wait_for(3));
    EXPECT_EQ(told.at(3).fault, PowerFault::none) << "in the session that was there";
    tell(PowerAction::off, 4, 15s);
    ASSERT_TRUE(wait_for(4));
    EXPECT_EQ(told.at(4).fault, PowerFault::none) << told.at(4).detail;
    EXPECT_EQ(bmc.count("login of knell begins"), 2U);
}

} // namespace
} // namespace knell::fencing
