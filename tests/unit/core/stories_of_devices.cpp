// SPDX-License-Identifier: GPL-3.0-or-later
// Fence devices before they are needed, power that comes back, and hosts that keep failing.
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

using testing::HasSubstr;

Policy inspected()
{
    auto policy = small_policy(3);
    for (auto& host : policy.hosts) {
        host.fence.inspect = 1min;
    }
    return policy;
}

class Devices : public Story {
protected:
    Devices() : Story{inspected()} {}
    explicit Devices(Policy policy) : Story{std::move(policy)} {}
    [[nodiscard]] HostView view() const { return *world.fleet().view(HostId{it}); }
};

TEST_F(Devices, every_device_is_looked_at_before_it_is_needed)
{
    EXPECT_EQ(view().devices.at(0).state, "ready");
    EXPECT_EQ(view().not_ready, "");
    world.run(10min);
    EXPECT_EQ(world.count(it, "Power bmc1 inspect"), 11U);
    EXPECT_EQ(world.count(it, "! FENCE_READY"), 1U) << "said once, not with every look";
}

TEST_F(Devices, a_refused_password_costs_one_login_and_no_more_until_an_operator_says_so)
{
    host().bmc = Bmc::locked;
    world.run(1h);
    EXPECT_EQ(world.count(it, "Power bmc1 inspect"), 2U) << "one good, one refused";
    EXPECT_THAT(view().not_ready, HasSubstr("locked"));
    host().bmc = Bmc::honest;
    world.order(OperatorOrder::What::inspect, it);
    world.run(1s);
    EXPECT_EQ(view().not_ready, "");
}

TEST_F(Devices, a_device_that_is_known_to_refuse_us_is_not_even_warmed)
{
    host().bmc = Bmc::locked;
    world.run(2min);
    world.cut(it);
    ASSERT_TRUE(reaches("FenceFailed"));
    EXPECT_EQ(world.count(it, "Power bmc1 prepare"), 0U);
    EXPECT_EQ(world.count(it, "Power bmc1 off"), 1U);
}

TEST_F(Devices, another_machines_bmc_is_found_before_the_night)
{
    host().bmc = Bmc::strangers;
    world.run(2min);
    EXPECT_EQ(world.count(it, "! FENCE_NOT_READY"), 1U);
    host().bmc = Bmc::honest;
    world.run(2min);
    EXPECT_EQ(world.count(it, "! FENCE_READY"), 2U);
}

TEST_F(Devices, what_its_owner_should_mend_is_said_although_it_could_be_used)
{
    host().facts.cipher_zero = true;
    host().facts.on_restore = "always-on";
    world.run(2min);
    EXPECT_EQ(view().devices.at(0).state, "ready");
    EXPECT_THAT(view().devices.at(0).why, HasSubstr("cipher suite 0"));
    EXPECT_THAT(view().devices.at(0).why, HasSubstr("when power returns"));
}

TEST_F(Devices, a_user_who_may_not_power_off_is_no_readiness)
{
    host().facts.may_power_off = false;
    world.run(2min);
    EXPECT_THAT(view().not_ready, HasSubstr("privilege level OPERATOR"));
}

TEST_F(Devices, nobody_looks_at_devices_while_they_are_needed)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    const auto looks = world.count(it, "Power bmc1 inspect");
    world.run(10min);
    EXPECT_EQ(world.count(it, "Power bmc1 inspect"), looks);
}

TEST_F(Devices, an_operator_has_them_looked_at_in_mid_episode_too)
{
    host().bmc = Bmc::locked;
    world.run(2min);
    world.cut(it);
    ASSERT_TRUE(reaches("FenceFailed"));
    host().bmc = Bmc::honest;
    world.order(OperatorOrder::What::confirm_off, it, true);
    ASSERT_TRUE(reaches("Down"));
    EXPECT_THAT(view().not_ready, HasSubstr("locked"));
    world.order(OperatorOrder::What::inspect, it);
    world.run(1s);
    EXPECT_EQ(view().not_ready, "");
    EXPECT_EQ(view().devices.at(0).state, "ready");
}

