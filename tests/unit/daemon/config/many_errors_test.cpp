// SPDX-License-Identifier: GPL-3.0-or-later
// A whole inventory is mended in one go: nothing is shown only after something else was mended.
#include "desk.hpp"

#include <algorithm>
#include <array>
#include <gmock/gmock.h>

namespace knell::config {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr int hosts = 200;

/// One host, in one line of its own, and what is wrong with it.
struct Wrong {
    std::string line;
    std::string message;
};

std::string number(int n)
{
    return std::to_string(n);
}

Wrong wrong_host(int n)
{
    const std::string name = "compute" + number(n);
    const std::string address = "10.0." + number(n / 250) + "." + number(1 + n % 250);
    const std::string bmc = "10.1." + number(n / 250) + "." + number(1 + n % 250);
    const auto host = [](const std::string& a, const std::string& b, const std::string& more) {
        return "  - {name: " + a + ", addresses: {" + b + "}" + more + "}\n";
    };
    const auto fence = [](const std::string& rest) {
        return ", fence: [{type: ipmi, username: u, password: {file: secrets/bmc}, identity: "
               "unchecked, " +
               rest + "}]";
    };
    const std::string good = fence("address: " + bmc);
    const std::array<Wrong, 8> kinds{{
        {host(name, "mgnt: " + address, good), "network `mgnt` is not among `networks`"},
        {host(name, "mgmt: 10.0.0.300", good), "`10.0.0.300` "},
        {host("\"com pute" + number(n) + "\"", "mgmt: " + address, good), "is no host name"},
        {host(name, "mgmt: " + address, ", recovry: {}" + good), "`recovry`"},
        {host(name, "mgmt: " + address, ", never_fence: true" + good), "must say why"},
        {host(name, "mgmt: " + address, fence("address: bmc" + number(n))), "`bmc" + number(n)},
        {host(name, "mgmt: " + address, fence("address: " + bmc + ", port: 99999")), "99999"},
        {host(name, "mgmt: " + address, ", group: none" + number(n) + good),
         "there is no group `none" + number(n) + "`"},
    }};
    return kinds.at(static_cast<std::size_t>(n) % kinds.size());
}

TEST_F(Desk, two_hundred_wrong_hosts_are_told_at_once_each_with_its_line_and_remedy)
{
    std::string text = "mode: observe\nnetworks: [mgmt]\nmonitors: {heartbeat: none}\n"
                       "sentinels: {targets: [{name: gateway, network: mgmt, address: "
                       "10.2.0.1}]}\nhosts:\n";
    const auto before = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    std::vector<Wrong> all;
    for (int n = 0; n < hosts; ++n) {
        all.push_back(wrong_host(n));
        text += all.back().line;
    }
    const Loaded loaded = load_text(text);
    EXPECT_FALSE(loaded.config);
    for (std::size_t n = 0; n < all.size(); ++n) {
        const auto line = before + n + 1;
        const auto told = std::find_if(
            loaded.diagnostics.begin(), loaded.diagnostics.end(), [&](const Diagnostic& one) {
                return one.severity == Severity::error && one.at.line == line &&
                       one.message.find(all[n].message) != std::string::npos;
            });
        ASSERT_NE(told, loaded.diagnostics.end()) << all[n].line << words(loaded);
        EXPECT_NE(told->remedy, "") << told->message;
    }
    EXPECT_THAT(words(loaded), Not(HasSubstr("are not shown")));
}

} // namespace
} // namespace knell::config
