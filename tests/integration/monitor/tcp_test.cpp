// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/inbox.hpp"
#include "monitor/tcp_monitor.hpp"
#include "world.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace knell::monitor {
namespace {

constexpr std::uint16_t closed_port = 7001;

TcpTarget target(const std::string& name, const std::string& address,
                 std::uint16_t port = closed_port)
{
    return {{HostId{name}, MonitorId{"tcp@mgmt"}}, address, port, 50ms, 50ms};
}

sockaddr_storage sockaddr_of(const std::string& address, std::uint16_t port, socklen_t& length)
{
    sockaddr_storage to;
    length = to_sockaddr({*parse_address(address), port}, to);
    return to;
}

/// A service that never looks at who comes.
struct Service {
    explicit Service(const std::string& address, int backlog = 1000)
    {
        const auto family = parse_address(address)->family;
        socket = Socket{::socket(family == Family::v4 ? AF_INET : AF_INET6,
                                 SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        socklen_t length = 0;
        auto at = sockaddr_of(address, 0, length);
        EXPECT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&at), length), 0);
        EXPECT_EQ(listen(socket.get(), backlog), 0);
        EXPECT_EQ(getsockname(socket.get(), reinterpret_cast<sockaddr*>(&at), &length), 0);
        port = from_sockaddr(at)->port;
    }
    /// Whether somebody came.
    [[nodiscard]] bool greet() const
    {
        return Socket{accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC)}.get() >= 0;
    }

    Socket socket;
    std::uint16_t port = 0;
};

/// Rules of the firewall of this network, until this goes.
struct Firewall {
    explicit Firewall(const std::string& rules)
    {
        const auto file = folder.file("rules", "table inet t {\nchain c {\ntype filter hook input "
                                               "priority 0\n" +
                                                   rules + "\n}\n}\n");
        EXPECT_EQ(std::system(("nft -f " + file).c_str()), 0); // NOLINT: fixed text
    }
    Firewall(const Firewall&) = delete;
    Firewall& operator=(const Firewall&) = delete;
    ~Firewall()
    {
        EXPECT_EQ(std::system("nft delete table inet t"), 0); // NOLINT: fixed text
    }
    TemporaryFolder folder;
};

std::string detail_of(const Listener& listener, Pulse pulse)
{
    std::string detail;
    for (const auto& event : listener.events) {
        const auto& result = std::get<ProbeResult>(event);
        detail = result.pulse == pulse && !result.detail.empty() ? result.detail : detail;
    }
    return detail;
}

std::size_t open_files()
{
    const std::filesystem::directory_iterator files{"/proc/self/fd"};
    return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

TEST(Tcp, a_port_that_accepts_beats_and_its_service_notices_nothing)
{
    for (const auto* address : {"127.0.0.2", "::1"}) {
        const Service service{address};
        Listener listener;
        TcpMonitor monitor{listener.loop, {target("a", address, service.port)}, listener.sink()};
        ASSERT_EQ(monitor.start(), std::nullopt);
        EXPECT_TRUE(listener.events.empty()) << "nothing is said from within start()";
        EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::beating, "a") >= 10; }));
        EXPECT_EQ(listener.count(Pulse::silent, "a"), 0U);
        EXPECT_EQ(detail_of(listener, Pulse::beating), "accepted");
        EXPECT_FALSE(service.greet());
        EXPECT_GT(monitor.paths().at(0).round_trip, 0us);
    }
}

TEST(Tcp, a_port_that_refuses_beats_too)
{
    Listener listener;
    TcpMonitor monitor{
        listener.loop, {target("four", "127.0.0.2"), target("six", "::1")}, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_TRUE(listener.run_until([&] {
        return listener.count(Pulse::beating, "four") >= 10 &&
               listener.count(Pulse::beating, "six") >= 10;
    }));
    EXPECT_EQ(listener.count(Pulse::silent, "four"), 0U);
    EXPECT_EQ(listener.count(Pulse::silent, "six"), 0U);
    EXPECT_EQ(detail_of(listener, Pulse::beating), "refused");
    EXPECT_TRUE(monitor.paths().at(0).round_trip);
}

TEST(Tcp, nothing_is_left_of_a_connection_when_it_was_answered)
{
    const Service service{"127.0.0.2"};
    Listener listener;
    TcpMonitor monitor{listener.loop, {target("a", "127.0.0.2", service.port)}, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::beating, "a") >= 10; }));
    std::ifstream file{"/proc/self/net/tcp"};
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
        EXPECT_EQ(line.find(" 06 "), std::string::npos) << "TIME_WAIT: " << line;
    }
}

