// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/integration/fencing/bmc.hpp"
#include "tests/integration/fencing/cores.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <regex>
#include <thread>
#include <unistd.h>

namespace knell::fencing {
namespace {

using namespace std::chrono_literals;

void write(const std::string& name, const std::string& text)
{
    std::ofstream{name} << text;
    std::filesystem::permissions(name, std::filesystem::perms{0600});
}

const std::string configuration = R"(networks: [mgmt]
state: HERE/state
control: {socket: HERE/control}
metrics: none
sentinels: {targets: [{name: gateway, network: mgmt, address: 127.0.0.1}]}
heartbeat: {listen: ["127.0.0.1:PORT"], site_key: {file: site.key}}
fencing: {helper: /bin/false}
nova: {cloud: none, clouds_file: HERE/clouds.yaml}
hosts:
  - name: compute1
    addresses: {mgmt: 127.0.0.2}
    fence: [{type: ipmi, address: 127.0.0.1, username: knell, password: {file: bmc}}]
)";
const std::string clouds = R"(clouds:
  none:
    auth: {auth_url: "http://127.0.0.1:1/v3", username: knell, password: nova-canary,
           user_domain_id: default, project_id: p}
)";

/// In a process of its own; see what_a_core_would_show().
std::string core_of_knelld()
{
    const auto here = std::filesystem::current_path().string();
    const auto placed = std::regex_replace(configuration, std::regex{"HERE"}, here);
    write("bmc", "bmc-canary\n");
    write("site.key", std::string(64, '5') + "\n");
    write("clouds.yaml", clouds);
    write("knell.yaml",
          std::regex_replace(placed, std::regex{"PORT"}, std::to_string(free_port())));
    std::filesystem::create_directory("state");
    std::filesystem::permissions("state", std::filesystem::perms{0700});
    let_cores_be_left();
    const ChildProcess knelld{{KNELLD, "--config", here + "/knell.yaml"}, "log"};
    for (int i = 0; i < 600 && !std::filesystem::exists("control"); ++i) {
        std::this_thread::sleep_for(50ms);
    }
    if (!std::filesystem::exists("control")) {
        std::ifstream log{"log"};
        return "knelld does not run: " + std::string{std::istreambuf_iterator<char>{log}, {}};
    }
    return what_a_core_would_show(knelld.pid(), "bmc-canary");
}

TEST(Knelld, leaves_no_core_even_where_its_limit_would_let_it)
{
    if (::geteuid() != 0) {
        GTEST_SUCCEED() << "only root can look for the secret in it";
        return;
    }
    EXPECT_EQ(apart(core_of_knelld), "");
}

} // namespace
} // namespace knell::fencing
