// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/heartbeat_key.hpp"
#include "monitor/heartbeat_monitor.hpp"
#include "monitor/inbox.hpp"
#include "world.hpp"

#include <csignal>
#include <gtest/gtest.h>
#include <memory>
#include <sys/socket.h>

namespace knell::monitor {
namespace {

const Secret site{std::string(32, 's')};

std::string key_for(const std::string& host)
{
    return std::string{key_text(derive_heartbeat_key(site, HostId{host})).reveal()};
}

HeartbeatPeer peer(const std::string& host, const std::string& address)
{
    return {HostId{host},
            derive_heartbeat_key(site, HostId{host}),
            {{MonitorId{"heartbeat@mgmt"}, address, 100ms}}};
}

std::string list(const std::string& address, std::uint16_t port, const std::string& from)
{
    return "[{address: \"" + address + ":" + std::to_string(port) + "\", from: \"" + from + "\"}]";
}

/// A controller on a port of its own, or on a given one.
struct Controller {
    explicit Controller(std::vector<HeartbeatPeer> peers,
                        std::vector<std::string> listen = {"0.0.0.0:0", "[::]:0"})
        : monitor{std::make_unique<HeartbeatMonitor>(listener.loop, std::move(listen),
                                                     std::move(peers), listener.sink())}
    {
        const auto fault = monitor->start();
        EXPECT_FALSE(fault) << fault.value_or("");
    }
    [[nodiscard]] std::uint16_t port(std::size_t door = 0) const
    {
        return monitor->ports().at(door);
    }
    bool hears(const std::string& host, std::size_t beats = 3)
    {
        return listener.run_until([&] { return listener.count(Pulse::beating, host) >= beats; });
    }

