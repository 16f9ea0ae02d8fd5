// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/agent_config.hpp"
#include "folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace knell::agent {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string digits(64, 'a');

struct AgentConfigTest : testing::Test {
    std::variant<AgentConfig, ConfigFaults> load(const std::string& text,
                                                 const std::string& credentials = {})
    {
        return load_config(folder.file("agent.yaml", text), credentials, folder.path());
    }
    ConfigFaults faults(const std::string& text)
    {
        auto loaded = load(text);
        auto* faults = std::get_if<ConfigFaults>(&loaded);
        return faults != nullptr ? *faults : ConfigFaults{};
    }
    /// A good configuration and one more line.
    std::string good(const std::string& more = {}) const
    {
        return "host: compute1\ncontrollers: [\"10.0.0.1:7412\"]\nkey: {file: " + key + "}\n" +
               more;
    }

    Folder folder;
    std::string key = folder.file("key", digits + "\n");
};

TEST_F(AgentConfigTest, a_short_configuration_has_the_documented_defaults)
{
    const auto loaded = load(good());
    ASSERT_TRUE(std::holds_alternative<AgentConfig>(loaded));
    const auto& config = std::get<AgentConfig>(loaded);
    EXPECT_EQ(config.host, HostId{"compute1"});
    EXPECT_EQ(config.interval, 200ms);
    EXPECT_EQ(config.key.reveal(), std::string(32, '\xaa'));
    EXPECT_EQ(std::get<UnitCheck>(config.nova_compute).unit, "nova-compute.service");
    EXPECT_EQ(std::get<SocketCheck>(config.libvirt).path, "/run/libvirt/libvirt-sock-ro");
    EXPECT_EQ(config.goodbye, GoodbyeRule::on_shutdown);
    EXPECT_TRUE(config.channel.empty());
    EXPECT_NE(config.boot, monitor::Bytes16{});
}

TEST_F(AgentConfigTest, everything_can_be_said)
{
    const auto boot = folder.file("boot", "00000000-0000-0000-0000-000000000001\n");
    const auto uuid = folder.file("uuid", "00000000-0000-0000-0000-000000000002\n");
    const auto loaded =
        load("host: compute1\n"
             "controllers: [\"[fd00::1]:7412\", {address: \"10.0.0.1:1\", from: 10.0.0.2}]\n"
             "interval: 1s\nkey: {file: " +
             key + "}\nboot_id_file: " + boot + "\nsystem_uuid_file: " + uuid +
             "\nhealth: {nova_compute: {process: nova-compute}, libvirt: {pidfile: /run/p}}\n"
             "goodbye: always\nchannel: {listen: [\"0.0.0.0:7413\", \"[::]:7413\"]}\n");
    ASSERT_TRUE(std::holds_alternative<AgentConfig>(loaded));
    const auto& config = std::get<AgentConfig>(loaded);
    ASSERT_EQ(config.controllers.size(), 2U);
    EXPECT_EQ(to_string(config.controllers[0].to), "[fd00::1]:7412");
    EXPECT_EQ(to_string(*config.controllers[1].from), "10.0.0.2");
    EXPECT_EQ(config.interval, 1s);
    EXPECT_EQ(config.boot[15], 1);
    EXPECT_EQ(config.system_uuid->at(15), 2);
    EXPECT_EQ(std::get<ProcessCheck>(config.nova_compute).name, "nova-compute");
    EXPECT_EQ(config.goodbye, GoodbyeRule::always);
    ASSERT_EQ(config.channel.size(), 2U);
    EXPECT_EQ(to_string(config.channel[1]), "[::]:7413");
}

TEST_F(AgentConfigTest, a_credential_of_systemd_serves_as_key_and_as_uuid)
{
    folder.file("heartbeat.key", digits, 0444); // systemd guards the folder, not the file
    folder.file("product_uuid", "00000000-0000-0000-0000-000000000003\n");
    const auto loaded = load("host: a\ncontrollers: [\"10.0.0.1:1\"]\n"
                             "key: {credential: heartbeat.key}\n",
                             folder.path());
    ASSERT_TRUE(std::holds_alternative<AgentConfig>(loaded));
    EXPECT_EQ(std::get<AgentConfig>(loaded).system_uuid->at(15), 3);
}

TEST_F(AgentConfigTest, all_faults_are_told_at_once_with_their_places)
{
    const auto all = faults("host: [a]\ncontrollers: [\"localhost:1\", \"10.0.0.1\"]\n"
                            "interval: 200\ncolour: red\ninterval: 1s\n");
    EXPECT_THAT(all, ElementsAre(HasSubstr("agent.yaml:1:7: host"),
                                 HasSubstr("agent.yaml:2:15: a controller is"),
                                 HasSubstr("agent.yaml:2:30: a controller is"),
                                 HasSubstr("agent.yaml:3:11: interval must be a time"),
                                 HasSubstr("agent.yaml:4:1: \"colour\" is unknown"),
                                 HasSubstr("agent.yaml:5:1: \"interval\" is given twice"),
                                 HasSubstr("key is missing")));
}

