// SPDX-License-Identifier: GPL-3.0-or-later
// Doubt about ourselves, and doubt about a host.
#include "core/suspicion.hpp"
#include "core/vantage.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <utility>

namespace knell::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

const HostId compute1{"compute1"};
const HostId compute2{"compute2"};
const NetworkId mgmt{"mgmt"};
const NetworkId storage{"storage"};
constexpr Instant start{1h};

// ------------------------------------------------------------------ our own eyes

class VantageTest : public testing::Test {
protected:
    explicit VantageTest(unsigned need = 1)
        : vantage{{{{SentinelId{"gateway"}, mgmt}, {SentinelId{"switch"}, mgmt}}, need, 250ms},
                  {{mgmt, 200ms}}}
    {
        (void)vantage.observe(start);
    }
    void answers(const std::string& sentinel, Instant from, Instant until)
    {
        for (auto at = from; at <= until; at += 200ms) {
            vantage.on_sentinel({SentinelId{sentinel}, Pulse::beating, at}, effects);
        }
    }
    [[nodiscard]] bool sees(Instant first, Instant last) const
    {
        const std::vector<Vantage::Silence> silences{{mgmt, first, last}};
        return vantage.sight(compute1, silences).has_value();
    }

    Vantage vantage;
    Effects effects;
};

class WhereTwoMustAnswer : public VantageTest {
protected:
    WhereTwoMustAnswer() : VantageTest{2} {}
};

TEST_F(WhereTwoMustAnswer, one_of_them_is_no_sight)
{
    answers("gateway", start, start + 2s);
    EXPECT_FALSE(sees(start + 1s, start + 2s));
    answers("switch", start, start + 2s);
    EXPECT_TRUE(sees(start + 1s, start + 2s));
}

TEST_F(WhereTwoMustAnswer, a_network_with_a_single_sentinel_needs_no_more_than_it_has)
{
    vantage.adopt({{{SentinelId{"gateway"}, mgmt}}, 2, 250ms}, {{mgmt, 200ms}});
    answers("gateway", start, start + 2s);
    EXPECT_TRUE(sees(start + 1s, start + 2s));
    EXPECT_EQ(vantage.doubt(), "");
}

TEST_F(VantageTest, a_gap_in_the_answers_is_blindness_until_it_is_over)
{
    answers("gateway", start, start + 1s);
    answers("gateway", start + 3s, start + 4s);
    EXPECT_FALSE(sees(start + 2s, start + 4s));
    EXPECT_TRUE(sees(start + 3s, start + 4s));
}

TEST_F(VantageTest, a_row_of_silences_that_fits_into_a_gap_which_is_forgiven_proves_nothing)
{
    vantage.adopt({{{SentinelId{"gateway"}, mgmt}}, 1, 250ms}, {{mgmt, 500ms}});
    answers("gateway", start, start + 1s);
    answers("gateway", start + 2200ms, start + 4s);
    EXPECT_FALSE(sees(start + 1s, start + 2s)) << "we may have been blind for all of it";
    EXPECT_TRUE(sees(start + 1s, start + 2500ms)) << "it was silent while the gateway answered";
}

TEST_F(VantageTest, a_network_on_which_nobody_answers_is_told_of_although_another_one_does)
{
    const std::vector<Vantage::Silence> silences{{storage, start, start + 1s}};
    for (auto at = start; at <= start + 4s; at += 200ms) {
        (void)vantage.observe(at);
        vantage.on_sentinel({SentinelId{"gateway"}, Pulse::beating, at}, effects);
        vantage.on_sentinel({SentinelId{"switch"}, Pulse::beating, at}, effects);
        vantage.on_blindness(at, silences, effects);
    }
    EXPECT_THAT(vantage.doubt(), HasSubstr("nobody else answers"));
    effects.clear();
    for (auto at = start + 4s; at <= start + 20s; at += 200ms) { // whoever was silent there is not
        (void)vantage.observe(at);
        vantage.on_beat(compute2, mgmt, at, effects);
    }
    EXPECT_EQ(vantage.doubt(), "");
    ASSERT_EQ(effects.size(), 1U);
    EXPECT_EQ(std::get<Notice>(effects.front()).id, "VANTAGE_CLEAR");
}

