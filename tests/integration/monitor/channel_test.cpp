// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/agent_channel.hpp"
#include "monitor/heartbeat_key.hpp"
#include "monitor/heartbeat_monitor.hpp"
#include "monitor/inbox.hpp"
#include "world.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

namespace knell::monitor {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint16_t port = 17413;
const HostId host{"compute1"};
const Secret site{std::string(32, 's')};

void run(const std::string& command)
{
    ASSERT_EQ(std::system(command.c_str()), 0) << command; // NOLINT: our own text
}

/// An agent with a channel on every address, for the controller at `controller`.
AgentProcess::Options agent(const std::string& controller, std::uint16_t beats = 9,
                            const std::string& from = {})
{
    AgentProcess::Options options;
    options.key = key_text(derive_heartbeat_key(site, host)).reveal();
    options.controllers = "[{address: \"" + controller + ":" + std::to_string(beats) + "\"" +
                          (from.empty() ? "" : ", from: " + from) + "}]";
    options.goodbye = "always\nchannel: {listen: [\"0.0.0.0:" + std::to_string(port) + "\"]}";
    return options;
}

class AgentChannels : public testing::Test {
protected:
    void watch(const std::string& address)
    {
        // As patient as a test can be.
        const ChannelPace pace{1s, 2s, 1s, 3s};
        channel = std::make_unique<AgentChannel>(
            listener.loop, std::vector{ChannelTarget{host, address, port}}, listener.sink(), pace);
        EXPECT_EQ(channel->start(), std::nullopt);
    }
    bool connects()
    {
        return listener.run_until([&] { return channel->connected(host); });
    }
    /// Connected, and for so long that the connection is the agent's.
    bool keeps()
    {
        const bool connected = connects();
        listener.run_for(ChannelLine::settled + 200ms);
        return connected && channel->connected(host);
    }
    std::vector<std::string> said() const
    {
        std::vector<std::string> all;
        for (const auto& event : listener.events) {
            if (const auto* gone = std::get_if<AgentGone>(&event)) {
                all.push_back(gone->host.get() + " " + gone->detail);
            }
        }
        return all;
    }
    bool hears_that_it_is_gone()
    {
        return listener.run_until([&] { return !said().empty(); });
    }

