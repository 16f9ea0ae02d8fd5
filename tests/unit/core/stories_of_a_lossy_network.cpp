// SPDX-License-Identifier: GPL-3.0-or-later
// Hours of bad network, with the numbers that a site gets by default.
#include "tests/unit/core/story.hpp"

namespace knell::test {
namespace {

/// Monitors and patience as knell.yaml has them when nothing is said.
Policy as_by_default(unsigned hosts)
{
    auto policy = small_policy(hosts);
    for (auto& host : policy.hosts) {
        for (auto& monitor : host.monitors) {
            monitor.interval = 200ms;
            monitor.fall = 5;
            monitor.rise = 3;
        }
    }
    policy.vantage.stall = 250ms;
    return policy;
}

class Lossy : public Story {
protected:
    Lossy() : Lossy{3} {}
    explicit Lossy(unsigned hosts) : Story{as_by_default(hosts)} {}
    [[nodiscard]] std::size_t count_all(const std::string& beginning)
    {
        std::size_t all = 0;
        for (const auto& [name, one] : world.hosts()) {
            all += world.count(name.get(), beginning);
        }
        return all;
    }
    void an_hour_with(double loss)
    {
        world.loss = loss;
        world.run(1h);
        EXPECT_EQ(count_all("! HOST_FAILED"), 0U);
        EXPECT_EQ(count_all("Power"), count_all("Power bmc1 prepare") +
                                          count_all("Power bmc2 prepare") +
                                          count_all("Power bmc3 prepare"));
        world.loss = 0;
        world.cut(it);
        EXPECT_TRUE(reaches("Down")) << "and a dead host is still found";
    }
};

TEST_F(Lossy, an_hour_without_loss_raises_no_doubt)
{
    an_hour_with(0);
    EXPECT_EQ(count_all("! HOST_SUSPECTED"), 1U) << "the one that was cut in the end";
}

TEST_F(Lossy, an_hour_of_one_percent_loss_fences_nobody)
{
    an_hour_with(0.01);
}

TEST_F(Lossy, an_hour_of_five_percent_loss_fences_nobody)
{
    an_hour_with(0.05);
}

TEST_F(Lossy, an_hour_of_twenty_percent_loss_fences_nobody)
{
    an_hour_with(0.2);
}

TEST_F(Lossy, a_controller_whose_nic_flaps_for_ten_minutes_fences_nobody)
{
    const auto see = [&](bool clear) {
        world.sentinels_answer = clear;
        for (auto& [name, one] : world.hosts()) {
            one.wired = clear;
        }
    };
    for (int i = 0; i < 60; ++i) {
        see(false);
        world.run(7s);
        see(true);
        world.run(3s);
    }
    EXPECT_EQ(count_all("! HOST_FAILED"), 0U);
    EXPECT_EQ(world.count("", "! VANTAGE_LOST"), 60U);
    EXPECT_TRUE(reaches("Healthy"));
}

TEST_F(Lossy, a_carrier_that_is_lost_is_doubt_about_ourselves_before_a_single_probe_is_missed)
{
    world.tell(EyesReport{NetworkId{"mgmt"}, "carrier", false, "eth0 has no carrier"});
    EXPECT_EQ(world.fleet().view().vantage, "network mgmt: eth0 has no carrier");
    world.cut(it);
    world.run(1min);
    EXPECT_EQ(world.count(it, "! HOST_FAILED"), 0U);
    world.tell(EyesReport{NetworkId{"mgmt"}, "carrier", true, ""});
    EXPECT_TRUE(reaches("Down")) << "but what was silent before is counted anew";
}

TEST_F(Lossy, a_sentinel_that_dies_alone_is_an_alarm_and_no_reason_to_suspect_anybody)
{
    world.sentinels_answer = false;
    world.run(10min);
    EXPECT_EQ(world.count("", "! VANTAGE_LOST"), 1U);
    EXPECT_EQ(count_all("! HOST_SUSPECTED"), 0U);
    world.cut(it);
    world.run(1min);
    EXPECT_EQ(world.state(it), "Suspected") << "without a sentinel it abstains";
    world.sentinels_answer = true;
    EXPECT_TRUE(reaches("Down"));
}

class BootStorm : public Lossy {
protected:
    BootStorm() : Lossy{40} {}
};

TEST_F(BootStorm, forty_hosts_that_boot_together_are_all_watched_again_and_nobody_is_fenced)
{
    for (auto& [name, one] : world.hosts()) {
        world.say_goodbye(name.get());
    }
    world.run(1s);
    for (auto& [name, one] : world.hosts()) {
        world.cut(name.get());
        world.boot(name.get());
    }
    world.loss = 0.3; // everybody talks at once
    world.run(30s);
    world.loss = 0;
    world.run(30s);
    EXPECT_EQ(count_all("! HOST_FAILED"), 0U);
    for (auto& [name, one] : world.hosts()) {
        EXPECT_EQ(world.state(name.get()), "Healthy") << name.get();
    }
}

} // namespace
} // namespace knell::test
