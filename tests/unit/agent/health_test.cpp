// SPDX-License-Identifier: GPL-3.0-or-later
#include "agent/health.hpp"
#include "folder.hpp"

#include <csignal>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace knell::agent {
namespace {

TEST(Health, nothing_to_look_at_is_not_living)
{
    EXPECT_FALSE(lives(std::monostate{}));
    EXPECT_FALSE(lives(UnitCheck{"knell-no-such.service"}));
}

TEST(Health, a_pidfile_lives_as_long_as_its_process)
{
    const Folder folder;
    EXPECT_TRUE(lives(PidfileCheck{folder.file("own", std::to_string(getpid()))}));
    EXPECT_TRUE(lives(PidfileCheck{folder.file("init", "1\n")}));
    const pid_t gone = fork();
    if (gone == 0) {
        _exit(0);
    }
    waitpid(gone, nullptr, 0);
    EXPECT_FALSE(lives(PidfileCheck{folder.file("gone", std::to_string(gone))}));
    for (const char* text : {"", "x", "0", "-1"}) {
        EXPECT_FALSE(lives(PidfileCheck{folder.file("bad", text)})) << text;
    }
    EXPECT_FALSE(lives(PidfileCheck{folder.path() + "/none"}));
}

TEST(Health, a_process_is_found_by_its_name)
{
    std::ifstream comm{"/proc/self/comm"};
    std::string name;
    std::getline(comm, name);
    EXPECT_TRUE(lives(ProcessCheck{name}));
    EXPECT_FALSE(lives(ProcessCheck{"knell-no-such"}));
}

TEST(Health, a_socket_lives_while_somebody_listens)
{
    const Folder folder;
    const SocketCheck check{folder.path() + "/socket"};
    EXPECT_FALSE(lives(check));
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(check.path.begin(), check.path.end(), address.sun_path);
    ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_FALSE(lives(check));
    ASSERT_EQ(listen(listener, 4), 0);
    EXPECT_TRUE(lives(check));
    close(listener);
    EXPECT_FALSE(lives(check)) << "the file is still there, but nobody behind it";
    EXPECT_FALSE(lives(SocketCheck{std::string(200, 'a')}));
}

TEST(Health, a_bus_that_takes_connections_and_never_speaks_does_not_keep_the_agent_from_ending)
{
    const Folder folder;
    const std::string path = folder.path() + "/bus";
    const int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(listen(listener, 4), 0);
    // In a child, which an alarm ends if the question does: well before the 90 s that sd-bus grants
    // a login.
    const pid_t asker = fork();
    if (asker == 0) {
        setenv("DBUS_SYSTEM_BUS_ADDRESS", ("unix:path=" + path).c_str(), 1);
        alarm(30);
        static_cast<void>(host_is_shutting_down());
        _exit(7);
    }
    int status = 0;
    ASSERT_EQ(waitpid(asker, &status, 0), asker);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    close(listener);
}

} // namespace
} // namespace knell::agent
