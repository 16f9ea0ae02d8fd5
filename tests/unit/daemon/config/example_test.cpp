// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk.hpp"

#include <gmock/gmock.h>

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
  - {name: a, addresses: {mgmt: 192.0.2.11}, fence: [{address: 198.51.100.11, username: knell, password: {file: secrets/bmc}}]}
  - {name: b, addresses: {mgmt: 192.0.2.12}}
)");
    ASSERT_THAT(standard.hosts, ::testing::SizeIs(2));
    EXPECT_EQ(shown.policy.gate.mode, standard.policy.gate.mode);
    EXPECT_EQ(shown.policy.gate.budget, standard.policy.gate.budget);
    EXPECT_EQ(shown.policy.gate.budget_window, standard.policy.gate.budget_window);
    EXPECT_EQ(shown.policy.vantage.stall, standard.policy.vantage.stall);
    EXPECT_EQ(shown.policy.vantage.need, standard.policy.vantage.need);
    EXPECT_EQ(shown.policy.nova.reply, standard.policy.nova.reply);
    EXPECT_EQ(shown.policy.nova.retry, standard.policy.nova.retry);
    EXPECT_EQ(shown.policy.nova.retry_most, standard.policy.nova.retry_most);
    EXPECT_EQ(shown.policy.nova.request_lifetime, standard.policy.nova.request_lifetime);
    EXPECT_EQ(shown.state, standard.state);
    EXPECT_EQ(shown.control.socket, standard.control.socket);
    EXPECT_EQ(shown.fence_helper, standard.fence_helper);
    EXPECT_EQ(shown.heartbeat_listen, standard.heartbeat_listen);

    const HostPolicy& one = shown.policy.hosts[0];
    const HostPolicy& other = standard.policy.hosts[0];
    ASSERT_EQ(one.monitors.size(), other.monitors.size());
    for (std::size_t i = 0; i < one.monitors.size(); ++i) {
        EXPECT_EQ(one.monitors[i].interval, other.monitors[i].interval);
        EXPECT_EQ(one.monitors[i].fall, other.monitors[i].fall);
        EXPECT_EQ(one.monitors[i].rise, other.monitors[i].rise);
    }
    EXPECT_EQ(shown.icmp_targets[1].patience, standard.icmp_targets[0].patience);
    EXPECT_EQ(one.fence.poll, other.fence.poll);
    EXPECT_EQ(one.fence.settle, other.fence.settle);
    EXPECT_EQ(one.fence.readings, other.fence.readings);
    EXPECT_EQ(one.fence.reply, other.fence.reply);
    EXPECT_EQ(one.fence.per_device, other.fence.per_device);
    EXPECT_EQ(one.fence.fresh, other.fence.fresh);
    EXPECT_EQ(one.fence.retry, other.fence.retry);
    EXPECT_EQ(one.fence.watch, other.fence.watch);
    EXPECT_EQ(one.auto_readmit, other.auto_readmit);
    EXPECT_EQ(one.hold_down, other.hold_down);
    EXPECT_EQ(one.goodbye_grace, other.goodbye_grace);
    EXPECT_EQ(one.userspace_warning, other.userspace_warning);
    EXPECT_EQ(one.identity_check, other.identity_check);
    EXPECT_EQ(shown.hosts[0].devices[0].cipher_suites, standard.hosts[0].devices[0].cipher_suites);
    EXPECT_EQ(shown.hosts[0].devices[0].privilege, standard.hosts[0].devices[0].privilege);
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