TEST(Tcp, a_host_that_does_not_answer_is_silent_and_nothing_else)
{
    Listener listener;
    TcpMonitor monitor{
        listener.loop, {target("four", "10.77.0.2"), target("six", "fd77::2")}, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    // Long enough for the kernel to give up on the neighbour, which must not change anything.
    listener.run_for(8s);
    for (const auto* host : {"four", "six"}) {
        EXPECT_EQ(listener.count(Pulse::beating, host), 0U);
        EXPECT_GE(listener.count(Pulse::silent, host), 50U);
    }
    EXPECT_EQ(monitor.counters().lost,
              listener.count(Pulse::silent, "four") + listener.count(Pulse::silent, "six"));
}

TEST(Tcp, when_our_own_kernel_finds_no_such_neighbour_that_is_told_with_the_silence)
{
    const auto ask_neighbours_every = [](const std::string& milliseconds) {
        for (const auto* family : {"ipv4", "ipv6"}) {
            std::ofstream{std::string{"/proc/sys/net/"} + family + "/neigh/knell0/retrans_time_ms"}
                << milliseconds;
        }
    };
    ask_neighbours_every("100"); // three times, and then it gives up
    Listener listener;
    const MonitorId monitor_id{"tcp@mgmt"};
    TcpMonitor monitor{listener.loop,
                       {{{HostId{"four"}, monitor_id}, "10.77.0.9", closed_port, 2s, 2s},
                        {{HostId{"six"}, monitor_id}, "fd77::9", closed_port, 2s, 2s}},
                       listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_TRUE(listener.run_until([&] { return monitor.counters().lost >= 2; }));
    ask_neighbours_every("1000");
    for (const auto& event : listener.events) {
        const auto& result = std::get<ProbeResult>(event);
        EXPECT_EQ(result.pulse, Pulse::silent);
        EXPECT_EQ(result.detail, result.host.get() == "four" ? "host unreachable, says 10.77.0.1"
                                                             : "address unreachable, says fd77::1");
    }
}

TEST(Tcp, a_dropped_packet_is_silence)
{
    const Firewall firewall{"tcp dport 7001 drop"};
    Listener listener;
    TcpMonitor monitor{listener.loop, {target("a", "127.0.0.2")}, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::silent, "a") >= 10; }));
    EXPECT_EQ(listener.count(Pulse::beating, "a"), 0U);
}

TEST(Tcp, a_service_too_busy_to_take_the_connection_is_silent_until_it_takes_them_again)
{
    const Service service{"127.0.0.2", 0};
    socklen_t length = 0;
    const auto to = sockaddr_of("127.0.0.2", service.port, length);
    // One connection more than the backlog fits into the queue.
    const Socket filler{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    ASSERT_EQ(connect(filler.get(), reinterpret_cast<const sockaddr*>(&to), length), 0);
    Listener listener;
    TcpMonitor monitor{listener.loop, {target("a", "127.0.0.2", service.port)}, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::silent, "a") >= 5; }));
    EXPECT_EQ(listener.count(Pulse::beating, "a"), 0U);
    EXPECT_TRUE(service.greet());
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::beating, "a") >= 5; }));
}

TEST(Tcp, an_icmp_error_is_no_life_though_the_kernel_calls_it_refused)
{
    const Firewall firewall{"meta nfproto ipv4 tcp dport 7001 reject with icmp port-unreachable\n"
                            "meta nfproto ipv6 tcp dport 7001 reject with icmpv6 port-unreachable"};
    for (const auto* address : {"127.0.0.2", "::1"}) {
        Listener listener;
        TcpMonitor monitor{listener.loop, {target("a", address)}, listener.sink()};
        ASSERT_EQ(monitor.start(), std::nullopt);
        EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::silent, "a") >= 10; }));
        EXPECT_EQ(listener.count(Pulse::beating, "a"), 0U);
        EXPECT_EQ(detail_of(listener, Pulse::silent),
                  std::string{"port unreachable, says "} + address);
    }
}

TEST(Tcp, a_reset_is_life_whoever_sends_it)
{
    const Firewall firewall{"tcp dport 7001 reject with tcp reset"};
    Listener listener;
    TcpMonitor monitor{listener.loop, {target("a", "127.0.0.2")}, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::beating, "a") >= 5; }));
}

