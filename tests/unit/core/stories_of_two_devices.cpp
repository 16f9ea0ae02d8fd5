// SPDX-License-Identifier: GPL-3.0-or-later
// A host whose first fence device is of no use, and whose second one is.
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

Policy two_each()
{
    auto policy = small_policy(3);
    for (auto& host : policy.hosts) {
        host.devices.push_back(DeviceId{"pdu" + host.devices.front().get().substr(3)});
        host.power_on = true;
    }
    return policy;
}

class SecondDevice : public Story {
protected:
    SecondDevice() : Story{two_each()} {}
    void dies_with_its_first_device(Bmc manner)
    {
        host().other[DeviceId{"bmc1"}] = manner;
        world.cut(it);
        ASSERT_TRUE(reaches("Down"));
        EXPECT_EQ(world.count(it, "ForceDown by pdu1"), 1U);
    }
};

TEST_F(SecondDevice, the_device_that_proved_it_off_switches_it_on)
{
    dies_with_its_first_device(Bmc::dumb);
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_EQ(world.count(it, "Power pdu1 on"), 1U);
    EXPECT_EQ(world.count(it, "Power bmc1 on"), 0U);
    EXPECT_EQ(world.count(it, "! SWITCH_ON_FAILED"), 0U);
}

TEST_F(SecondDevice, a_device_that_does_not_switch_it_on_yields_to_the_other)
{
    dies_with_its_first_device(Bmc::dumb);
    host().other = {{DeviceId{"pdu1"}, Bmc::full}};
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_EQ(world.count(it, "! SWITCH_ON_FAILED: pdu1"), 1U);
    EXPECT_EQ(world.count(it, "Power bmc1 on"), 1U);
}

TEST_F(SecondDevice, a_device_proves_nothing_by_what_the_other_one_has_heard)
{
    host().wired = false;
    host().other = {{DeviceId{"bmc1"}, Bmc::deaf}, {DeviceId{"pdu1"}, Bmc::dumb}};
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "Power pdu1 off") > 0; }, 2min));
    world.order(OperatorOrder::What::disarm);
    host().other[DeviceId{"pdu1"}] = Bmc::says_off;
    world.run(1min);
    EXPECT_EQ(world.count(it, "! HOST_FENCED"), 0U);
    host().bmc = Bmc::honest;
    host().other.clear();
    world.order(OperatorOrder::What::arm);
    EXPECT_TRUE(reaches("Down"));
}

class SecondDeviceWatched : public SecondDevice {
protected:
    void SetUp() override
    {
        auto policy = world.policy();
        for (auto& one : policy.hosts) {
            one.power_on = false;
        }
        ASSERT_EQ(world.reload(policy), std::vector<std::string>{});
    }
};

TEST_F(SecondDeviceWatched, power_that_comes_back_is_seen_by_the_device_that_proved_it_off)
{
    dies_with_its_first_device(Bmc::dumb);
    forget_log();
    world.boot_time = 1h;
    world.boot(it);
    world.run(1min);
    EXPECT_EQ(world.count(it, "! POWER_CAME_BACK"), 1U);
    EXPECT_EQ(world.count(it, "Power bmc1"), 0U);
}

TEST_F(SecondDeviceWatched, a_device_that_is_lost_yields_to_the_other_and_nothing_is_told)
{
    dies_with_its_first_device(Bmc::dumb);
    host().other = {{DeviceId{"pdu1"}, Bmc::dumb}};
    world.run(10min);
    EXPECT_EQ(world.count(it, "! POWER_UNREAD"), 0U);
    world.boot_time = 1h;
    world.boot(it);
    world.run(1min);
    EXPECT_EQ(world.count(it, "! POWER_CAME_BACK"), 1U);
}

TEST_F(SecondDeviceWatched, a_device_that_refuses_our_password_is_passed_over)
{
    dies_with_its_first_device(Bmc::locked);
    host().other[DeviceId{"pdu1"}] = Bmc::dumb;
    forget_log();
    world.run(10min);
    EXPECT_EQ(world.count(it, "Power bmc1"), 0U);
    EXPECT_EQ(world.count(it, "! POWER_UNREAD"), 1U);
}

TEST_F(SecondDeviceWatched, after_a_restart_a_dead_first_device_hides_nothing)
{
    dies_with_its_first_device(Bmc::dumb);
    world.restart_knelld();
    world.run(1min);
    world.boot_time = 1h;
    world.boot(it);
    world.run(1min);
    EXPECT_EQ(world.count(it, "! POWER_CAME_BACK"), 1U);
}

} // namespace
} // namespace knell::test
