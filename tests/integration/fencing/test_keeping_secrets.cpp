// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/integration/fencing/cores.hpp"
#include "tests/integration/fencing/session_test.hpp"
#include "tests/unit/fencing/script.hpp"

#include <csignal>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace knell::fencing {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TEST_F(SessionTest, the_helper_keeps_to_itself)
{
    const LabBmc bmc;
    const int leak = ::open("/dev/null", O_RDONLY); // without CLOEXEC
    IpmiAgent agent{loop, device(bmc.port()), helper};
    ASSERT_EQ(ask_for(agent, PowerAction::prepare).fault, PowerFault::none);
    const auto proc = "/proc/" + std::to_string(agent.helper_pid());
    EXPECT_THAT(file_text(proc + "/cmdline"), Not(HasSubstr("knell-secret")));
    EXPECT_THAT(file_text(proc + "/environ"), Not(HasSubstr("knell-secret")));
    EXPECT_THAT(file_text(proc + "/limits"), ContainsRegex("Max core file size +0 +0 "));
    EXPECT_THAT(file_text(proc + "/status"), HasSubstr("NoNewPrivs:\t1"));
    std::vector<std::string> files;
    for (const auto& file : std::filesystem::directory_iterator{proc + "/fd"}) {
        files.push_back(file.path().filename());
    }
    ::close(leak);
    EXPECT_EQ(files.size(), 4U) << "its socket, /dev/null, our standard error, and the BMC's";
}

/// In a process of its own; see what_a_core_would_show().
std::string core_of_a_helper(const IpmiDevice& device, const std::string& helper)
{
    let_cores_be_left();
    boost::asio::io_context loop;
    IpmiAgent agent{loop, device, helper};
    const auto reply =
        ask(loop, agent, command(PowerAction::prepare, 1, 15s, SystemUuid{bmc_guid}));
    if (!reply || reply->fault != PowerFault::none) {
        return "there is no session";
    }
    return what_a_core_would_show(agent.helper_pid(), "knell-secret");
}

TEST_F(SessionTest, the_helper_leaves_no_core_even_where_its_limit_would_let_it)
{
    if (::geteuid() != 0) {
        GTEST_SUCCEED() << "only root can look for the secret in it";
        return;
    }
    const LabBmc bmc;
    EXPECT_EQ(apart([&] { return core_of_a_helper(device(bmc.port()), helper); }), "");
}

/// Asks a frozen BMC something, so that the helper is deep in libfreeipmi, then
/// dies without a word. Its exit status says whether it got that far.
void die_with_a_helper_in_flight(const IpmiDevice& device, const std::string& helper, int pipe)
{
    boost::asio::io_context loop;
    IpmiAgent agent{loop, device, helper};
    agent.execute(command(PowerAction::off, 1, 60s, SystemUuid{bmc_guid}), [](auto) {});
    static_cast<void>(run_until(
        loop, [] { return false; }, 300ms));
    const int pid = agent.helper_pid();
    const bool told = ::write(pipe, &pid, sizeof pid) == sizeof pid;
    ::_exit(told ? 0 : 1);
}

TEST_F(SessionTest, the_helper_does_not_outlive_the_daemon)
{
    const LabBmc bmc;
    bmc.freeze();
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t daemon = ::fork();
    if (daemon == 0) {
        die_with_a_helper_in_flight(device(bmc.port()), helper, ends[1]);
    }
    int pid = 0;
    ASSERT_EQ(::read(ends[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    ::close(ends[0]);
    ::close(ends[1]);
    ASSERT_GT(pid, 0);
    int status = 0;
    ASSERT_EQ(::waitpid(daemon, &status, 0), daemon);
    EXPECT_EQ(status, 0);
    EXPECT_TRUE(run_until(
        loop, [=] { return dead(pid); }, 3s))
        << "long before libfreeipmi would have given up";
}

} // namespace
} // namespace knell::fencing
