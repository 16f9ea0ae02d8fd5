// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/channel.hpp"

#include <array>
#include <cerrno>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

namespace knell::agent {
namespace {

using monitor::Endpoint;
using monitor::parse_address;
using monitor::parse_endpoint;

/// A port that nobody listens on now.
std::uint16_t free_port()
{
    const Descriptor probe{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    sockaddr_storage address;
    socklen_t length =
        monitor::to_sockaddr(*parse_endpoint("127.0.0.1:0", monitor::Port::any), address);
    bind(probe.get(), reinterpret_cast<const sockaddr*>(&address), length);
    length = sizeof address;
    getsockname(probe.get(), reinterpret_cast<sockaddr*>(&address), &length);
    return monitor::from_sockaddr(address)->port;
}

enum class Seen { open, closed, reset };

struct ChannelTest : testing::Test {
    /// Time goes on, and the channel is looked at.
    void look(Duration later = Channel::look_every)
    {
        now += later;
        channel.look(now);
    }
    Descriptor connect_from(const std::string& from) const
    {
        Descriptor connection{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        sockaddr_storage address;
        auto length = monitor::to_sockaddr({*parse_address(from), 0}, address);
        EXPECT_EQ(bind(connection.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
        length = monitor::to_sockaddr(at, address);
        EXPECT_EQ(connect(connection.get(), reinterpret_cast<const sockaddr*>(&address), length),
                  0);
        return connection;
    }
    static Seen seen(const Descriptor& connection)
    {
        std::array<char, 8> bytes;
        const auto size = recv(connection.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        EXPECT_LE(size, 0) << "nothing is ever said";
        return size == 0 ? Seen::closed : errno == EAGAIN ? Seen::open : Seen::reset;
    }

    const Endpoint at{*parse_address("127.0.0.1"), free_port()};
    Channel channel{{at}, {*parse_address("127.0.0.2"), *parse_address("127.0.0.3")}};
    Duration now{};
};

TEST_F(ChannelTest, a_controller_is_kept_and_nothing_is_said_to_it)
{
    look();
    const auto controller = connect_from("127.0.0.2");
    for (int i = 0; i < 10; ++i) {
        look();
    }
    EXPECT_EQ(channel.connections(), 1U);
    EXPECT_EQ(seen(controller), Seen::open);
}

TEST_F(ChannelTest, whoever_is_no_controller_is_sent_away)
{
    look();
    const auto stranger = connect_from("127.0.0.4");
    look();
    EXPECT_EQ(channel.connections(), 0U);
    EXPECT_EQ(seen(stranger), Seen::closed);
}

TEST_F(ChannelTest, a_fifth_connection_from_one_address_is_sent_away_and_the_four_stay)
{
    look();
    std::vector<Descriptor> connections;
    for (int i = 0; i < 5; ++i) {
        connections.push_back(connect_from("127.0.0.2"));
    }
    const auto other = connect_from("127.0.0.3");
    look();
    EXPECT_EQ(channel.connections(), 5U);
    for (std::size_t i = 0; i < 4; ++i) {
        EXPECT_EQ(seen(connections[i]), Seen::open);
    }
    EXPECT_EQ(seen(connections[4]), Seen::closed);
    EXPECT_EQ(seen(other), Seen::open);
}

TEST_F(ChannelTest, no_more_than_sixteen_connections_are_kept)
{
    std::vector<monitor::Address> admitted;
    for (int i = 1; i <= 20; ++i) {
        admitted.push_back(*parse_address("127.0.1." + std::to_string(i)));
    }
    channel = Channel{{at}, admitted};
    look();
    std::vector<Descriptor> connections;
    for (int i = 1; i <= 20; ++i) {
        connections.push_back(connect_from("127.0.1." + std::to_string(i)));
        look();
    }
    EXPECT_EQ(channel.connections(), 16U);
    EXPECT_EQ(seen(connections[15]), Seen::open);
    EXPECT_EQ(seen(connections[16]), Seen::closed);
}

TEST_F(ChannelTest, a_place_is_free_again_when_its_connection_has_ended)
{
    look();
    {
        std::vector<Descriptor> connections;
        for (int i = 0; i < 4; ++i) {
            connections.push_back(connect_from("127.0.0.2"));
        }
        look();
        ASSERT_EQ(channel.connections(), 4U);
    }
    look();
    EXPECT_EQ(channel.connections(), 0U);
    const auto next = connect_from("127.0.0.2");
    look();
    EXPECT_EQ(seen(next), Seen::open);
}

TEST_F(ChannelTest, a_few_bytes_are_borne_and_more_are_not)
{
    look();
    const auto talker = connect_from("127.0.0.2");
    EXPECT_EQ(send(talker.get(), "0123456789abcdef", 16, MSG_NOSIGNAL), 16);
    look();
    look();
    EXPECT_EQ(seen(talker), Seen::open);
    EXPECT_EQ(send(talker.get(), "!", 1, MSG_NOSIGNAL), 1);
    look();
    EXPECT_EQ(channel.connections(), 0U);
    EXPECT_NE(seen(talker), Seen::open);
}

TEST_F(ChannelTest, between_two_looks_nothing_is_done)
{
    look();
    const auto controller = connect_from("127.0.0.2");
    look(Channel::look_every - Duration{1});
    EXPECT_EQ(channel.connections(), 0U);
    look(Duration{1});
    EXPECT_EQ(channel.connections(), 1U);
}

TEST_F(ChannelTest, an_address_that_is_taken_is_tried_again)
{
    Channel first{{at}, {*parse_address("127.0.0.2")}};
    first.look(Duration{});
    look();
    first = Channel{{}, {}};
    look(Channel::open_again_every);
    const auto controller = connect_from("127.0.0.2");
    look();
    EXPECT_EQ(channel.connections(), 1U);
}

TEST_F(ChannelTest, the_end_of_the_channel_is_the_end_of_every_connection)
{
    look();
    const auto controller = connect_from("127.0.0.2");
    look();
    const auto waiting = connect_from("127.0.0.2"); // not even taken yet
    channel = Channel{{}, {}};
    EXPECT_FALSE(channel.wanted());
    EXPECT_EQ(seen(controller), Seen::closed);
    EXPECT_EQ(seen(waiting), Seen::reset);
}

} // namespace
} // namespace knell::agent