TEST_F(Devices, a_dry_run_of_a_fence_shows_every_gate_and_does_nothing)
{
    OperatorOrder order{OrderId{5}, OperatorOrder::What::fence, HostId{it}, "alice", "", false};
    order.dry_run = true;
    forget_log();
    world.tell(order);
    world.run(10s);
    EXPECT_EQ(world.state(it), "Healthy");
    EXPECT_EQ(world.log().front().text.rfind("accepted: verdict: NO, by its monitors", 0), 0U)
        << world.log().front().text;
    EXPECT_THAT(world.log().front().text, HasSubstr("\nbudget: open"));
}

// ------------------------------------------------------------------ power that comes back

TEST_F(Devices, power_that_comes_back_by_itself_is_told_of)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot_time = 1h;
    world.boot(it);
    world.run(1min);
    EXPECT_EQ(world.count(it, "! POWER_CAME_BACK"), 1U);
    EXPECT_EQ(world.count(it, "! POWER_ON_UNEXPLAINED"), 0U) << "perhaps it boots";
    world.run(30min);
    EXPECT_EQ(world.count(it, "! POWER_ON_UNEXPLAINED"), 1U)
        << "it does not, and that is told once";
}

TEST_F(Devices, power_that_comes_back_is_no_alarm_when_a_new_boot_speaks_or_it_is_off_again)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot_time = 1h;
    world.boot(it);
    world.run(5min);
    host().power = false;
    world.run(30min);
    EXPECT_EQ(world.count(it, "! POWER_ON_UNEXPLAINED"), 0U);
    world.boot_time = 3min;
    world.boot(it);
    EXPECT_TRUE(reaches("Healthy", 10min));
    world.run(30min);
    EXPECT_EQ(world.count(it, "! POWER_CAME_BACK"), 2U);
    EXPECT_EQ(world.count(it, "! POWER_ON_UNEXPLAINED"), 0U);
}

TEST_F(Devices, power_that_a_new_boot_explained_stays_explained_when_that_boot_falls_silent)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    world.boot_time = 3min;
    world.boot(it);
    ASSERT_TRUE(reaches("Returning", 10min));
    host().booted = false; // its kernel stops
    ASSERT_TRUE(reaches("Down", 1min));
    world.run(1h);
    EXPECT_EQ(world.count(it, "! POWER_CAME_BACK"), 1U);
    EXPECT_EQ(world.count(it, "! RETURN_BROKEN"), 1U) << "that says it";
    EXPECT_EQ(world.count(it, "! POWER_ON_UNEXPLAINED"), 0U);
}

TEST_F(Devices, a_device_that_is_lost_while_the_host_is_down_is_told_of_once)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().bmc = Bmc::mute;
    world.run(1min);
    EXPECT_EQ(world.count(it, "! POWER_UNREAD"), 0U) << "a BMC that restarts";
    world.run(1h);
    EXPECT_EQ(world.count(it, "! POWER_UNREAD"), 1U);
    EXPECT_EQ(world.count(it, "! POWER_READ_AGAIN"), 0U);
    host().bmc = Bmc::honest;
    world.run(1min);
    EXPECT_EQ(world.count(it, "! POWER_READ_AGAIN"), 1U);
}

TEST_F(Devices, a_password_refused_while_the_host_is_down_is_not_tried_with_every_reading)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().bmc = Bmc::locked;
    forget_log();
    world.run(1h);
    EXPECT_EQ(world.count(it, "Power bmc1"), 1U);
    EXPECT_EQ(world.count(it, "! POWER_UNREAD"), 1U);
    host().bmc = Bmc::honest;
    world.order(OperatorOrder::What::inspect, it);
    world.run(1min);
    EXPECT_EQ(world.count(it, "! POWER_READ_AGAIN"), 1U);
}

Policy switched_on_again()
{
    auto policy = small_policy(3);
    for (auto& host : policy.hosts) {
        host.power_on = true;
    }
    return policy;
}

class SwitchedOn : public Devices {
protected:
    SwitchedOn() : Devices{switched_on_again()} {}
};

