// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/heartbeat_key.hpp"
#include "monitor/heartbeat_monitor.hpp"
#include "monitor/icmp_monitor.hpp"
#include "monitor/tcp_monitor.hpp"
#include "world.hpp"

#include <csignal>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

namespace knell::monitor {
namespace {

const Secret site{std::string(32, 's')};

struct Tally {
    std::size_t beating = 0;
    std::size_t silent = 0;
    std::size_t inconclusive = 0;
};

/// All monitors in a process of their own, which can be stopped. It tells its port, then
/// listens until its input is closed, and then tells what it heard.
class Watcher {
public:
    Watcher()
    {
        EXPECT_EQ(pipe2(in_, O_CLOEXEC), 0);
        EXPECT_EQ(pipe2(out_, O_CLOEXEC), 0);
        process_ = fork();
        if (process_ == 0) {
            close(in_[1]);
            watch(in_[0], out_[1]);
            _exit(0);
        }
        close(in_[0]);
        close(out_[1]);
        EXPECT_EQ(read(out_[0], &port_, sizeof port_), static_cast<ssize_t>(sizeof port_));
    }
    Watcher(const Watcher&) = delete;
    Watcher& operator=(const Watcher&) = delete;
    ~Watcher()
    {
        kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    void signal(int number) const { kill(process_, number); }
    std::array<Tally, 3> end()
    {
        close(in_[1]);
        std::array<Tally, 3> tallies{};
        EXPECT_EQ(read(out_[0], &tallies, sizeof tallies), static_cast<ssize_t>(sizeof tallies));
        return tallies;
    }

private:
    static Tally tally(const Listener& listener, const std::string& host)
    {
        return {listener.count(Pulse::beating, host), listener.count(Pulse::silent, host),
                listener.count(Pulse::inconclusive, host)};
    }

    static void watch(int input, int output)
    {
        Listener listener;
        std::vector<IcmpTarget> targets;
        for (int i = 1; i <= 200; ++i) {
            targets.push_back({HostProbe{HostId{"pinged"}, MonitorId{"icmp@mgmt"}},
                               "127.0.1." + std::to_string(i), 100ms, 100ms});
        }
        IcmpMonitor icmp{listener.loop, targets, listener.sink()};
        std::vector<TcpTarget> ports;
        for (std::uint16_t port = 1; port <= 100; ++port) {
            ports.push_back(
                {{HostId{"knocked"}, MonitorId{"tcp@mgmt"}}, "127.0.1.1", port, 100ms, 100ms});
        }
        TcpMonitor tcp{listener.loop, ports, listener.sink()};
        HeartbeatMonitor heartbeat{listener.loop,
                                   {"127.0.0.1:0"},
                                   {{HostId{"compute1"},
                                     derive_heartbeat_key(site, HostId{"compute1"}),
                                     {{MonitorId{"heartbeat@mgmt"}, "127.0.0.11", 100ms}}}},
                                   listener.sink()};
        if (icmp.start() || tcp.start() || heartbeat.start()) {
            _exit(1);
        }
        const auto port = heartbeat.ports().at(0);
        ssize_t written = write(output, &port, sizeof port);
        fd_set readable;
        timeval now{};
        do {
            listener.run_for(10ms);
            FD_ZERO(&readable);
            FD_SET(input, &readable);
            now = {};
        } while (select(input + 1, &readable, nullptr, nullptr, &now) == 0);
        const std::array<Tally, 3> tallies{tally(listener, "pinged"), tally(listener, "knocked"),
                                           tally(listener, "compute1")};
        written = write(output, &tallies, sizeof tallies);
        static_cast<void>(written);
    }

    int in_[2] = {-1, -1};
    int out_[2] = {-1, -1};
    std::uint16_t port_ = 0;
    pid_t process_ = -1;
};

TEST(Stall, a_stopped_watcher_calls_nobody_silent_for_the_time_it_was_stopped)
{
    Watcher watcher;
    const AgentProcess agent{
        {.key = std::string{key_text(derive_heartbeat_key(site, HostId{"compute1"})).reveal()},
         .controllers = "[{address: \"127.0.0.1:" + std::to_string(watcher.port()) +
                        "\", from: 127.0.0.11}]"}};
    usleep(1'500'000);
    for (const auto stopped : {600ms, 4000ms}) {
        watcher.signal(SIGSTOP);
        usleep(static_cast<useconds_t>(stopped.count() * 1000));
        watcher.signal(SIGCONT);
        usleep(1'500'000);
    }
    const auto [pinged, knocked, beaten] = watcher.end();
    EXPECT_EQ(pinged.silent, 0U);
    EXPECT_EQ(knocked.silent, 0U);
    EXPECT_EQ(beaten.silent, 0U);
    EXPECT_GT(pinged.beating, 1000U);
    EXPECT_GT(knocked.beating, 500U);
    EXPECT_GT(beaten.beating, 15U);
    EXPECT_GT(beaten.inconclusive, 0U);
}

} // namespace
} // namespace knell::monitor
