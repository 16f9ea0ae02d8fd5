// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/fence_agent_api.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace knell::fencing::ipmi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

const std::string complete = "action=off\nip=10.0.1.11\nusername=knell\npassword=s3cret\n"
                             "guid=00112233-4455-6677-8899-AABBCCDDEEFF\n";

std::string complaint(const std::string& more)
{
    const auto order = order_from(settings_from_input(complete + more));
    return order ? std::string{} : order.error().text;
}

TEST(FenceAgentApi, unknown_keys_comments_and_nonsense_are_ignored_and_the_last_value_counts)
{
    EXPECT_THAT(settings_from_input("# action=off\n\naction=on\nnodename=n1\nnonsense\n=x\n"
                                    " action = status \r\nip=10.0.1.11"),
                ElementsAre(Pair("action", "status"), Pair("ip", "10.0.1.11")));
}

TEST(FenceAgentApi, older_names_of_the_same_things_are_known)
{
    EXPECT_THAT(settings_from_input("option=off\nipaddr=10.0.1.11\nlogin=l\npasswd=p\n"),
                ElementsAre(Pair("action", "off"), Pair("ip", "10.0.1.11"), Pair("password", "p"),
                            Pair("username", "l")));
}

TEST(FenceAgentApi, a_password_keeps_its_spaces_and_its_equals_signs)
{
    EXPECT_THAT(settings_from_input("password= a=b \r\n"), ElementsAre(Pair("password", " a=b ")));
}

TEST(FenceAgentApi, a_complete_order_carries_the_defaults)
{
    const auto order = order_from(settings_from_input(complete));
    ASSERT_TRUE(order) << order.error().text;
    EXPECT_EQ(order->action, HandAction::off);
    EXPECT_EQ(order->identity, SystemUuid{"00112233-4455-6677-8899-aabbccddeeff"});
    EXPECT_EQ(order->device.port, 623);
    EXPECT_THAT(order->device.cipher_suites, ElementsAre(17U, 3U));
    EXPECT_EQ(order->device.privilege, Privilege::operator_level);
    EXPECT_EQ(order->device.session_timeout, 5900ms);
    EXPECT_EQ(order->device.retransmission_timeout, 1s);
    EXPECT_FALSE(order->device.k_g);
    EXPECT_EQ(order->readings, 3U);
    EXPECT_EQ(order->settle, 2s);
    EXPECT_EQ(order->poll, 500ms);
    EXPECT_EQ(order->patience, 60s);
}

TEST(FenceAgentApi, there_is_no_default_action)
{
    EXPECT_THAT(action_of({}).error().text, HasSubstr("no action given"));
    EXPECT_THAT(complaint("action=\n"), HasSubstr("no action given"));
}

TEST(FenceAgentApi, reboot_is_refused_with_the_reason_and_the_way_out)
{
    for (const char* word : {"reboot", "cycle", "reset"}) {
        EXPECT_THAT(complaint(std::string{"action="} + word + "\n"),
                    HasSubstr("pcmk_reboot_action=off"));
    }
    EXPECT_THAT(complaint("action=OFF\n"), HasSubstr("unknown action"));
}

TEST(FenceAgentApi, without_an_identity_nothing_is_done_unless_that_was_said)
{
    EXPECT_THAT(complaint("guid=\n"), HasSubstr("guid=UUID"));
    EXPECT_EQ(complaint("guid=\nidentity=unchecked\n"), "");
    EXPECT_THAT(complaint("guid=0011\nidentity=unchecked\n"), HasSubstr("guid must be"));
    EXPECT_THAT(complaint("guid=00000000-0000-0000-0000-000000000000\n"),
                HasSubstr("guid must be"));
    EXPECT_THAT(complaint("identity=no\n"), HasSubstr("required or unchecked"));
    const auto order = order_from(settings_from_input(complete + "identity=unchecked\n"));
    EXPECT_TRUE(order->identity) << "a guid that was given is compared";
}

TEST(FenceAgentApi, every_bad_value_is_named)
{
    EXPECT_THAT(complaint("ip=bmc1\n"), HasSubstr("numeric"));
    EXPECT_THAT(complaint("ipport=0\n"), HasSubstr("port"));
    EXPECT_THAT(complaint("ipport=x\n"), HasSubstr("ipport"));
    EXPECT_THAT(complaint("cipher=0\n"), HasSubstr("suite 0"));
    EXPECT_THAT(complaint("cipher=best\n"), HasSubstr("cipher"));
    EXPECT_THAT(complaint("privlvl=root\n"), HasSubstr("privlvl"));
    EXPECT_THAT(complaint("workarounds=magic\n"), HasSubstr("magic"));
    EXPECT_THAT(complaint("hexadecimal_kg=abc\n"), HasSubstr("hexadecimal_kg"));
    EXPECT_THAT(complaint("hexadecimal_kg=zz\n"), HasSubstr("hexadecimal_kg"));
    EXPECT_THAT(complaint("readings=1\n"), HasSubstr("readings"));
    EXPECT_THAT(complaint("settle=0\n"), HasSubstr("settle"));
    EXPECT_THAT(complaint("settle=2s\n"), HasSubstr("settle"));
    EXPECT_THAT(complaint("poll=0.01\n"), HasSubstr("poll"));
    EXPECT_THAT(complaint("power_timeout=2\n"), HasSubstr("power_timeout"));
    EXPECT_THAT(complaint("session_timeout=1.2345\n"), HasSubstr("session_timeout"));
    EXPECT_THAT(complaint("username=\n"), HasSubstr("user name"));
    EXPECT_THAT(complaint("password=\n"), HasSubstr("password"));
}

