// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/icmp_monitor.hpp"
#include "monitor/icmp_socket.hpp"
#include "monitor/socket_filter.hpp"
#include "world.hpp"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>
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

TEST_P(Icmp, with_its_filter_a_socket_hears_whom_it_knows_and_nobody_else)
{
    constexpr std::uint16_t identifier = 4711;
    for (const std::string host : {"127.0.0.2", "fd77::1"}) {
        const auto address = *parse_address(host);
        const auto family = address.family;
        auto socket = std::get<IcmpSocket>(IcmpSocket::open(family));
        sockaddr_storage own{}; // not the address that answers
        const auto length =
            to_sockaddr({*parse_address(family == Family::v4 ? "127.0.0.1" : "::1"), 0}, own);
        ASSERT_EQ(bind(socket.descriptor(), reinterpret_cast<const sockaddr*>(&own), length), 0);
        EchoSeal seal;
        const auto answers = [&](const std::string& known) {
            const auto sources = KnownSources::of(family, std::vector{*parse_address(known)});
            EXPECT_TRUE(attach(socket.descriptor(),
                               GetParam() ? ping_filter(family, &*sources)
                                          : raw_filter(family, identifier, &*sources)));
            EXPECT_EQ(socket.send(address, seal.request(family, identifier, {})), 0);
            Listener{}.run_for(300ms);
            Inbox inbox;
            int replies = 0;
            const auto result = socket.drain(
                inbox, [&](const Address&, std::span<const std::uint8_t> message, Instant) {
                    replies +=
                        std::holds_alternative<EchoReply>(seal.read(family, message)) ? 1 : 0;
                });
            EXPECT_FALSE(result.overflowed) << "a filter loses nothing";
            return replies;
        };
        EXPECT_EQ(answers(host), 1);
        EXPECT_EQ(answers(family == Family::v4 ? "127.0.0.3" : "fd00::1"), 0);
        EXPECT_EQ(answers(host), 1);
    }
}

TEST(RawIcmp, an_error_that_quotes_our_question_passes_the_filter)
{
    constexpr std::uint16_t identifier = 4711;
    EchoSeal seal;
    auto socket = std::get<IcmpSocket>(IcmpSocket::open(Family::v4, IcmpSocket::Kind::raw));
    ASSERT_TRUE(attach(socket.descriptor(), raw_filter(Family::v4, identifier, nullptr)));
    // Nobody is there: after some seconds our own kernel says so.
    ASSERT_EQ(socket.send(*parse_address("10.77.0.2"), seal.request(Family::v4, identifier, {})),
              0);
    Inbox inbox;
    int errors = 0;
    Listener listener;
    listener.run_until([&] {
        static_cast<void>(socket.drain(
            inbox, [&](const Address&, std::span<const std::uint8_t> message, Instant) {
                const auto answer = seal.read(Family::v4, message);
                errors += std::holds_alternative<EchoRefused>(answer) ? 1 : 0;
            }));
        return errors > 0;
    });
    EXPECT_GT(errors, 0);
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

TEST_P(Icmp, a_host_watched_closely_is_asked_more_often_and_the_others_are_not)
{
    Listener listener;
    IcmpMonitor monitor{listener.loop,
                        {{HostProbe{HostId{"a"}, MonitorId{"m"}}, "127.0.0.2", 400ms, 200ms, 20ms},
                         {HostProbe{HostId{"b"}, MonitorId{"m"}}, "127.0.0.3", 400ms, 200ms, 20ms}},
                        listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    listener.run_for(10ms);
    monitor.watch(HostId{"a"}, true);
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::beating, "a") >= 40; }));
    EXPECT_LT(listener.count(Pulse::beating, "b"), 20U);
    EXPECT_EQ(listener.count(Pulse::silent, "a"), 0U);
}

TEST_P(Icmp, measures_the_round_trip_of_every_path)
{
    Listener listener;
    IcmpMonitor monitor{
        listener.loop, {target("four", "127.0.0.2"), target("dead", "10.77.0.2")}, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_TRUE(listener.run_until([&] {
        return listener.count(Pulse::beating, "four") >= 2 &&
               listener.count(Pulse::silent, "dead") >= 2;
    }));
    const auto paths = monitor.paths();
    ASSERT_EQ(paths.size(), 2U);
    ASSERT_TRUE(paths[0].round_trip);
    EXPECT_GT(*paths[0].round_trip, 0us);
    EXPECT_GE(paths[0].sent, 2U);
    EXPECT_FALSE(paths[1].round_trip);
    EXPECT_EQ(paths[1].lost, listener.count(Pulse::silent, "dead"));
    EXPECT_EQ(monitor.counters().lost, paths[0].lost + paths[1].lost);
}

TEST_P(Icmp, other_targets_while_it_runs_leave_those_that_stay_alone)
{
    Listener listener;
    IcmpMonitor monitor{listener.loop,
                        {target("stays", "127.0.0.2"), target("goes", "10.77.0.2")},
                        listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::beating, "stays") >= 3; }));
    // Another family needs another socket.
    EXPECT_EQ(monitor.retarget({target("stays", "127.0.0.2"), target("comes", "::1")}),
              std::nullopt);
    listener.events.clear();
    EXPECT_TRUE(listener.run_until([&] {
        return listener.count(Pulse::beating, "stays") >= 5 &&
               listener.count(Pulse::beating, "comes") >= 5;
    }));
    EXPECT_EQ(listener.count(Pulse::silent, "stays"), 0U);
    EXPECT_EQ(listener.count(Pulse::silent, "goes"), 0U);
    EXPECT_EQ(monitor.retarget({}), std::nullopt);
    listener.events.clear();
    listener.run_for(200ms);
    EXPECT_TRUE(listener.events.empty());
    EXPECT_EQ(monitor.retarget({target("again", "127.0.0.2")}), std::nullopt);
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::beating, "again") >= 3; }));
}

TEST_P(Icmp, faulty_targets_are_refused_and_the_old_ones_go_on)
{
    Listener listener;
    IcmpMonitor monitor{listener.loop, {target("stays", "127.0.0.2")}, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_NE(monitor.retarget({target("other", "127.0.0.3"), target("bad", "localhost")}),
              std::nullopt);
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::beating, "stays") >= 5; }));
    EXPECT_EQ(listener.count(Pulse::beating, "other"), 0U);
}

INSTANTIATE_TEST_SUITE_P(Sockets, Icmp, testing::Bool(),
                         [](const auto& kind) { return kind.param ? "ping" : "raw"; });

TEST(IcmpSocket, tells_when_a_reply_arrived_and_not_when_it_was_fetched)
{
    allow_ping_sockets(true);
    auto opened = IcmpSocket::open(Family::v4);
    auto& socket = std::get<IcmpSocket>(opened);
    const auto clock = [] { return instant(std::chrono::steady_clock::now()); };
    EchoSeal seal;
    Inbox inbox;
    bool stamped = false;
    // The kernel begins to stamp packets some time after it was first asked to.
    for (int i = 0; i < 100 && !stamped; ++i) {
        const auto request = seal.request(Family::v4, 1, {0, 0, clock()});
        ASSERT_EQ(socket.send(*parse_address("127.0.0.2"), request), 0);
        const auto back = clock(); // loopback answers before send returns
        usleep(20'000);
        const auto read = [&](const Address& /*from*/, std::span<const std::uint8_t> /*message*/,
                              Instant arrived) {
            stamped = arrived <= back + 10us; // clocks are read one after the other
        };
        EXPECT_TRUE(socket.drain(inbox, read).complete);
    }
    EXPECT_TRUE(stamped);
}

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