TEST_F(SwitchedOn, a_host_is_switched_on_only_after_nova_holds_the_flag)
{
    host().nova = Nova::dead;
    world.cut(it);
    ASSERT_TRUE(reaches("Fenced"));
    world.run(1min);
    EXPECT_EQ(world.count(it, "Power bmc1 on"), 0U);
    host().nova = Nova::honest;
    ASSERT_TRUE(reaches("Down"));
    world.run(1s);
    EXPECT_EQ(world.count(it, "Power bmc1 on"), 1U);
    EXPECT_EQ(world.count(it, "! HOST_SWITCHED_ON"), 1U);
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_EQ(world.count(it, "! POWER_CAME_BACK"), 0U) << "it was us";
    EXPECT_EQ(world.count(it, "Power bmc1 on"), 1U);
}

TEST_F(SwitchedOn, what_another_process_proved_is_not_switched_on)
{
    world.cut(it);
    host().nova = Nova::dead;
    ASSERT_TRUE(reaches("Fenced"));
    world.run(3s);
    host().nova = Nova::honest;
    world.restart_knelld();
    world.run(5s);
    EXPECT_EQ(world.count(it, "Power bmc1 on"), 0U);
}

TEST_F(SwitchedOn, a_device_that_does_not_switch_it_on_is_asked_again_and_complained_of_once)
{
    world.cut(it);
    ASSERT_TRUE(reaches("Down"));
    host().bmc = Bmc::full;
    world.run(2min);
    EXPECT_EQ(world.count(it, "! SWITCH_ON_FAILED"), 1U);
    EXPECT_GT(world.count(it, "Power bmc1 on"), 2U);
    host().bmc = Bmc::honest;
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_EQ(world.count(it, "! HOST_SWITCHED_ON"), 1U);
}

TEST_F(SwitchedOn, nothing_is_switched_on_while_knell_only_observes)
{
    host().nova = Nova::dead;
    world.cut(it);
    ASSERT_TRUE(reaches("Fenced"));
    world.order(OperatorOrder::What::disarm);
    host().nova = Nova::honest;
    ASSERT_TRUE(reaches("Down")) << "Nova is told of what is proven off";
    world.run(1min);
    EXPECT_EQ(world.count(it, "Power bmc1 on"), 0U);
    world.order(OperatorOrder::What::arm);
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_EQ(world.count(it, "Power bmc1 on"), 1U);
}

TEST_F(SwitchedOn, that_it_is_not_switched_on_is_told_although_the_fence_met_the_same_trouble)
{
    host().bmc = Bmc::full;
    world.cut(it);
    ASSERT_TRUE(world.run_until(
        [&] { return world.count(it, "! FENCE_DEVICE_FAULT: bmc1: no session slot") > 0; }, 1min));
    host().bmc = Bmc::honest;
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "ForceDown") > 0; }, 1min));
    host().bmc = Bmc::full;
    world.run(1min);
    EXPECT_EQ(world.count(it, "! SWITCH_ON_FAILED: bmc1: no session slot"), 1U);
}

TEST_F(SwitchedOn, a_password_that_is_refused_then_costs_one_login)
{
    world.cut(it);
    ASSERT_TRUE(world.run_until([&] { return world.count(it, "ForceDown") > 0; }, 1min));
    host().bmc = Bmc::locked;
    forget_log();
    world.run(1h);
    EXPECT_EQ(world.count(it, "Power bmc1"), 1U);
    EXPECT_EQ(world.count(it, "! SWITCH_ON_FAILED"), 1U);
    EXPECT_EQ(world.count(it, "! POWER_UNREAD"), 1U);
    host().bmc = Bmc::honest;
    world.order(OperatorOrder::What::inspect, it);
    EXPECT_TRUE(reaches("Healthy"));
}

// ------------------------------------------------------------------ a whole fleet of them

Policy large()
{
    auto policy = small_policy(200);
    for (auto& host : policy.hosts) {
        host.fence.inspect = 1min;
    }
    return policy;
}

