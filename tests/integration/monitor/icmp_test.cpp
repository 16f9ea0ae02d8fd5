// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/icmp_monitor.hpp"
#include "monitor/icmp_socket.hpp"
#include "world.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <utility>

namespace knell::monitor {
namespace {

IcmpTarget target(const std::string& name, const std::string& address)
{
    return {HostProbe{HostId{name}, MonitorId{"icmp@mgmt"}}, address, 50ms, 50ms};
}

void allow_ping_sockets(bool allowed)
{
    std::ofstream{"/proc/sys/net/ipv4/ping_group_range"} << (allowed ? "0 0" : "1 0");
}

class Icmp : public testing::TestWithParam<bool> {
protected:
    void SetUp() override { allow_ping_sockets(GetParam()); }
};

TEST_P(Icmp, the_wanted_kind_of_socket_is_opened)
{
    const auto wanted = GetParam() ? IcmpSocket::Kind::ping : IcmpSocket::Kind::raw;
    for (const auto family : {Family::v4, Family::v6}) {
        const auto opened = IcmpSocket::open(family);
        ASSERT_TRUE(std::holds_alternative<IcmpSocket>(opened));
        EXPECT_EQ(std::get<IcmpSocket>(opened).kind(), wanted);
    }
}

TEST_P(Icmp, hosts_that_answer_beat_and_are_never_silent)
{
    Listener listener;
    IcmpMonitor monitor{listener.loop,
                        {target("four", "127.0.0.2"),
                         target("six", "::1"),
                         {SentinelId{"gateway"}, "127.0.0.3", 50ms, 50ms}},
                        listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_TRUE(listener.events.empty()) << "nothing is said from within start()";
    EXPECT_TRUE(listener.run_until([&] {
        return listener.count(Pulse::beating, "four") >= 10 &&
               listener.count(Pulse::beating, "six") >= 10;
    }));
    EXPECT_EQ(listener.count(Pulse::silent, "four"), 0U);
    EXPECT_EQ(listener.count(Pulse::silent, "six"), 0U);
    EXPECT_EQ(monitor.counters().foreign, 0U);
    EXPECT_TRUE(std::any_of(listener.events.begin(), listener.events.end(), [](const Event& e) {
        const auto* result = std::get_if<SentinelResult>(&e);
        return result != nullptr && result->pulse == Pulse::beating;
    }));
}

TEST_P(Icmp, a_host_that_does_not_answer_is_silent_and_nothing_else)
{
    Listener listener;
    IcmpMonitor monitor{
        listener.loop, {target("four", "10.77.0.2"), target("six", "fd77::2")}, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    // Long enough for the kernel to give up on the neighbour, which must not change anything.
    listener.run_for(8s);
    EXPECT_EQ(listener.count(Pulse::beating, "four"), 0U);
    EXPECT_EQ(listener.count(Pulse::beating, "six"), 0U);
    EXPECT_GE(listener.count(Pulse::silent, "four"), 50U);
    EXPECT_GE(listener.count(Pulse::silent, "six"), 50U);
}

TEST_P(Icmp, without_a_route_the_pulse_is_inconclusive_and_names_the_error)
{
    Listener listener;
    IcmpMonitor monitor{listener.loop, {target("far", "192.0.2.1")}, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_TRUE(
        listener.run_until([&] { return listener.count(Pulse::inconclusive, "far") >= 3; }));
    EXPECT_EQ(listener.count(Pulse::silent, "far"), 0U);
    EXPECT_EQ(std::get<ProbeResult>(listener.events.at(0)).detail,
              "could not send: Network is unreachable");
}

TEST_P(Icmp, a_destroyed_monitor_says_no_more)
{
    Listener listener;
    {
        IcmpMonitor monitor{listener.loop, {target("four", "127.0.0.2")}, listener.sink()};
        ASSERT_EQ(monitor.start(), std::nullopt);
        EXPECT_TRUE(listener.run_until([&] { return !listener.events.empty(); }));
    }
    listener.events.clear();
    listener.run_for(200ms);
    EXPECT_TRUE(listener.events.empty());
}

TEST_P(Icmp, two_monitors_do_not_take_each_others_replies)
{
    Listener one;
    Listener other;
    IcmpMonitor first{one.loop, {target("a", "127.0.0.2")}, one.sink()};
    IcmpMonitor second{other.loop, {target("b", "127.0.0.2")}, other.sink()};
    ASSERT_EQ(first.start(), std::nullopt);
    ASSERT_EQ(second.start(), std::nullopt);
    for (int i = 0; i < 50; ++i) {
        one.run_for(5ms);
        other.run_for(5ms);
    }
    EXPECT_EQ(first.counters().duplicate + second.counters().duplicate, 0U);
    EXPECT_EQ(first.counters().foreign + second.counters().foreign, 0U);
    EXPECT_GT(first.counters().answered, 0U);
    EXPECT_LE(first.counters().answered, first.counters().sent);
}

INSTANTIATE_TEST_SUITE_P(Sockets, Icmp, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "ping" : "raw"; });

TEST(IcmpMonitor, a_faulty_target_is_an_error_at_the_start)
{
    Listener listener;
    IcmpMonitor monitor{listener.loop, {target("four", "localhost")}, listener.sink()};
    const auto fault = monitor.start();
    ASSERT_TRUE(fault);
    EXPECT_NE(fault->find("localhost"), std::string::npos);
}

TEST(IcmpMonitor, without_targets_it_starts_and_says_nothing)
{
    Listener listener;
    IcmpMonitor monitor{listener.loop, {}, listener.sink()};
    EXPECT_EQ(monitor.start(), std::nullopt);
    listener.run_for(50ms);
    EXPECT_TRUE(listener.events.empty());
}

} // namespace
} // namespace knell::monitor
