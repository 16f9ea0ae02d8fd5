// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/keys.hpp"
#include "desk.hpp"

#include <gmock/gmock.h>
#include <regex>
#include <set>

namespace knell::config {
namespace {

std::string shipped()
{
    std::ifstream in{std::filesystem::path{KNELL_SOURCE_DIR} / "etc/knell.yaml"};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// Every setting of the example taken into use: prose has a space behind its #.
std::string with_every_setting()
{
    std::istringstream lines{shipped()};
    std::string out;
    for (std::string line; std::getline(lines, line);) {
        const bool setting = line.size() > 1 && line[0] == '#' && line[1] != ' ';
        const bool indented = line.starts_with("#  ");
        out += (setting || indented ? line.substr(1) : line) + "\n";
    }
    return out;
}

class Example : public Desk {
protected:
    Example()
    {
        write("credentials/secret_site.key", site_key_text + "\n", 0440);
        write("credentials/secret_bmc.password", "fence-me\n", 0440);
    }
};

TEST_F(Example, as_shipped_asks_for_hosts_and_nothing_else)
{
    const Loaded loaded = load_text(shipped());
    ASSERT_THAT(loaded.diagnostics, ::testing::SizeIs(1)) << words(loaded);
    EXPECT_THAT(loaded.diagnostics[0].message, ::testing::HasSubstr("`hosts`"));
}

TEST_F(Example, with_every_setting_is_good_and_shows_the_defaults)
{
    const Loaded loaded = load_text(with_every_setting());
    ASSERT_TRUE(loaded.config.has_value()) << words(loaded) << with_every_setting();
    EXPECT_THAT(loaded.diagnostics, ::testing::IsEmpty()) << words(loaded);
    const Config& shown = *loaded.config;
    EXPECT_THAT(shown.hosts, ::testing::SizeIs(20));

    const Config standard = good(R"(
networks: [mgmt]
heartbeat: {site_key: {file: secrets/site.key}}
hosts:
  - {name: a, failure_domains: [rack1], addresses: {mgmt: 192.0.2.11}, fence: [{address: 198.51.100.11, username: knell, password: {file: secrets/bmc}}]}
  - {name: b, addresses: {mgmt: 192.0.2.12}}
)");
    ASSERT_THAT(standard.hosts, ::testing::SizeIs(2));
    EXPECT_EQ(shown.policy.gate, standard.policy.gate);
    EXPECT_EQ(shown.tcp_targets.size(), standard.tcp_targets.size());
    EXPECT_EQ(shown.channel_targets.size(), standard.channel_targets.size());
    EXPECT_EQ(shown.policy.vantage.stall, standard.policy.vantage.stall);
    EXPECT_EQ(shown.policy.vantage.need, standard.policy.vantage.need);
    EXPECT_EQ(shown.policy.nova, standard.policy.nova);
    EXPECT_EQ(shown.policy.unseen_alarm, standard.policy.unseen_alarm);
    EXPECT_EQ(shown.metrics, standard.metrics);
    EXPECT_EQ(shown.state, standard.state);
    EXPECT_EQ(shown.control.socket, standard.control.socket);
    EXPECT_EQ(shown.fence_helper, standard.fence_helper);
    EXPECT_EQ(shown.heartbeat_listen, standard.heartbeat_listen);

    HostPolicy one = shown.policy.hosts[0];
    const HostPolicy& other = standard.policy.hosts[0];
    one.host = other.host;
    one.devices = other.devices;
    EXPECT_EQ(one, other);
    EXPECT_EQ(shown.icmp_targets[1].patience, standard.icmp_targets[0].patience);
    EXPECT_EQ(shown.icmp_targets[1].dense_interval, standard.icmp_targets[0].dense_interval);
    EXPECT_EQ(shown.hosts[0].devices[0].cipher_suites, standard.hosts[0].devices[0].cipher_suites);
    EXPECT_EQ(shown.hosts[0].devices[0].privilege, standard.hosts[0].devices[0].privilege);
}

std::string text_of(const char* path)
{
    std::ifstream in{std::filesystem::path{KNELL_SOURCE_DIR} / path};
    return {std::istreambuf_iterator<char>{in}, {}};
}

TEST(Keys, are_each_told_in_the_manual)
{
    const std::string manual = text_of("doc/man/knell.yaml.5.md");
    std::set<std::string> told;
    const std::regex bold_or_heading{R"(\*\*([^*]+)\*\*|\n#+ (.*))"};
    const std::regex word{"[a-z_]+"};
    for (std::sregex_iterator at{manual.begin(), manual.end(), bold_or_heading}, end; at != end;
         ++at) {
        const std::string text = at->str();
        for (std::sregex_iterator each{text.begin(), text.end(), word}; each != end; ++each) {
            told.insert(each->str());
        }
    }
    for (const std::string& key : all_keys()) {
        EXPECT_TRUE(told.contains(key)) << key;
    }
}

TEST(Keys, are_each_in_the_example)
{
    const std::set<std::string> of_old_files{"failure_domain", "userspace_warning"};
    const std::string example = shipped();
    for (const std::string& key : all_keys()) {
        const bool shown = std::regex_search(example, std::regex{"[#\\s{]" + key + ":"});
        EXPECT_EQ(shown, !of_old_files.contains(key)) << key;
    }
}

TEST_F(Example, of_the_manual_is_good)
{
    std::ifstream in{std::filesystem::path{KNELL_SOURCE_DIR} / "doc/man/knell.yaml.5.md"};
    std::string text;
    bool inside = false;
    for (std::string line; std::getline(in, line);) {
        inside = line == "# EXAMPLE" || (inside && !line.starts_with('#'));
        if (inside && line.starts_with("    ")) {
            text += line.substr(4) + "\n";
        }
    }
    for (auto at = text.find("/etc/knell/"); at != std::string::npos;
         at = text.find("/etc/knell/")) {
        text.erase(at, std::string_view{"/etc/knell/"}.size());
    }
    write("secrets/bmc.password", "fence-me\n", 0600);
    EXPECT_THAT(good(text).hosts, ::testing::SizeIs(20));
}

} // namespace
} // namespace knell::config