    Listener listener;
    std::unique_ptr<AgentChannel> channel;
};

TEST_F(AgentChannels, a_killed_agent_is_gone_is_told_once_and_its_successor_is_found)
{
    {
        AgentProcess first{agent("127.0.0.1")};
        watch("127.0.0.1");
        ASSERT_TRUE(keeps());
        EXPECT_THAT(said(), IsEmpty());
        first.signal(SIGKILL);
        first.wait();
    }
    EXPECT_TRUE(hears_that_it_is_gone());
    EXPECT_FALSE(channel->connected(host));
    listener.run_for(3s);
    EXPECT_THAT(said(),
                ElementsAre("compute1 connection closed: the kernel lives, the agent is gone"));
    EXPECT_THAT(channel->troubles(), ElementsAre(HasSubstr("127.0.0.1:17413: Connection refused")));
    const AgentProcess second{agent("127.0.0.1")};
    EXPECT_TRUE(connects());
    EXPECT_THAT(channel->troubles(), IsEmpty());
    EXPECT_EQ(said().size(), 1U);
}

TEST_F(AgentChannels, an_agent_that_is_stopped_in_order_has_said_goodbye_first)
{
    HeartbeatMonitor beats{listener.loop,
                           {"127.0.0.1:0"},
                           {{host,
                             derive_heartbeat_key(site, host),
                             {{MonitorId{"heartbeat@mgmt"}, "127.0.0.11", 100ms}}}},
                           listener.sink()};
    ASSERT_EQ(beats.start(), std::nullopt);
    AgentProcess process{agent("127.0.0.1", beats.ports().at(0), "127.0.0.11")};
    watch("127.0.0.1");
    ASSERT_TRUE(keeps());
    ASSERT_TRUE(
        listener.run_until([&] { return listener.count(Pulse::beating, host.get()) >= 3; }));
    listener.events.clear();
    process.signal(SIGTERM);
    EXPECT_TRUE(hears_that_it_is_gone());
    std::vector<std::string> order;
    for (const auto& event : listener.events) {
        if (std::holds_alternative<Goodbye>(event)) {
            order.emplace_back("goodbye");
        } else if (std::holds_alternative<AgentGone>(event)) {
            order.emplace_back("gone");
        }
    }
    EXPECT_THAT(order, ElementsAre("goodbye", "gone"));
}

TEST_F(AgentChannels, where_nobody_listens_nothing_is_said_until_an_agent_comes)
{
    watch("127.0.0.1");
    listener.run_for(2500ms);
    EXPECT_THAT(listener.events, IsEmpty());
    const AgentProcess process{agent("127.0.0.1")};
    EXPECT_TRUE(connects());
    EXPECT_THAT(listener.events, IsEmpty());
}

TEST_F(AgentChannels, an_agent_that_does_not_admit_us_is_not_gone_and_the_operator_learns_why)
{
    const AgentProcess process{agent("127.0.0.99")};
    watch("127.0.0.1");
    EXPECT_TRUE(listener.run_until([&] { return !channel->troubles().empty(); }));
    listener.run_for(3s);
    EXPECT_THAT(listener.events, IsEmpty());
    EXPECT_THAT(channel->troubles().at(0), HasSubstr("`controllers`"));
}

TEST_F(AgentChannels, who_speaks_is_no_agent_and_is_let_go_without_a_word)
{
    const Socket door{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_storage address;
    const auto length = to_sockaddr(*parse_endpoint("127.0.0.1:17413"), address);
    const int on = 1;
    setsockopt(door.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    ASSERT_EQ(bind(door.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
    ASSERT_EQ(listen(door.get(), 4), 0);
    watch("127.0.0.1");
    ASSERT_TRUE(keeps());
    const Socket guest{accept4(door.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    const std::string much(1000, 'x');
    ASSERT_EQ(send(guest.get(), much.data(), much.size(), MSG_NOSIGNAL), 1000);
    EXPECT_TRUE(listener.run_until([&] { return !channel->connected(host); }));
    EXPECT_THAT(channel->troubles(), ElementsAre(HasSubstr("that is no agent")));
    EXPECT_THAT(listener.events, IsEmpty());
}

TEST_F(AgentChannels, new_targets_leave_the_connections_that_stay_and_end_the_others_in_silence)
{
    AgentProcess process{agent("127.0.0.1")};
    watch("127.0.0.1");
    ASSERT_TRUE(keeps());
    const HostId other{"compute2"};
    EXPECT_EQ(channel->retarget({{host, "127.0.0.1", port}, {other, "127.0.0.1", port}}),
              std::nullopt);
    EXPECT_TRUE(channel->connected(host)) << "it was not even interrupted";
    EXPECT_TRUE(listener.run_until([&] { return channel->connected(other); }));
    listener.run_for(ChannelLine::settled + 200ms);
    EXPECT_EQ(channel->retarget({{other, "127.0.0.1", port}}), std::nullopt);
    EXPECT_FALSE(channel->connected(host));
    process.signal(SIGKILL);
    EXPECT_TRUE(hears_that_it_is_gone());
    listener.run_for(200ms);
    EXPECT_THAT(said(), ElementsAre(HasSubstr("compute2 ")));
}

TEST_F(AgentChannels, once_destroyed_it_says_no_more)
{
    AgentProcess process{agent("127.0.0.1")};
    watch("127.0.0.1");
    ASSERT_TRUE(keeps());
    channel.reset();
    process.signal(SIGKILL);
    listener.run_for(300ms);
    EXPECT_THAT(listener.events, IsEmpty());
}

TEST(AgentChannelFaults, names_ports_and_repeated_hosts_are_faults)
{
    Listener listener;
    for (const auto& targets : {std::vector<ChannelTarget>{{host, "localhost", port}},
                                {{host, "127.0.0.1", 0}},
                                {{host, "127.0.0.1", port}, {host, "127.0.0.2", port}}}) {
        AgentChannel channel{listener.loop, targets, listener.sink()};
        EXPECT_TRUE(channel.start());
    }
}

/// A second network namespace at the other end of a link, chan0 here and chan1 there.
class FarAgent : public AgentChannels {
protected:
    void SetUp() override
    {
        home_ = Socket{open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
        run("ip link add chan0 type veth peer name chan1");
        ASSERT_EQ(unshare(CLONE_NEWNET), 0);
        far_ = Socket{open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
        ASSERT_EQ(setns(home_.get(), CLONE_NEWNET), 0);
        run("ip link set chan1 netns /proc/" + std::to_string(getpid()) + "/fd/" +
            std::to_string(far_.get()));
        run("ip addr add 10.79.0.1/24 dev chan0; ip link set chan0 up");
        ASSERT_EQ(setns(far_.get(), CLONE_NEWNET), 0);
        run("ip addr add 10.79.0.2/24 dev chan1; ip link set chan1 up");
        process = std::make_unique<AgentProcess>(agent("10.79.0.1"));
        ASSERT_EQ(setns(home_.get(), CLONE_NEWNET), 0);
        watch("10.79.0.2");
        ASSERT_TRUE(keeps());
    }
    void TearDown() override { run("ip link del chan0"); }

    void lose_the_link()
    {
        run("ip link set chan0 down");
        EXPECT_TRUE(listener.run_until([&] { return !channel->connected(host); }));
    }

    std::unique_ptr<AgentProcess> process;

private:
    Socket home_;
    Socket far_;
};

TEST_F(FarAgent, a_lost_link_means_nothing_and_when_it_is_back_so_is_the_connection)
{
    lose_the_link();
    listener.run_for(2s);
    EXPECT_THAT(listener.events, IsEmpty());
    run("ip link set chan0 up");
    EXPECT_TRUE(connects());
    EXPECT_THAT(listener.events, IsEmpty());
}

TEST_F(FarAgent, a_short_loss_of_the_link_does_not_even_end_the_connection)
{
    run("ip link set chan0 down");
    listener.run_for(500ms);
    run("ip link set chan0 up");
    listener.run_for(4s);
    EXPECT_TRUE(channel->connected(host));
    EXPECT_THAT(listener.events, IsEmpty());
}

TEST_F(FarAgent, that_is_refused_right_behind_a_loss_is_gone)
{
    run("ip link set chan0 down");
    process->signal(SIGKILL);
    process->wait();
    lose_the_link();
    EXPECT_THAT(listener.events, IsEmpty());
    run("ip link set chan0 up");
    EXPECT_TRUE(hears_that_it_is_gone());
    EXPECT_THAT(said(), ElementsAre(HasSubstr("lost, then refused")));
}

} // namespace
} // namespace knell::monitor
