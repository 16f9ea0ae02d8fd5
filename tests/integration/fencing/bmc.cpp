// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/integration/fencing/bmc.hpp"

#include "tests/unit/fencing/script.hpp"

#include <arpa/inet.h>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace knell::fencing {
namespace {

sockaddr_in loopback(std::uint16_t port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

std::vector<std::string> lab_command(const Folder& folder, std::uint16_t port,
                                     const std::vector<std::string>& options)
{
    std::vector<std::string> command{KNELL_SOURCE_DIR "/tests/lab/bmc",
                                     "--address",
                                     "127.0.0.1",
                                     "--port",
                                     std::to_string(port),
                                     "--dir",
                                     folder.path().string(),
                                     "--guid",
                                     LabBmc::guid};
    command.insert(command.end(), options.begin(), options.end());
    return command;
}

constexpr const char* sim_lan = R"(name "test"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 @port@
    priv_limit admin
    allowed_auths_callback md5
    allowed_auths_user md5
    allowed_auths_operator md5
    allowed_auths_admin md5
    guid a123456789abcdefa1234567000000f1
  endlan
  chassis_control "@folder@/chassis"
  user 2 true "knell" "knell-secret" admin 10 md5
)";

constexpr const char* sim_emulation = R"(mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
mc_enable 0x20
)";

constexpr const char* sim_chassis = R"sh(#!/bin/sh
echo "$*" >>'@folder@/chassis.log'
case "$1 $2" in
"get power") echo "power:$(cat '@folder@/power')" ;;
"set power") echo "$3" >'@folder@/power' ;;
esac
)sh";

std::string filled_in(std::string text, const std::string& word, const std::string& value)
{
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
        text.replace(at, word.size(), value);
    }
    return text;
}

} // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command,
                           const std::filesystem::path& output)
{
    std::vector<std::string> words = command;
    std::vector<char*> arguments;
    for (auto& word : words) {
        arguments.push_back(word.data());
    }
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                     0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    EXPECT_EQ(
        posix_spawnp(&pid_, words.front().c_str(), &actions, nullptr, arguments.data(), environ),
        0);
    posix_spawn_file_actions_destroy(&actions);
}

ChildProcess::~ChildProcess()
{
    if (pid_ > 0) {
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
}

void ChildProcess::signal(int number) const noexcept
{
    ::kill(pid_, number);
}

Folder::Folder()
{
    auto name = (std::filesystem::path{testing::TempDir()} / "knell-bmc-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
}

Folder::~Folder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::uint16_t free_port()
{
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
    ::close(fd);
    return ntohs(address.sin_port);
}

bool answers_ipmi(std::uint16_t port)
{
    constexpr std::array<std::uint8_t, 23> question{0x06, 0x00, 0xff, 0x07, 0x00, 0x00, 0x00, 0x00,
                                                    0x00, 0x00, 0x00, 0x00, 0x00, 0x09, 0x20, 0x18,
                                                    0xc8, 0x81, 0x00, 0x38, 0x8e, 0x04, 0xb5};
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    const timeval patience{0, 100'000};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const auto address = loopback(port);
    std::array<char, 512> answer{};
    bool heard = false;
    for (int i = 0; i < 200 && !heard; ++i) {
        ::sendto(fd, question.data(), question.size(), 0,
                 reinterpret_cast<const sockaddr*>(&address), sizeof address);
        heard = ::recv(fd, answer.data(), answer.size(), 0) > 0;
    }
    ::close(fd);
    return heard;
}

LabBmc::LabBmc(const std::vector<std::string>& options)
    : port_{free_port()}, process_{lab_command(folder_, port_, options), folder_.path() / "log"}
{
    EXPECT_TRUE(answers_ipmi(port_)) << log();
}

void LabBmc::fault(const std::string& lines) const
{
    std::ofstream{folder_.path() / "bmc.fault.new"} << lines << "\n";
    std::filesystem::rename(folder_.path() / "bmc.fault.new", folder_.path() / "bmc.fault");
}

void LabBmc::freeze() const noexcept
{
    process_.signal(SIGSTOP);
}

void LabBmc::thaw() const noexcept
{
    process_.signal(SIGCONT);
}

std::string LabBmc::log() const
{
    return file_text((folder_.path() / "log").string());
}

unsigned LabBmc::count(const std::string& words) const
{
    const auto text = log();
    unsigned found = 0;
    for (auto at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) {
        ++found;
    }
    return found;
}

IpmiSim::IpmiSim() : port_{free_port()}, process_{configured(), folder_.path() / "log"}
{
    EXPECT_TRUE(answers_ipmi(port_)) << file_text((folder_.path() / "log").string());
}

std::vector<std::string> IpmiSim::configured() const
{
    const auto folder = folder_.path().string();
    const auto write = [&](const char* name, const char* text) {
        std::ofstream{folder_.path() / name}
            << filled_in(filled_in(text, "@folder@", folder), "@port@", std::to_string(port_));
    };
    write("lan.conf", sim_lan);
    write("bmc.emu", sim_emulation);
    write("chassis", sim_chassis);
    write("power", "1\n");
    std::filesystem::permissions(folder_.path() / "chassis", std::filesystem::perms::owner_all);
    std::filesystem::create_directory(folder_.path() / "state");
    return {
        "ipmi_sim", "-c", folder + "/lan.conf", "-f", folder + "/bmc.emu", "-s", folder + "/state",
        "-n",       "-p"};
}

bool IpmiSim::power_is_on() const
{
    return file_text((folder_.path() / "power").string()) == "1\n";
}

std::string IpmiSim::log() const
{
    return file_text((folder_.path() / "chassis.log").string());
}

} // namespace knell::fencing