TEST_F(VantageTest, hosts_that_beat_do_not_stand_in_for_sentinels_that_are_away)
{
    answers("gateway", start, start + 1s);
    for (auto at = start + 1s; at <= start + 3s; at += 200ms) {
        vantage.on_beat(compute2, mgmt, at, effects);
    }
    answers("gateway", start + 3s, start + 4s);
    EXPECT_FALSE(sees(start + 2s, start + 4s));
}

TEST_F(VantageTest, one_silent_sentinel_of_two_is_no_doubt_where_one_is_enough)
{
    for (int i = 0; i < 90; ++i) {
        vantage.on_sentinel({SentinelId{"switch"}, Pulse::silent, start}, effects);
    }
    EXPECT_EQ(vantage.doubt(), "");
    EXPECT_THAT(effects, IsEmpty());
}

TEST_F(VantageTest, an_answer_lost_on_the_way_is_no_doubt)
{
    for (const auto* sentinel : {"gateway", "switch"}) {
        vantage.on_sentinel({SentinelId{sentinel}, Pulse::silent, start}, effects);
    }
    EXPECT_EQ(vantage.doubt(), "");
}

TEST_F(VantageTest, a_sentinel_that_is_seldom_asked_must_miss_several_times)
{
    vantage.adopt({{{SentinelId{"far"}, mgmt, 5s}}, 1, 250ms}, {{mgmt, 200ms}});
    for (int i = 0; i < 2; ++i) {
        vantage.on_sentinel({SentinelId{"far"}, Pulse::silent, start}, effects);
        EXPECT_EQ(vantage.doubt(), "");
    }
    vantage.on_sentinel({SentinelId{"far"}, Pulse::silent, start}, effects);
    EXPECT_NE(vantage.doubt(), "");
}

TEST_F(VantageTest, an_eye_that_is_well_does_not_make_up_for_one_that_is_not)
{
    answers("gateway", start, start + 4s);
    vantage.on_eyes(start, {mgmt, "carrier", false, "eth1 has no carrier"}, effects);
    vantage.on_eyes(start + 1s, {mgmt, "neighbours", true, ""}, effects);
    EXPECT_THAT(vantage.doubt(), HasSubstr("eth1 has no carrier"));
    EXPECT_FALSE(sees(start + 2s, start + 4s));
}

TEST_F(VantageTest, a_host_that_fell_silent_in_the_dark_was_not_seen_falling_silent)
{
    answers("gateway", start, start + 4s);
    vantage.on_eyes(start, {mgmt, "carrier", false, "eth1 has no carrier"}, effects);
    vantage.on_eyes(start + 2s, {mgmt, "carrier", true, ""}, effects);
    EXPECT_FALSE(sees(start + 1s, start + 4s));
    EXPECT_TRUE(sees(start + 2s, start + 4s));
}

TEST_F(VantageTest, a_network_that_a_reload_took_away_is_in_nobodys_way)
{
    vantage.on_eyes(start, {storage, "carrier", false, "eth2 has no carrier"}, effects);
    ASSERT_NE(vantage.doubt(), "");
    vantage.adopt({{{SentinelId{"gateway"}, mgmt}}, 1, 250ms}, {{mgmt, 200ms}});
    EXPECT_EQ(vantage.doubt(), "");
}

