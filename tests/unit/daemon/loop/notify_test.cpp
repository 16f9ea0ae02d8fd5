// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/notify.hpp"

#include <cstdlib>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <vector>

namespace knell {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::MatchesRegex;

/// Stands where systemd would.
class NotifyTest : public testing::Test {
protected:
    NotifyTest()
    {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "knell-notify-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        const auto path = folder_ / "socket";
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path.native().copy(address.sun_path, sizeof address.sun_path - 1);
        socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    ~NotifyTest() override
    {
        ::unsetenv("NOTIFY_SOCKET");
        ::unsetenv("WATCHDOG_USEC");
        ::close(socket_);
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    /// Since it was asked last.
    std::vector<std::string> heard() const
    {
        std::vector<std::string> all;
        char buffer[4096];
        for (ssize_t got = 0; (got = ::recv(socket_, buffer, sizeof buffer, 0)) >= 0;) {
            all.emplace_back(buffer, static_cast<std::size_t>(got));
        }
        return all;
    }

    boost::asio::io_context loop_;
    std::filesystem::path folder_;
    int socket_ = -1;
};

TEST_F(NotifyTest, a_status_is_said_once_ready_and_only_when_it_is_new)
{
    Notify notify{loop_};
    notify.status("too early");
    EXPECT_THAT(heard(), IsEmpty());
    notify.ready("watching 3 hosts");
    EXPECT_THAT(heard(), ElementsAre("READY=1\nSTATUS=watching 3 hosts"));
    notify.status("watching 3 hosts");
    notify.status("watching 3 hosts; on hold");
    notify.status("watching 3 hosts; on hold");
    EXPECT_THAT(heard(), ElementsAre("STATUS=watching 3 hosts; on hold"));
}

TEST_F(NotifyTest, a_reload_is_said_with_its_time_and_ends_with_ready)
{
    Notify notify{loop_};
    notify.ready("a");
    notify.reloading();
    notify.ready("a");
    EXPECT_THAT(heard(), ElementsAre("READY=1\nSTATUS=a",
                                     MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+\nSTATUS=.*"),
                                     "READY=1\nSTATUS=a"));
}

TEST_F(NotifyTest, the_watchdog_is_fed_from_the_loop_and_by_one_feeder)
{
    ::setenv("WATCHDOG_USEC", "300000", 1);
    Notify notify{loop_};
    EXPECT_FALSE(notify.fed());
    notify.ready("a");
    notify.reloading();
    notify.ready("a");
    (void)heard();
    ASSERT_TRUE(notify.fed());
    const auto before = *notify.fed();
    EXPECT_THAT(heard(), IsEmpty()) << "the loop does not turn";
    loop_.run_one();
    EXPECT_THAT(heard(), ElementsAre("WATCHDOG=1"));
    EXPECT_GE(*notify.fed() - before, 100ms);
    EXPECT_EQ(loop_.poll(), 0U) << "one after a reload, too";
}

} // namespace
} // namespace knell
