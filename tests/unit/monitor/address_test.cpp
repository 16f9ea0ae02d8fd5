// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/address.hpp"

#include <gtest/gtest.h>

namespace knell::monitor {
namespace {

TEST(Address, is_written_as_it_was_read)
{
    for (const char* text : {"10.0.0.1", "255.255.255.255", "::1", "fd00::11"}) {
        const auto address = parse_address(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(to_string(*address), text);
    }
}

TEST(Address, an_ipv4_mapped_one_is_the_ipv4_one)
{
    EXPECT_EQ(parse_address("::ffff:10.0.0.1"), parse_address("10.0.0.1"));
}

TEST(Address, a_link_local_one_keeps_its_interface)
{
    const auto address = parse_address("fe80::1%lo");
    ASSERT_TRUE(address);
    EXPECT_NE(address->scope, 0U);
    EXPECT_EQ(to_string(*address), "fe80::1%lo");
    EXPECT_NE(address, parse_address("fe80::1"));
}

TEST(Address, names_and_nonsense_are_refused)
{
    for (const char* text :
         {"", "localhost", "10.0.0", "10.0.0.256", "::g", "10.0.0.1%lo", "fe80::1%", "1.2.3.4 "}) {
        EXPECT_FALSE(parse_address(text)) << text;
    }
}

TEST(Endpoint, is_written_as_it_was_read)
{
    for (const char* text : {"10.0.0.1:7412", "[fd00::11]:7412", "0.0.0.0:1", "[::]:65535"}) {
        const auto endpoint = parse_endpoint(text);
        ASSERT_TRUE(endpoint) << text;
        EXPECT_EQ(to_string(*endpoint), text);
    }
}

TEST(Endpoint, a_wrong_port_or_missing_brackets_are_refused)
{
    for (const char* text : {"10.0.0.1", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "::1:7412",
                             "[10.0.0.1]:7412", "10.0.0.1:-1", "[::1]", "[::1]7412", ":7412", ""}) {
        EXPECT_FALSE(parse_endpoint(text)) << text;
    }
    EXPECT_TRUE(parse_endpoint("10.0.0.1:0", Port::any));
}

} // namespace
} // namespace knell::monitor
