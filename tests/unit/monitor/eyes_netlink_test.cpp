// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/eyes_netlink.hpp"

#include <cstring>
#include <gtest/gtest.h>
#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <random>
#include <sys/socket.h>

namespace knell::monitor {
namespace {

using Bytes = std::vector<std::uint8_t>;

template <class T>
void append(Bytes& to, const T& value)
{
    const auto* first = reinterpret_cast<const std::uint8_t*>(&value);
    to.insert(to.end(), first, first + sizeof value);
    to.resize(NLMSG_ALIGN(to.size()));
}

Bytes attribute(unsigned type, const std::string& value)
{
    Bytes bytes;
    append(bytes, rtattr{static_cast<std::uint16_t>(sizeof(rtattr) + value.size()),
                         static_cast<std::uint16_t>(type)});
    bytes.insert(bytes.end(), value.begin(), value.end());
    bytes.resize(NLMSG_ALIGN(bytes.size()));
    return bytes;
}

std::string raw(std::uint32_t value)
{
    return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// A whole message; `size_told` is what its header claims, where that is a lie.
Bytes message(unsigned type, const Bytes& payload, std::optional<std::uint32_t> size_told = {})
{
    nlmsghdr header{};
    header.nlmsg_len =
        size_told.value_or(static_cast<std::uint32_t>(sizeof header + payload.size()));
    header.nlmsg_type = static_cast<std::uint16_t>(type);
    header.nlmsg_seq = 7;
    Bytes bytes;
    append(bytes, header);
    bytes.insert(bytes.end(), payload.begin(), payload.end());
    return bytes;
}

template <class T>
Bytes payload(const T& fixed, const std::vector<Bytes>& attributes = {})
{
    Bytes bytes;
    append(bytes, fixed);
    for (const auto& one : attributes) {
        bytes.insert(bytes.end(), one.begin(), one.end());
    }
    return bytes;
}

ifinfomsg link_about(int index, unsigned flags, unsigned char family = AF_UNSPEC)
{
    ifinfomsg about{};
    about.ifi_family = family;
    about.ifi_index = index;
    about.ifi_flags = flags;
    return about;
}

rtmsg route_about(unsigned char type)
{
    rtmsg about{};
    about.rtm_family = AF_INET;
    about.rtm_type = type;
    return about;
}

NetlinkMessage first(const Bytes& bytes)
{
    std::span<const std::uint8_t> rest = bytes;
    return take_message(rest).value_or(NetlinkMessage{});
}

constexpr unsigned all_well = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;

TEST(EyesNetlink, messages_are_taken_one_after_the_other)
{
    Bytes bytes = message(RTM_NEWROUTE, {1, 2, 3, 4});
    const auto second = message(RTM_NEWLINK, {5});
    bytes.insert(bytes.end(), second.begin(), second.end());
    std::span<const std::uint8_t> rest = bytes;
    const auto one = take_message(rest);
    ASSERT_TRUE(one);
    EXPECT_EQ(one->type, RTM_NEWROUTE);
    EXPECT_EQ(one->sequence, 7U);
    EXPECT_EQ(Bytes(one->payload.begin(), one->payload.end()), (Bytes{1, 2, 3, 4}));
    const auto two = take_message(rest);
    ASSERT_TRUE(two) << "the padding behind the last message may be missing";
    EXPECT_EQ(two->type, RTM_NEWLINK);
    EXPECT_EQ(two->payload.size(), 1U);
    EXPECT_TRUE(rest.empty());
    EXPECT_FALSE(take_message(rest));
}

TEST(EyesNetlink, a_message_longer_than_its_bytes_or_shorter_than_its_header_is_not_taken)
{
    for (const std::uint32_t told : {0U, 1U, 15U, 21U, 4096U, 0xffffffffU}) {
        const auto bytes = message(RTM_NEWLINK, {1, 2, 3, 4}, told);
        std::span<const std::uint8_t> rest = bytes;
        EXPECT_FALSE(take_message(rest)) << told;
        EXPECT_EQ(rest.size(), bytes.size()) << "so that the caller sees that something is left";
    }
    const Bytes stump(15);
    std::span<const std::uint8_t> rest = stump;
    EXPECT_FALSE(take_message(rest));
}

TEST(EyesNetlink, an_attribute_longer_than_its_bytes_or_shorter_than_its_header_is_not_taken)
{
    for (const std::uint16_t told : {0, 3, 9, 65535}) {
        Bytes bytes = attribute(IFLA_IFNAME, "eth1");
        std::memcpy(bytes.data(), &told, sizeof told);
        std::span<const std::uint8_t> rest = bytes;
        EXPECT_FALSE(take_attribute(rest)) << told;
    }
}

TEST(EyesNetlink, an_attribute_is_known_by_its_type_without_the_flags)
{
    const Bytes bytes = attribute(NLA_F_NESTED | 18U, "abcd");
    std::span<const std::uint8_t> rest = bytes;
    const auto taken = take_attribute(rest);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->type, 18);
    EXPECT_EQ(taken->value.size(), 4U);
}

TEST(EyesNetlink, the_state_of_a_link_is_read_from_its_flags)
{
    const auto state = [](unsigned flags) {
        return link_in(first(message(RTM_NEWLINK, payload(link_about(3, flags)))))->state;
    };
    EXPECT_EQ(state(all_well), LinkState::working);
    EXPECT_EQ(state(IFF_UP | IFF_LOWER_UP), LinkState::dormant);
    EXPECT_EQ(state(IFF_UP | IFF_RUNNING), LinkState::no_carrier);
    EXPECT_EQ(state(IFF_UP), LinkState::no_carrier);
    EXPECT_EQ(state(IFF_LOWER_UP | IFF_RUNNING), LinkState::down);
    EXPECT_EQ(state(IFF_LOOPBACK), LinkState::loopback);
}

TEST(EyesNetlink, a_link_has_its_name_and_may_go)
{
    const auto about = link_about(3, all_well);
    const auto name = attribute(IFLA_IFNAME, std::string{"eth1\0", 5});
    EXPECT_EQ(link_in(first(message(RTM_NEWLINK, payload(about, {name})))),
              (LinkSeen{3, "eth1", LinkState::working}));
    EXPECT_EQ(link_in(first(message(RTM_DELLINK, payload(about, {name})))),
              (LinkSeen{3, "eth1", LinkState::gone}));
}

TEST(EyesNetlink, a_port_that_leaves_its_bridge_is_not_a_link_that_goes)
{
    EXPECT_FALSE(link_in(first(message(RTM_DELLINK, payload(link_about(3, all_well, AF_BRIDGE))))));
}

TEST(EyesNetlink, a_name_without_end_is_cut_off)
{
    const auto long_name = attribute(IFLA_IFNAME, std::string(1000, 'x'));
    const auto seen =
        link_in(first(message(RTM_NEWLINK, payload(link_about(3, all_well), {long_name}))));
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->name, std::string(15, 'x'));
}

TEST(EyesNetlink, a_link_or_route_cut_short_is_none)
{
    const auto link = payload(link_about(3, all_well));
    EXPECT_FALSE(link_in(first(message(RTM_NEWLINK, Bytes(link.begin(), link.end() - 1)))));
    const auto route = payload(route_about(RTN_UNICAST));
    EXPECT_FALSE(route_in(first(message(RTM_NEWROUTE, Bytes(route.begin(), route.end() - 1)))));
    EXPECT_FALSE(error_in(first(message(NLMSG_ERROR, {1, 0, 0, 0}))));
    EXPECT_FALSE(link_in(first(message(RTM_NEWLINK, payload(link_about(0, all_well))))));
}

TEST(EyesNetlink, a_route_leads_over_its_interface)
{
    const auto out = attribute(RTA_OIF, raw(4));
    for (const auto type : {RTN_UNICAST, RTN_LOCAL, RTN_BROADCAST}) {
        EXPECT_EQ(
            route_in(first(message(RTM_NEWROUTE, payload(route_about(type), {out}))))->interface,
            4);
    }
    for (const auto type : {RTN_UNREACHABLE, RTN_BLACKHOLE, RTN_PROHIBIT, RTN_THROW}) {
        EXPECT_EQ(
            route_in(first(message(RTM_NEWROUTE, payload(route_about(type), {out}))))->interface, 0)
            << "such a route names the loopback interface, and leads nowhere";
    }
    const auto odd = attribute(RTA_OIF, "abc");
    EXPECT_EQ(
        route_in(first(message(RTM_NEWROUTE, payload(route_about(RTN_UNICAST), {odd}))))->interface,
        0);
}

TEST(EyesNetlink, a_refusal_tells_its_errno)
{
    const auto error = [](int code) {
        nlmsgerr refused{};
        refused.error = code;
        return error_in(first(message(NLMSG_ERROR, payload(refused))));
    };
    EXPECT_EQ(error(-ENETUNREACH), ENETUNREACH);
    EXPECT_EQ(error(0), 0);
    EXPECT_TRUE(error(INT32_MIN));
    EXPECT_FALSE(error_in(first(message(RTM_NEWROUTE, payload(nlmsgerr{})))));
}

TEST(EyesNetlink, a_question_is_a_message_that_asks_for_the_address)
{
    const auto bytes = route_question(*parse_address("fd00::1"), 9);
    std::span<const std::uint8_t> rest = bytes;
    const auto asked = take_message(rest);
    ASSERT_TRUE(asked);
    EXPECT_TRUE(rest.empty());
    EXPECT_EQ(asked->type, RTM_GETROUTE);
    EXPECT_EQ(asked->sequence, 9U);
    auto attributes = asked->payload.subspan(sizeof(rtmsg));
    const auto to = take_attribute(attributes);
    ASSERT_TRUE(to);
    EXPECT_EQ(to->type, RTA_DST);
    EXPECT_EQ(to->value.size(), 16U);
    EXPECT_TRUE(attributes.empty());
}

TEST(EyesNetlink, whatever_bytes_come_every_reader_ends_within_them)
{
    std::mt19937 random{1};
    const auto good =
        message(RTM_NEWLINK, payload(link_about(3, all_well),
                                     {attribute(IFLA_IFNAME, "eth1"), attribute(RTA_OIF, raw(4))}));
    for (int round = 0; round < 20000; ++round) {
        // A copy of just this size, so that a sanitizer sees the first byte too many.
        Bytes bytes(good.begin(), good.begin() + static_cast<long>(random() % (good.size() + 1)));
        for (auto changes = random() % 4; changes > 0 && !bytes.empty(); --changes) {
            bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
        }
        bytes.shrink_to_fit();
        std::span<const std::uint8_t> rest = bytes;
        std::size_t taken = 0;
        while (const auto one = take_message(rest)) {
            ++taken;
            for (const int type : {int{RTM_NEWLINK}, int{RTM_NEWROUTE}, NLMSG_ERROR}) {
                NetlinkMessage as = *one;
                as.type = static_cast<std::uint16_t>(type);
                const auto link = link_in(as);
                EXPECT_LT(link ? link->name.size() : 0, std::size_t{IFNAMSIZ});
                const auto route = route_in(as);
                EXPECT_GE(route ? route->interface : 0, 0);
                EXPECT_GE(error_in(as).value_or(0), 0);
            }
        }
        EXPECT_LE(taken * sizeof(nlmsghdr), bytes.size());
    }
}

} // namespace
} // namespace knell::monitor