TEST_F(VantageTest, networks_are_lost_and_found_each_by_its_name)
{
    const auto told = [&] {
        std::vector<std::string> all;
        for (const auto& effect : std::exchange(effects, {})) {
            const auto& notice = std::get<Notice>(effect);
            all.push_back(std::string{notice.id} + " " + notice.text);
        }
        return all;
    };
    using testing::ElementsAre;
    vantage.on_eyes(start, {storage, "carrier", false, "eth2 has no carrier"}, effects);
    EXPECT_THAT(told(), ElementsAre(HasSubstr("VANTAGE_LOST network storage: eth2")));
    vantage.on_eyes(start, {mgmt, "carrier", false, "eth1 has no carrier"}, effects);
    EXPECT_THAT(told(), ElementsAre(HasSubstr("VANTAGE_LOST network mgmt: eth1")));
    EXPECT_THAT(vantage.doubt(), testing::AllOf(HasSubstr("eth1"), HasSubstr("eth2")));
    vantage.on_eyes(start, {storage, "carrier", true, ""}, effects);
    EXPECT_THAT(told(), ElementsAre(HasSubstr("VANTAGE_CLEAR network storage")));
    EXPECT_THAT(vantage.doubt(), HasSubstr("eth1"));
    vantage.on_eyes(start, {mgmt, "carrier", true, ""}, effects);
    EXPECT_THAT(told(), ElementsAre(HasSubstr("VANTAGE_CLEAR network mgmt")));
}

TEST_F(VantageTest, a_sentinel_that_is_silent_for_a_minute_is_told_of_and_so_is_its_return)
{
    const auto say = [&](Pulse pulse, int times) {
        effects.clear();
        for (int i = 0; i < times; ++i) {
            vantage.on_sentinel({SentinelId{"switch"}, pulse, start}, effects);
        }
        return effects.empty() ? std::string{}
                               : std::string{std::get<Notice>(effects.at(0)).id} + ": " +
                                     std::get<Notice>(effects.at(0)).text;
    };
    EXPECT_EQ(say(Pulse::silent, 299), "");
    EXPECT_EQ(say(Pulse::silent, 1), "SENTINEL_SILENT: switch on network mgmt has not answered for "
                                     "60 s: 1 of 2 answer there, and 1 is needed");
    EXPECT_EQ(say(Pulse::silent, 600), "") << "once";
    EXPECT_EQ(say(Pulse::beating, 9), "");
    EXPECT_EQ(say(Pulse::silent, 1), "");
    EXPECT_EQ(say(Pulse::beating, 9), "");
    EXPECT_EQ(
        say(Pulse::beating, 1),
        "SENTINEL_ANSWERS: switch on network mgmt answers again: 2 of 2 answer there, and 1 is "
        "needed");
}

TEST_F(VantageTest, of_a_network_that_is_lost_no_sentinel_is_told_of_by_itself)
{
    for (int i = 0; i < 900; ++i) {
        for (const auto* sentinel : {"gateway", "switch"}) {
            vantage.on_sentinel({SentinelId{sentinel}, Pulse::silent, start}, effects);
        }
    }
    ASSERT_EQ(effects.size(), 1U);
    EXPECT_EQ(std::get<Notice>(effects[0]).id, "VANTAGE_LOST");
}

// ------------------------------------------------------------------ doubt

class DoubtTest : public testing::Test {
protected:
    DoubtTest() { (void)vantage.observe(start); }
    [[nodiscard]] static HostPolicy policy(unsigned fall)
    {
        HostPolicy one{compute1};
        one.monitors = {{MonitorId{"icmp@mgmt"}, MonitorKind::icmp, mgmt, 200ms, fall, 3}};
        return one;
    }
    void hear(int at, Pulse pulse)
    {
        (void)suspicion.on_probe(
            {compute1, MonitorId{"icmp@mgmt"}, pulse, start + at * 200ms, std::nullopt, ""},
            vantage);
    }

    Vantage vantage{{{}, 1, 250ms}, {{mgmt, 200ms}}};
    Suspicion suspicion{policy(5)};
};

TEST_F(DoubtTest, begins_half_way_down_and_not_with_the_first_lost_probe)
{
    hear(0, Pulse::beating);
    hear(1, Pulse::silent);
    EXPECT_FALSE(suspicion.doubtful());
    hear(2, Pulse::silent);
    EXPECT_TRUE(suspicion.doubtful());
}

TEST_F(DoubtTest, a_host_that_beats_once_after_its_fall_is_not_well_yet)
{
    hear(0, Pulse::beating);
    for (int at = 1; at <= 5; ++at) {
        hear(at, Pulse::silent);
    }
    hear(6, Pulse::beating);
    EXPECT_FALSE(suspicion.well());
    hear(7, Pulse::beating);
    hear(8, Pulse::beating);
    EXPECT_TRUE(suspicion.well());
}