    Listener listener;
    std::unique_ptr<HeartbeatMonitor> monitor;
};

TEST(Agent, a_live_agent_proves_itself_and_beats_over_ipv4_and_ipv6)
{
    Controller controller{{peer("four", "127.0.0.11"), peer("six", "fd77::1")}};
    const AgentProcess four{{.host = "four",
                             .key = key_for("four"),
                             .controllers = list("127.0.0.1", controller.port(), "127.0.0.11")}};
    const AgentProcess six{{.host = "six",
                            .key = key_for("six"),
                            .controllers = list("[::1]", controller.port(1), "fd77::1")}};
    EXPECT_TRUE(controller.hears("four"));
    EXPECT_TRUE(controller.hears("six"));
    EXPECT_EQ(controller.monitor->counters().hmac, 0U);
    const auto& first = std::get<ProbeResult>(controller.listener.events.at(0));
    ASSERT_TRUE(first.report);
    EXPECT_EQ(first.report->boot, BootId{"00000000-1111-2222-3333-444444444444"});
    EXPECT_EQ(first.report->system_uuid, SystemUuid{"aabbccdd-0000-0000-0000-000000000001"});
    EXPECT_TRUE(first.report->nova_compute);
    EXPECT_FALSE(first.report->libvirt);
    EXPECT_GT(first.report->uptime, 0s);
}

TEST(Agent, a_killed_agent_falls_silent_and_its_successor_is_believed)
{
    Controller controller{{peer("compute1", "127.0.0.11")}};
    const AgentProcess::Options options{.key = key_for("compute1"),
                                        .controllers =
                                            list("127.0.0.1", controller.port(), "127.0.0.11")};
    {
        const AgentProcess agent{options};
        ASSERT_TRUE(controller.hears("compute1"));
    }
    auto& listener = controller.listener;
    EXPECT_TRUE(listener.run_until([&] { return listener.count(Pulse::silent, "compute1") >= 5; }));
    EXPECT_EQ(listener.goodbyes(), 0U) << "a kill is no farewell";
    listener.events.clear();
    const AgentProcess successor{options};
    EXPECT_TRUE(controller.hears("compute1"));
}

TEST(Agent, a_restarted_controller_believes_the_running_agent_again)
{
    auto first = std::make_unique<Controller>(std::vector{peer("compute1", "127.0.0.11")});
    const auto port = first->port();
    const AgentProcess agent{
        {.key = key_for("compute1"), .controllers = list("127.0.0.1", port, "127.0.0.11")}};
    ASSERT_TRUE(first->hears("compute1"));
    first.reset();
    Controller second{{peer("compute1", "127.0.0.11")}, {"127.0.0.1:" + std::to_string(port)}};
    EXPECT_TRUE(second.hears("compute1"));
}

TEST(Agent, what_a_recorder_plays_is_not_life_neither_now_nor_to_a_restarted_controller)
{
    // Stands where the controller should be, and keeps what it hears.
    const Endpoint at = *parse_endpoint("127.0.0.1:17412");
    sockaddr_storage address;
    const auto length = to_sockaddr(at, address);
    std::vector<std::vector<std::uint8_t>> recorded;
    auto controller = std::make_unique<Controller>(std::vector{peer("compute1", "127.0.0.11")},
                                                   std::vector<std::string>{"127.0.0.1:17412"});
    // A raw socket sees a copy of every UDP packet on this machine's loopback.
    const Socket recorder{socket(AF_INET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP)};
    ASSERT_TRUE(recorder);
    {
        const AgentProcess agent{
            {.key = key_for("compute1"), .controllers = list("127.0.0.1", 17412, "127.0.0.11")}};
        ASSERT_TRUE(controller->hears("compute1", 10));
    }
    Inbox inbox;
    while (inbox.take(recorder.get()) == Inbox::More::yes) {
        for (std::size_t i = 0; i < inbox.size(); ++i) {
            const auto packet = inbox.packet(i);
            if (packet && packet->bytes.size() == 20 + 8 + heartbeat_size &&
                packet->from.address == *parse_address("127.0.0.11")) {
                recorded.emplace_back(packet->bytes.begin() + 28, packet->bytes.end());
            }
        }
    }
    ASSERT_GE(recorded.size(), 10U);
    const Socket player{socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    sockaddr_storage source;
    const auto source_length = to_sockaddr({*parse_address("127.0.0.11"), 0}, source);
    ASSERT_EQ(bind(player.get(), reinterpret_cast<const sockaddr*>(&source), source_length), 0);
    const auto play = [&](Controller& to) {
        to.listener.run_for(50ms);
        to.listener.events.clear();
        for (const auto& bytes : recorded) {
            sendto(player.get(), bytes.data(), bytes.size(), 0,
                   reinterpret_cast<const sockaddr*>(&address), length);
        }
        to.listener.run_for(500ms);
        EXPECT_EQ(to.listener.count(Pulse::beating, "compute1"), 0U);
    };
    play(*controller);
    EXPECT_GE(controller->monitor->counters().replay, 10U);
    controller->listener.run_for(HeartbeatLedger::lapse + 100ms);
    play(*controller);
    controller.reset();
    Controller restarted{{peer("compute1", "127.0.0.11")}, {"127.0.0.1:17412"}};
    play(restarted);
    EXPECT_EQ(restarted.monitor->counters().unproven, recorded.size());
}

TEST(Agent, with_another_hosts_key_it_is_not_believed)
{
    Controller controller{{peer("compute1", "127.0.0.11"), peer("compute2", "127.0.0.12")}};
    const AgentProcess thief{{.host = "compute1",
                              .key = key_for("compute2"),
                              .controllers = list("127.0.0.1", controller.port(), "127.0.0.11")}};
    EXPECT_TRUE(
        controller.listener.run_until([&] { return controller.monitor->counters().hmac >= 5; }));
    EXPECT_TRUE(controller.listener.events.empty());
}

TEST(Agent, from_another_address_it_is_not_believed)
{
    Controller controller{{peer("compute1", "127.0.0.11")}};
    const AgentProcess stray{{.key = key_for("compute1"),
                              .controllers = list("127.0.0.1", controller.port(), "127.0.0.12")}};
    EXPECT_TRUE(
        controller.listener.run_until([&] { return controller.monitor->counters().source >= 5; }));
    EXPECT_TRUE(controller.listener.events.empty());
}

TEST(Agent, says_goodbye_once_when_it_is_told_that_the_host_goes_down)
{
    Controller controller{{peer("compute1", "127.0.0.11")}};
    AgentProcess agent{{.key = key_for("compute1"),
                        .controllers = list("127.0.0.1", controller.port(), "127.0.0.11")}};
    ASSERT_TRUE(controller.hears("compute1"));
    agent.signal(SIGTERM);
    EXPECT_EQ(agent.wait(), 0);
    auto& listener = controller.listener;
    listener.run_for(300ms);
    EXPECT_EQ(listener.goodbyes(), 1U);
}

TEST(Agent, that_is_only_stopped_says_no_goodbye)
{
    Controller controller{{peer("compute1", "127.0.0.11")}};
    AgentProcess agent{{.key = key_for("compute1"),
                        .controllers = list("127.0.0.1", controller.port(), "127.0.0.11"),
                        .goodbye = "never"}};
    ASSERT_TRUE(controller.hears("compute1"));
    agent.signal(SIGTERM);
    EXPECT_EQ(agent.wait(), 0);
    controller.listener.run_for(300ms);
    EXPECT_EQ(controller.listener.goodbyes(), 0U);
}

TEST(HeartbeatMonitor, other_peers_while_it_listens_leave_those_that_stay_alone)
{
    Controller controller{{peer("compute1", "127.0.0.11"), peer("compute2", "127.0.0.12")}};
    const auto options = [&](const std::string& host, const std::string& address) {
        return AgentProcess::Options{.host = host,
                                     .key = key_for(host),
                                     .controllers = list("127.0.0.1", controller.port(), address)};
    };
    const AgentProcess first{options("compute1", "127.0.0.11")};
    const AgentProcess second{options("compute2", "127.0.0.12")};
    const AgentProcess third{options("compute3", "127.0.0.13")};
    ASSERT_TRUE(controller.hears("compute1"));
    ASSERT_TRUE(controller.hears("compute2"));
    EXPECT_EQ(controller.monitor->retarget(
                  {peer("compute3", "127.0.0.13"), peer("compute1", "127.0.0.11")}),
              std::nullopt);
    EXPECT_NE(controller.monitor->retarget({peer("compute1", "localhost")}), std::nullopt);
    controller.listener.events.clear();
    EXPECT_TRUE(controller.hears("compute3"));
    EXPECT_TRUE(controller.hears("compute1", 10));
    EXPECT_EQ(controller.listener.count(Pulse::beating, "compute2"), 0U);
    EXPECT_EQ(controller.listener.count(Pulse::silent, "compute2"), 0U);
}

TEST(HeartbeatMonitor, without_an_address_to_listen_on_there_may_be_no_peers)
{
    Listener listener;
    HeartbeatMonitor monitor{listener.loop, {}, {}, listener.sink()};
    EXPECT_EQ(monitor.start(), std::nullopt);
    EXPECT_NE(monitor.retarget({peer("compute1", "127.0.0.11")}), std::nullopt);
    EXPECT_EQ(monitor.retarget({}), std::nullopt);
    HeartbeatMonitor deaf{listener.loop, {}, {peer("compute1", "127.0.0.11")}, listener.sink()};
    EXPECT_NE(deaf.start(), std::nullopt);
}

TEST(HeartbeatMonitor, a_port_that_is_taken_is_an_error_at_the_start)
{
    const Controller first{{}};
    Listener listener;
    HeartbeatMonitor second{
        listener.loop, {"0.0.0.0:" + std::to_string(first.port())}, {}, listener.sink()};
    const auto fault = second.start();
    ASSERT_TRUE(fault);
    EXPECT_NE(fault->find("Address already in use"), std::string::npos) << *fault;
}

} // namespace
} // namespace knell::monitor
