// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/device_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace knell::fencing::ipmi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

IpmiDevice good_device()
{
    return {.id = DeviceId{"compute1-bmc"},
            .address = "10.0.1.11",
            .port = 623,
            .username = "knell",
            .password = Secret{"a password"},
            .k_g = {},
            .cipher_suites = {17, 3},
            .privilege = Privilege::operator_level,
            .workarounds = {},
            .session_timeout = 5900ms,
            .retransmission_timeout = 1s};
}

std::string complaint_after(void (*change)(IpmiDevice&))
{
    auto device = good_device();
    change(device);
    return complaint_about(device).value_or("");
}

TEST(DeviceRules, an_ordinary_device_is_no_reason_to_complain)
{
    EXPECT_EQ(complaint_about(good_device()), std::nullopt);
}

TEST(DeviceRules, ipv6_is_an_address_with_or_without_a_scope)
{
    EXPECT_EQ(complaint_after([](IpmiDevice& d) { d.address = "fd00::11"; }), "");
    EXPECT_EQ(complaint_after([](IpmiDevice& d) { d.address = "fe80::11%eth0"; }), "");
}

TEST(DeviceRules, a_name_is_no_address_because_resolving_can_block)
{
    for (const char* name : {"bmc1", "bmc1.example.org", "", "10.0.1", "10.0.1.11:623",
                             "10.0.1.11 ", "[fd00::11]", "fe80::11%", "%eth0"}) {
        auto device = good_device();
        device.address = name;
        EXPECT_THAT(complaint_about(device).value_or(""), HasSubstr("numeric")) << name;
    }
}

TEST(DeviceRules, user_and_password_may_be_as_long_as_ipmi_allows_and_not_longer)
{
    EXPECT_EQ(complaint_after([](IpmiDevice& d) { d.username.assign(16, 'u'); }), "");
    EXPECT_THAT(complaint_after([](IpmiDevice& d) { d.username.assign(17, 'u'); }),
                HasSubstr("16 bytes"));
    EXPECT_EQ(complaint_after([](IpmiDevice& d) { d.password = Secret{std::string(20, 'p')}; }),
              "");
    EXPECT_THAT(complaint_after([](IpmiDevice& d) { d.password = Secret{std::string(21, 'p')}; }),
                HasSubstr("20 bytes"));
    EXPECT_EQ(complaint_after([](IpmiDevice& d) { d.k_g = Secret{std::string(20, '\0')}; }), "");
    EXPECT_THAT(complaint_after([](IpmiDevice& d) { d.k_g = Secret{std::string(21, 'k')}; }),
                HasSubstr("20 bytes"));
}

TEST(DeviceRules, nobody_logs_in_without_a_name_or_a_password)
{
    EXPECT_NE(complaint_after([](IpmiDevice& d) { d.username.clear(); }), "");
    EXPECT_NE(complaint_after([](IpmiDevice& d) { d.password = Secret{}; }), "");
    EXPECT_NE(complaint_after([](IpmiDevice& d) { d.password = Secret{std::string("a\0b", 3)}; }),
              "");
}

TEST(DeviceRules, a_complaint_never_quotes_the_password)
{
    const auto complaint =
        complaint_after([](IpmiDevice& d) { d.password = Secret{"correct-horse-battery-staple"}; });
    EXPECT_THAT(complaint, Not(HasSubstr("correct")));
    EXPECT_THAT(complaint, Not(IsEmpty()));
}

TEST(DeviceRules, suite_zero_is_refused_wherever_it_stands)
{
    EXPECT_THAT(complaint_after([](IpmiDevice& d) {
                    d.cipher_suites = {17, 0};
                }),
                HasSubstr("authenticates nobody"));
    EXPECT_THAT(complaint_after([](IpmiDevice& d) { d.cipher_suites = {4}; }),
                HasSubstr("not supported"));
    EXPECT_NE(complaint_after([](IpmiDevice& d) { d.cipher_suites.clear(); }), "");
}

TEST(DeviceRules, workarounds_have_the_names_and_bits_of_ipmipower)
{
    EXPECT_EQ(workaround_bit("none"), 0x00U);
    EXPECT_EQ(workaround_bit("authcap"), 0x01U);
    EXPECT_EQ(workaround_bit("intel20"), 0x02U);
    EXPECT_EQ(workaround_bit("supermicro20"), 0x04U);
    EXPECT_EQ(workaround_bit("sun20"), 0x08U);
    EXPECT_EQ(workaround_bit("opensesspriv"), 0x10U);
    EXPECT_EQ(workaround_bit("integritycheckvalue"), 0x20U);
    EXPECT_EQ(workaround_bit("nochecksumcheck"), 0x40U);
    EXPECT_EQ(workaround_bit("OpenSessPriv"), std::nullopt);
    const std::vector<std::string> names{"opensesspriv", "sun20", "none"};
    EXPECT_EQ(workaround_bits(names), 0x18U);
}

TEST(DeviceRules, a_workaround_of_ipmi_1_5_is_told_from_an_unknown_one)
{
    EXPECT_THAT(complaint_after([](IpmiDevice& d) { d.workarounds = {"idzero"}; }),
                HasSubstr("IPMI 1.5"));
    EXPECT_THAT(complaint_after([](IpmiDevice& d) { d.workarounds = {"opensespriv"}; }),
                HasSubstr("use some of"));
}

TEST(DeviceRules, a_retransmission_must_fit_into_the_session_timeout)
{
    EXPECT_NE(complaint_after([](IpmiDevice& d) { d.retransmission_timeout = d.session_timeout; }),
              "");
    EXPECT_NE(complaint_after([](IpmiDevice& d) { d.retransmission_timeout = 0ms; }), "");
    EXPECT_NE(complaint_after([](IpmiDevice& d) { d.session_timeout = 0ms; }), "");
    EXPECT_NE(complaint_after([](IpmiDevice& d) { d.session_timeout = 61s; }), "");
}

TEST(DeviceRules, lists_are_what_they_say_and_nothing_more)
{
    EXPECT_THAT(*suite_list("17,3"), ElementsAre(17U, 3U));
    EXPECT_THAT(*suite_list(""), IsEmpty());
    for (const char* bad : {"17,", ",17", "17 3", "17,,3", "-1", "256", "0x11", "017", "+3", "a"}) {
        EXPECT_EQ(suite_list(bad), std::nullopt) << bad;
    }
    EXPECT_THAT(name_list("a,b"), ElementsAre("a", "b"));
    EXPECT_THAT(name_list("a,"), ElementsAre("a", ""));
    EXPECT_THAT(name_list(""), IsEmpty());
}

} // namespace
} // namespace knell::fencing::ipmi