TEST(Tcp, without_a_route_the_pulse_is_inconclusive_and_names_the_error)
{
    Listener listener;
    TcpMonitor monitor{listener.loop, {target("far", "192.0.2.1")}, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_TRUE(
        listener.run_until([&] { return listener.count(Pulse::inconclusive, "far") >= 3; }));
    EXPECT_EQ(listener.count(Pulse::silent, "far"), 0U);
    EXPECT_EQ(std::get<ProbeResult>(listener.events.at(0)).detail,
              "could not connect: Network is unreachable");
}

TEST(Tcp, without_a_file_to_open_the_pulse_is_inconclusive_and_the_operator_was_warned)
{
    Listener listener;
    TcpMonitor monitor{listener.loop, {target("a", "127.0.0.2")}, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_TRUE(monitor.warnings().empty());
    rlimit usual{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &usual), 0);
    const rlimit none{1, usual.rlim_max};
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    EXPECT_EQ(monitor.warnings().size(), 1U);
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::inconclusive, "a") >= 3; }));
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &usual), 0);
    EXPECT_EQ(detail_of(listener, Pulse::inconclusive), "could not connect: Too many open files");
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::beating, "a") >= 3; }));
}

TEST(Tcp, a_destroyed_monitor_says_no_more_and_leaves_nothing_open)
{
    Listener listener;
    std::vector<std::size_t> open;
    for (int i = 0; i < 2; ++i) {
        {
            TcpMonitor monitor{listener.loop,
                               {target("a", "127.0.0.2"), target("dead", "10.77.0.2")},
                               listener.sink()};
            ASSERT_EQ(monitor.start(), std::nullopt);
            EXPECT_TRUE(listener.run_until([&] { return listener.events.size() >= 4; }));
        }
        listener.events.clear();
        listener.run_for(200ms);
        EXPECT_TRUE(listener.events.empty());
        open.push_back(open_files());
    }
    EXPECT_EQ(open[0], open[1]) << "but for what the loop opened for itself";
}

TEST(Tcp, a_host_watched_closely_is_asked_more_often_and_the_others_are_not)
{
    Listener listener;
    TcpMonitor monitor{listener.loop,
                       {{{HostId{"a"}, MonitorId{"m"}}, "127.0.0.2", 7001, 400ms, 200ms, 20ms},
                        {{HostId{"b"}, MonitorId{"m"}}, "127.0.0.3", 7001, 400ms, 200ms, 20ms}},
                       listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    listener.run_for(10ms);
    monitor.watch(HostId{"a"}, true);
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::beating, "a") >= 40; }));
    EXPECT_LT(listener.count(Pulse::beating, "b"), 20U);
}

TEST(Tcp, other_targets_while_it_runs_leave_those_that_stay_alone)
{
    const Firewall firewall{"tcp dport 7002 drop"};
    Listener listener;
    const auto stays = target("stays", "127.0.0.2");
    TcpMonitor monitor{listener.loop, {stays, target("goes", "127.0.0.2", 7002)}, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::silent, "goes") >= 3; }));
    EXPECT_EQ(monitor.retarget({target("comes", "::1"), stays}), std::nullopt);
    EXPECT_NE(monitor.retarget({target("bad", "localhost")}), std::nullopt);
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
}

TEST(Tcp, thousands_of_dead_hosts_are_spread_over_the_interval)
{
    const Firewall firewall{"tcp dport 7002 drop"};
    Listener listener;
    std::vector<TcpTarget> targets;
    for (int i = 0; i < 3000; ++i) {
        const auto address = "127.1." + std::to_string(i / 250) + "." + std::to_string(i % 250);
        targets.push_back(
            {{HostId{"dead"}, MonitorId{"tcp@mgmt"}}, address, 7002, 1s, 100ms, 50ms});
    }
    TcpMonitor monitor{listener.loop, targets, listener.sink()};
    ASSERT_EQ(monitor.start(), std::nullopt);
    std::size_t most = 0;
    EXPECT_TRUE(listener.run_until([&] {
        most = std::max(most, open_files());
        return listener.count(Pulse::silent, "dead") >= 6000;
    }));
    EXPECT_LT(most, 1500U) << "some 300 are waited for at a time";
}

TEST(TcpMonitor, a_faulty_target_is_an_error_at_the_start)
{
    Listener listener;
    TcpMonitor monitor{listener.loop, {target("four", "localhost")}, listener.sink()};
    const auto fault = monitor.start();
    ASSERT_TRUE(fault);
    EXPECT_NE(fault->find("localhost"), std::string::npos);
}

TEST(TcpMonitor, without_targets_it_starts_and_says_nothing)
{
    Listener listener;
    TcpMonitor monitor{listener.loop, {}, listener.sink()};
    EXPECT_EQ(monitor.start(), std::nullopt);
    monitor.watch(HostId{"nobody"}, true);
    listener.run_for(50ms);
    EXPECT_TRUE(listener.events.empty());
}

} // namespace
} // namespace knell::monitor