TEST_F(AgentConfigTest, a_key_that_everybody_can_read_is_refused_with_the_remedy)
{
    key = folder.file("open", digits, 0644);
    EXPECT_THAT(faults(good()), ElementsAre(HasSubstr("chmod o= ")));
}

TEST_F(AgentConfigTest, a_wrong_key_is_refused_and_not_shown)
{
    key = folder.file("short", "cafebabe");
    EXPECT_THAT(faults(good()),
                ElementsAre(AllOf(HasSubstr("64 hexadecimal"), Not(HasSubstr("cafebabe")))));
}

TEST_F(AgentConfigTest, a_key_written_into_the_configuration_is_refused)
{
    EXPECT_THAT(faults("host: a\ncontrollers: [\"10.0.0.1:1\"]\nkey: " + digits + "\n"),
                testing::Each(Not(HasSubstr(digits))));
    EXPECT_FALSE(faults("host: a\ncontrollers: [\"10.0.0.1:1\"]\nkey: " + digits + "\n").empty());
}

TEST_F(AgentConfigTest, one_who_checks_by_hand_reads_a_credential_where_the_service_takes_it_from)
{
    const std::string text = "host: a\ncontrollers: [\"10.0.0.1:1\"]\nkey: {credential: by-hand}\n";
    folder.file("by-hand", digits);
    EXPECT_THAT(faults(text), testing::IsEmpty());
    folder.file("by-hand", digits, 0644);
    EXPECT_THAT(faults(text), ElementsAre(HasSubstr("chmod o= ")))
        << "no folder of systemd's guards it";
}

TEST_F(AgentConfigTest, a_credential_that_is_missing_or_a_path_is_refused)
{
    const std::string head = "host: a\ncontrollers: [\"10.0.0.1:1\"]\n";
    EXPECT_THAT(faults(head + "key: {credential: k}\n"), ElementsAre(HasSubstr("No such file")));
    EXPECT_THAT(faults(head + "key: {credential: ../k}\n"), ElementsAre(HasSubstr("no path")));
}

TEST_F(AgentConfigTest, what_is_no_yaml_or_no_map_or_no_file_is_told)
{
    EXPECT_FALSE(faults("[").empty());
    EXPECT_FALSE(faults("- a").empty());
    EXPECT_FALSE(faults("").empty());
    EXPECT_FALSE(faults(std::string(70000, '[')).empty());
    EXPECT_TRUE(std::holds_alternative<ConfigFaults>(load_config(folder.path() + "/none", "")));
    EXPECT_TRUE(std::holds_alternative<ConfigFaults>(load_config(folder.path(), "")));
}

TEST_F(AgentConfigTest, half_of_a_long_file_is_not_taken_for_the_whole)
{
    EXPECT_THAT(faults(good() + std::string(64UL * 1024, '#') + "\ninterval: 1s\n"),
                ElementsAre(HasSubstr("File too large")));
}

TEST_F(AgentConfigTest, the_channel_listens_at_no_more_than_sixteen_places)
{
    std::string listen;
    for (int i = 1; i <= 16; ++i) {
        listen += "\"0.0.0.0:" + std::to_string(i) + "\", ";
    }
    EXPECT_TRUE(faults(good("channel: {listen: [" + listen + "]}\n")).empty());
    EXPECT_THAT(faults(good("channel: {listen: [" + listen + "\"0.0.0.0:17\"]}\n")),
                ElementsAre(HasSubstr("agent.yaml:4:19: listen must be a list of at most 16")));
}

TEST_F(AgentConfigTest, every_wrong_value_is_noticed)
{
    for (const char* line : {"interval: 5ms",
                             "interval: 61s",
                             "interval: -1s",
                             "interval: 1",
                             "interval: []",
                             "goodbye: maybe",
                             "health: []",
                             "health: {nova_compute: {unit: a, pidfile: b}}",
                             "health: {nova_compute: {socket: a}}",
                             "health: {libvirt: {}}",
                             "health: {libvirt: {unit: ../a}}",
                             "boot_id_file: /nonexistent",
                             "channel: 7413",
                             "channel: {}",
                             "channel: {listen: \"0.0.0.0:7413\"}",
                             "channel: {listen: []}",
                             "channel: {listen: [\"0.0.0.0\"]}",
                             "channel: {listen: [\"0.0.0.0:0\"]}",
                             "channel: {listen: [\"localhost:7413\"]}",
                             "channel: {listen: [\"0.0.0.0:1\", \"0.0.0.0:1\"]}",
                             "channel: {listen: [[]]}",
                             "channel: {port: 7413, listen: [\"0.0.0.0:7413\"]}",
                             "system_uuid_file: /nonexistent",
                             "system_uuid_file: {credential: a}"}) {
        EXPECT_EQ(faults(good(line)).size(), 1U) << line;
    }
    EXPECT_TRUE(faults(good("health: {libvirt: null}")).empty());
}

} // namespace
} // namespace knell::agent