TEST(FenceAgentApi, k_g_is_read_as_bytes)
{
    const auto order = order_from(settings_from_input(complete + "hexadecimal_kg=0x00fFa1\n"));
    ASSERT_TRUE(order && order->device.k_g);
    EXPECT_EQ(order->device.k_g->reveal(), std::string("\0\xff\xa1", 3));
}

TEST(FenceAgentApi, a_command_line_is_read_in_all_its_spellings)
{
    const auto arguments =
        read_arguments({"--action=off", "-a", "10.0.1.11", "-lknell", "--cipher", "3", "--stdin"});
    ASSERT_TRUE(arguments) << arguments.error().text;
    EXPECT_TRUE(arguments->read_input);
    EXPECT_THAT(arguments->settings,
                ElementsAre(Pair("action", "off"), Pair("cipher", "3"), Pair("ip", "10.0.1.11"),
                            Pair("username", "knell")));
    EXPECT_TRUE(read_arguments({})->read_input);
    EXPECT_FALSE(read_arguments({"-o", "metadata"})->read_input);
    EXPECT_TRUE(read_arguments({"--help"})->help);
    EXPECT_TRUE(read_arguments({"-V"})->version);
    EXPECT_TRUE(read_arguments({"--serve"})->serve);
}

TEST(FenceAgentApi, a_secret_on_the_command_line_is_refused_and_not_repeated)
{
    for (const std::vector<std::string>& words : {std::vector<std::string>{"--password=s3cret"},
                                                  {"--password", "s3cret"},
                                                  {"-ps3cret"},
                                                  {"-p", "s3cret"},
                                                  {"--passwd=s3cret"},
                                                  {"--hexadecimal_kg=s3cret"}}) {
        const auto arguments = read_arguments(words);
        ASSERT_FALSE(arguments);
        EXPECT_THAT(arguments.error().text, HasSubstr("standard input"));
        EXPECT_THAT(arguments.error().text, Not(HasSubstr("s3cret")));
    }
}

TEST(FenceAgentApi, an_unknown_argument_is_an_error)
{
    for (const char* word : {"--frobnicate=s3cret", "off", "-x", "-", "--", "--=x", ""}) {
        const auto arguments = read_arguments({word});
        ASSERT_FALSE(arguments) << word;
        EXPECT_THAT(arguments.error().text, Not(HasSubstr("s3cret")));
    }
    EXPECT_THAT(read_arguments({"--ip"}).error().text, HasSubstr("wants a value"));
}

/// Enough of an XML reader to see that every tag is closed in its place.
bool well_formed(std::string_view xml)
{
    std::vector<std::string> open;
    for (auto at = xml.find('<'); at != std::string_view::npos; at = xml.find('<', at + 1)) {
        const auto end = xml.find('>', at);
        if (end == std::string_view::npos) {
            return false;
        }
        const auto tag = xml.substr(at + 1, end - at - 1);
        const std::string name{tag.substr(0, tag.find_first_of(" /", 1))};
        if (tag.front() == '?' || tag.back() == '/') {
            continue;
        }
        if (tag.front() != '/') {
            open.push_back(name);
        } else if (open.empty() || "/" + open.back() != tag) {
            return false;
        } else {
            open.pop_back();
        }
    }
    return open.empty();
}

TEST(FenceAgentApi, the_metadata_is_well_formed_and_complete)
{
    const auto xml = metadata();
    EXPECT_TRUE(well_formed(xml));
    for (const auto& option : options()) {
        EXPECT_THAT(xml, HasSubstr("<parameter name=\"" + std::string{option.key} + "\""));
        EXPECT_THAT(help(), HasSubstr("\n  " + std::string{option.key}));
    }
    for (const char* action : {"off", "status", "monitor", "list", "metadata", "validate-all"}) {
        EXPECT_THAT(xml, HasSubstr("<action name=\"" + std::string{action} + "\" />"));
    }
    EXPECT_THAT(xml, HasSubstr("<action name=\"on\" automatic=\"0\" />"));
    EXPECT_THAT(xml, Not(HasSubstr("\"reboot\"")));
    EXPECT_THAT(xml, Not(HasSubstr("--password=")));
}

TEST(FenceAgentApi, no_action_is_the_default_in_the_metadata_either)
{
    for (const auto& option : options()) {
        EXPECT_TRUE(option.key != "action" || option.otherwise.empty());
    }
    EXPECT_THAT(order_from({}).error().text, Not(IsEmpty()));
}

} // namespace
} // namespace knell::fencing::ipmi
