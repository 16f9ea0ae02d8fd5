// SPDX-License-Identifier: GPL-3.0-or-later
#include "world.hpp"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

namespace knell::monitor {
namespace {

/// Every test runs in a network of its own: loopback, and a link on which nobody answers.
class OwnNetwork : public testing::Environment {
public:
    void SetUp() override
    {
        if (unshare(CLONE_NEWNET) != 0) {
            ASSERT_EQ(unshare(CLONE_NEWUSER | CLONE_NEWNET), 0) << "needs a network namespace";
        }
        for (const char* command :
             {"ip link set lo up", "ip link add knell0 type veth peer name knell1",
              "ip addr add 10.77.0.1/24 dev knell0", "ip addr add fd77::1/64 dev knell0 nodad",
              "ip link set knell0 up", "ip link set knell1 up"}) {
            ASSERT_EQ(std::system(command), 0) << command; // NOLINT: fixed text
        }
    }
};

// GoogleTest owns it.
[[maybe_unused]] auto* const own_network = testing::AddGlobalTestEnvironment(new OwnNetwork);

} // namespace

void Listener::run_for(Duration duration)
{
    loop.restart();
    loop.run_for(duration);
}

bool Listener::run_until(const std::function<bool()>& enough, Duration at_most)
{
    const auto end = std::chrono::steady_clock::now() + at_most;
    while (!enough() && std::chrono::steady_clock::now() < end) {
        run_for(10ms);
    }
    return enough();
}

std::size_t Listener::count(Pulse pulse, const std::string& host) const
{
    std::size_t count = 0;
    for (const auto& event : events) {
        const auto* result = std::get_if<ProbeResult>(&event);
        count += result != nullptr && result->pulse == pulse && result->host.get() == host;
    }
    return count;
}

std::size_t Listener::goodbyes() const
{
    std::size_t count = 0;
    for (const auto& event : events) {
        count += std::holds_alternative<Goodbye>(event);
    }
    return count;
}

TemporaryFolder::TemporaryFolder()
{
    std::string name = std::filesystem::temp_directory_path() / "knell-test-XXXXXX";
    path_ = mkdtemp(name.data()) != nullptr ? name : "";
}

TemporaryFolder::~TemporaryFolder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::file(const std::string& name, const std::string& text) const
{
    const std::string path = path_ + "/" + name;
    std::ofstream{path} << text;
    std::filesystem::permissions(path, std::filesystem::perms::owner_read |
                                           std::filesystem::perms::owner_write);
    return path;
}

AgentProcess::AgentProcess(const Options& options)
{
    const auto key = folder_.file("key", options.key + "\n");
    const auto boot = folder_.file("boot", options.boot + "\n");
    const auto uuid = folder_.file("uuid", "AABBCCDD-0000-0000-0000-000000000001\n");
    const auto pid = folder_.file("pid", std::to_string(getpid()) + "\n");
    const auto config = folder_.file(
        "agent.yaml", "host: " + options.host + "\ncontrollers: " + options.controllers +
                          "\ninterval: 100ms\nkey: {file: " + key + "}\nboot_id_file: " + boot +
                          "\nsystem_uuid_file: " + uuid + "\ngoodbye: " + options.goodbye +
                          "\nhealth: {nova_compute: {pidfile: " + pid + "}, libvirt: null}\n");
    int ready[2];
    EXPECT_EQ(pipe2(ready, O_CLOEXEC), 0);
    process_ = fork();
    if (process_ == 0) {
        dup2(ready[1], STDERR_FILENO);
        execl(KNELL_AGENT, KNELL_AGENT, "--config", config.c_str(), nullptr);
        _exit(127);
    }
    // It speaks first when it has read its configuration.
    close(ready[1]);
    said_ = ready[0];
    char said = 0;
    EXPECT_EQ(read(ready[0], &said, 1), 1);
}

AgentProcess::~AgentProcess()
{
    if (process_ > 0) {
        kill(process_, SIGKILL);
        waitpid(process_, nullptr, 0);
    }
    close(said_);
}

void AgentProcess::signal(int number) const
{
    kill(process_, number);
}

int AgentProcess::wait()
{
    int status = 0;
    waitpid(process_, &status, 0);
    process_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace knell::monitor
