// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/identity.hpp"

#include <gtest/gtest.h>

namespace knell::fencing::ipmi {
namespace {

const Guid as_text{0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                   0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
const Guid as_smbios{0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
                     0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
const Guid as_ipmi{0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa, 0x99, 0x88,
                   0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x00};

TEST(Identity, a_uuid_is_read_in_either_case_and_written_in_lower_case)
{
    EXPECT_EQ(uuid_bytes("00112233-4455-6677-8899-AABBCCDDEEFF"), as_text);
    EXPECT_EQ(uuid_bytes("00112233-4455-6677-8899-aabbccddeeff"), as_text);
    EXPECT_EQ(text_of(as_text), "00112233-4455-6677-8899-aabbccddeeff");
}

TEST(Identity, what_is_nearly_a_uuid_is_none)
{
    for (const char* bad :
         {"", "00112233445566778899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeef",
          "00112233-4455-6677-8899-aabbccddeeff0", "0011223-34455-6677-8899-aabbccddeeff",
          "00112233-4455-6677-8899-aabbccddeefg", "00112233_4455_6677_8899_aabbccddeeff",
          "{0112233-4455-6677-8899-aabbccddeef}", " 0112233-4455-6677-8899-aabbccddeeff"}) {
        EXPECT_EQ(uuid_bytes(bad), std::nullopt) << bad;
    }
}

TEST(Identity, the_same_machine_is_known_in_every_order_of_bytes_that_bmcs_use)
{
    EXPECT_TRUE(same_system(as_text, as_text));
    EXPECT_TRUE(same_system(as_smbios, as_text));
    EXPECT_TRUE(same_system(as_ipmi, as_text));
}

TEST(Identity, another_machine_is_not)
{
    for (std::size_t i = 0; i < as_text.size(); ++i) {
        for (Guid other : {as_text, as_smbios, as_ipmi}) {
            other[i] ^= 0x01;
            EXPECT_FALSE(same_system(other, as_text)) << i;
        }
    }
}

TEST(Identity, a_blank_guid_is_nobodys_not_even_a_blank_ones)
{
    Guid zeros{};
    Guid ones;
    ones.fill(0xff);
    EXPECT_TRUE(blank(zeros));
    EXPECT_TRUE(blank(ones));
    EXPECT_FALSE(blank(as_text));
    EXPECT_FALSE(same_system(zeros, zeros));
    EXPECT_FALSE(same_system(ones, ones));
    EXPECT_FALSE(same_system(zeros, as_text));
}

} // namespace
} // namespace knell::fencing::ipmi