TEST_F(DoubtTest, silences_are_counted_anew_at_another_pace)
{
    hear(0, Pulse::beating);
    for (int at = 1; at <= 4; ++at) {
        hear(at, Pulse::silent);
    }
    suspicion.adopt(policy(3));
    hear(5, Pulse::silent);
    hear(6, Pulse::silent);
    EXPECT_FALSE(suspicion.dead(start + 1h));
    hear(7, Pulse::silent);
    EXPECT_TRUE(suspicion.dead(start + 1h));
}

TEST_F(DoubtTest, a_fallen_host_does_not_beat_because_its_silences_were_forgotten)
{
    hear(0, Pulse::beating);
    for (int at = 1; at <= 5; ++at) {
        hear(at, Pulse::silent);
    }
    suspicion.forget_silences(start + 2s);
    EXPECT_FALSE(suspicion.beating());
}

/// Ping, and an agent that is heard over two networks.
class AgentTest : public testing::Test {
protected:
    AgentTest() { (void)vantage.observe(start); }
    [[nodiscard]] static HostPolicy policy()
    {
        HostPolicy one{compute1};
        one.monitors = {{ping, MonitorKind::icmp, mgmt, 1s, 2, 1},
                        {agent, MonitorKind::heartbeat, mgmt, 1s, 2, 1},
                        {other, MonitorKind::heartbeat, storage, 1s, 2, 1}};
        return one;
    }
    void hear(const MonitorId& monitor, Duration at, Pulse pulse)
    {
        (void)suspicion.on_probe({compute1, monitor, pulse, start + at, std::nullopt, ""}, vantage);
    }

    inline static const MonitorId ping{"icmp@mgmt"};
    inline static const MonitorId agent{"heartbeat@mgmt"};
    inline static const MonitorId other{"heartbeat@storage"};
    Vantage vantage{{{}, 1, 250ms}, {{mgmt, 1s}, {storage, 1s}}};
    Suspicion suspicion{policy()};
};

TEST_F(AgentTest, user_space_is_silent_when_every_network_says_so_and_the_kernel_answers)
{
    for (const auto& monitor : {ping, agent, other}) {
        hear(monitor, 0s, Pulse::beating);
    }
    hear(agent, 1s, Pulse::silent);
    hear(agent, 2s, Pulse::silent);
    EXPECT_FALSE(suspicion.userspace_silent_since()) << "it is heard over the storage network";
    hear(other, 2s, Pulse::silent);
    hear(other, 3s, Pulse::silent);
    EXPECT_EQ(suspicion.userspace_silent_since(), start + 2s);
    hear(ping, 3s, Pulse::silent);
    hear(ping, 4s, Pulse::silent);
    EXPECT_FALSE(suspicion.userspace_silent_since()) << "the whole host is";
}

TEST_F(AgentTest, that_the_agent_is_gone_is_taken_back_by_its_beat_and_by_no_other)
{
    for (const auto& monitor : {ping, agent, other}) {
        hear(monitor, 0s, Pulse::beating);
    }
    suspicion.on_agent_gone(start + 1s);
    hear(ping, 1s, Pulse::beating);
    EXPECT_TRUE(suspicion.doubtful());
    hear(agent, 2s, Pulse::beating);
    EXPECT_FALSE(suspicion.doubtful());
}

TEST_F(AgentTest, after_a_restart_an_agent_has_the_time_to_introduce_itself)
{
    suspicion.assume_seen(start);
    for (const auto& monitor : {ping, agent, other}) {
        for (int at = 0; at <= 2; ++at) {
            hear(monitor, at * 1s, Pulse::silent);
        }
    }
    EXPECT_FALSE(suspicion.dead(start + 4s - 1us));
    EXPECT_TRUE(suspicion.dead(start + 4s));
    suspicion.forget_silences(start + 4s);
    EXPECT_FALSE(suspicion.dead(start + 8s - 1us)) << "we were stopped, and heard nobody";
}

} // namespace
} // namespace knell::test