class ManyDevices : public Devices {
protected:
    ManyDevices() : Devices{large()} {}
    /// The most of them that are looked at at once, for this long.
    [[nodiscard]] std::size_t most_at_once(Duration duration)
    {
        std::size_t most = 0;
        for (const auto end = world.now() + duration; world.now() < end;) {
            forget_log();
            world.run(50ms);
            std::size_t looks = 0;
            for (const auto& line : world.log()) {
                looks += line.text.find(" inspect") != std::string::npos ? 1 : 0;
            }
            most = std::max(most, looks);
        }
        return most;
    }
};

TEST_F(ManyDevices, after_a_long_hold_they_are_not_all_looked_at_at_once)
{
    world.power_takes = 50ms;
    world.run(20s);
    world.order(OperatorOrder::What::hold);
    world.run(2min);
    world.order(OperatorOrder::What::unhold);
    EXPECT_LE(most_at_once(30s), 16U) << "eight, each twice in fifty milliseconds at most";
    for (const auto& host : world.fleet().view().hosts) {
        EXPECT_LE(world.now() - *host.devices.at(0).looked_at, 40s) << host.host.get();
    }
}

TEST(ManyDevicesAtOnce, those_that_a_reload_adds_are_looked_at_one_after_the_other)
{
    Fleet fleet{small_policy(0), {}};
    (void)fleet.begin(Instant{1h});
    (void)fleet.reload(Instant{1h}, large());
    const auto looks = [&](Duration after) {
        const auto effects = fleet.on_time(Instant{1h} + after);
        return std::count_if(effects.begin(), effects.end(), [](const auto& effect) {
            return std::holds_alternative<Power>(effect);
        });
    };
    EXPECT_EQ(looks(0s), 1);
    EXPECT_EQ(looks(250ms), 2);
    EXPECT_EQ(looks(1200ms), 5) << "nobody answers, and eight are looked at";
}

// ------------------------------------------------------------------ flapping

Policy parked_after_two()
{
    auto policy = small_policy(3);
    policy.gate.budget = 10;
    for (auto& host : policy.hosts) {
        host.flap_limit = 2;
    }
    return policy;
}

class Flapping : public Devices {
protected:
    Flapping() : Devices{parked_after_two()} {}
    void fall_and_rise()
    {
        world.cut(it);
        ASSERT_TRUE(reaches("Down"));
        world.boot(it);
    }
};

TEST_F(Flapping, a_host_that_keeps_failing_is_parked_for_an_operator)
{
    fall_and_rise();
    ASSERT_TRUE(reaches("Healthy"));
    fall_and_rise();
    ASSERT_TRUE(reaches("Healthy"));
    fall_and_rise();
    ASSERT_TRUE(reaches("Parked"));
    world.run(3h);
    EXPECT_EQ(world.state(it), "Parked") << "time does not unpark it";
    EXPECT_TRUE(host().flag);
    world.order(OperatorOrder::What::release, it);
    EXPECT_TRUE(reaches("Healthy"));
    EXPECT_FALSE(host().flag);
}

TEST_F(Flapping, a_restart_does_not_forget_how_often_it_came_back)
{
    fall_and_rise();
    ASSERT_TRUE(reaches("Healthy"));
    fall_and_rise();
    ASSERT_TRUE(reaches("Healthy"));
    world.restart_knelld();
    world.run(5s);
    EXPECT_EQ(view().readmissions, 2U);
    fall_and_rise();
    EXPECT_TRUE(reaches("Parked"));
}

TEST_F(Flapping, the_old_boot_of_a_parked_host_is_a_dispute_like_any_other)
{
    fall_and_rise();
    ASSERT_TRUE(reaches("Healthy"));
    fall_and_rise();
    ASSERT_TRUE(reaches("Healthy"));
    fall_and_rise();
    ASSERT_TRUE(reaches("Parked"));
    world.tell(ProbeResult{
        HostId{it}, MonitorId{"heartbeat@mgmt"}, Pulse::beating, world.now(),
        AgentReport{BootId{it + "-boot-3"}, 1h, true, true, host().policy.identity}, ""});
    EXPECT_EQ(world.state(it), "Disputed");
}

} // namespace
} // namespace knell::test
