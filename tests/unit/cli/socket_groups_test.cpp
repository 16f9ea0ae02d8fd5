// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/client.hpp"
#include "cli/socket_groups.hpp"
#include "daemon/control/listener.hpp"

#include <filesystem>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace knell::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

/// Runs on a thread that has become somebody else.
template <class Work>
void as(uid_t uid, gid_t gid, Work work)
{
    std::thread{[&] {
        ASSERT_EQ(::syscall(SYS_setgroups, 0, nullptr), 0);
        ASSERT_EQ(::syscall(SYS_setresgid, gid, gid, gid), 0);
        ASSERT_EQ(::syscall(SYS_setresuid, uid, uid, uid), 0);
        work();
    }}.join();
}

/// A control socket as knelld makes it, by root or by an unprivileged user, with groups that every
/// Debian has.
class RefusedSocket : public testing::Test {
protected:
    void SetUp() override
    {
        std::string name = std::filesystem::temp_directory_path() / "knell-cli-XXXXXX";
        directory_ = ::mkdtemp(name.data());
        std::filesystem::permissions(directory_, std::filesystem::perms{0755});
    }
    void TearDown() override
    {
        std::filesystem::remove_all(directory_);
        if (socket_ >= 0) {
            ::close(socket_);
        }
    }

    /// Only root can become somebody else.
    [[nodiscard]] static bool root() { return ::geteuid() == 0; }
    [[nodiscard]] std::string path() const { return directory_ / "control"; }
    static control::Group group(const char* name) { return {name, ::getgrnam(name)->gr_gid}; }

    void listen(const control::Access& access)
    {
        auto made = control::listen_on(path(), access);
        ASSERT_TRUE(std::holds_alternative<control::Listening>(made));
        EXPECT_THAT(std::get<control::Listening>(made).warnings, IsEmpty());
        socket_ = std::get<control::Listening>(made).socket;
    }
    /// What one is told who is in none of the groups.
    std::string told() const
    {
        std::string text;
        as(61000, 61000, [&] {
            const auto connected = Client::connect(path());
            const auto* fault = std::get_if<Unreachable>(&connected);
            text = fault == nullptr ? "connected" : fault->text;
        });
        return text;
    }

    const control::Access access_{{group("games")}, {group("operator"), group("staff")}};
    std::filesystem::path directory_;
    int socket_ = -1;
};

TEST_F(RefusedSocket, of_an_unprivileged_knelld_names_the_groups_that_it_lets_in_and_not_its_own)
{
    if (!root()) {
        return;
    }
    const auto* daemon = ::getpwnam("daemon");
    ASSERT_EQ(::chown(directory_.c_str(), daemon->pw_uid, daemon->pw_gid), 0);
    as(daemon->pw_uid, daemon->pw_gid, [&] { listen(access_); });
    EXPECT_THAT(groups_let_in(path()), ElementsAre("operator", "staff", "games"));
    EXPECT_THAT(told(), HasSubstr("you may not. Use sudo, or join operator, staff or games "
                                  "(usermod -aG operator USER) and log in again"));
    EXPECT_THAT(told(), Not(HasSubstr("daemon")));
}

TEST_F(RefusedSocket, of_a_knelld_that_gave_it_to_its_operators_names_them_as_well)
{
    if (!root()) {
        return;
    }
    listen(access_);
    EXPECT_THAT(groups_let_in(path()), ElementsAre("operator", "staff", "games"));
    EXPECT_THAT(told(), HasSubstr("join operator, staff or games (usermod -aG operator USER)"));
}

TEST_F(RefusedSocket, of_one_group_names_that)
{
    if (!root()) {
        return;
    }
    listen({{}, {group("staff")}});
    EXPECT_THAT(told(), HasSubstr("Use sudo, or join staff (usermod -aG staff USER) and log in"));
}

TEST_F(RefusedSocket, that_lets_in_no_group_points_to_the_configuration)
{
    if (!root()) {
        return;
    }
    const auto* daemon = ::getpwnam("daemon");
    ASSERT_EQ(::chown(directory_.c_str(), daemon->pw_uid, daemon->pw_gid), 0);
    as(daemon->pw_uid, daemon->pw_gid, [&] { listen({}); });
    EXPECT_THAT(groups_let_in(path()), IsEmpty());
    EXPECT_THAT(told(), HasSubstr("or join a group named under `control` in knell.yaml"));
}

TEST_F(RefusedSocket, that_cannot_even_be_looked_at_points_there_too)
{
    if (!root()) {
        return;
    }
    listen(access_);
    std::filesystem::permissions(directory_, std::filesystem::perms{0700});
    EXPECT_THAT(told(), HasSubstr("or join a group named under `control` in knell.yaml"));
}

TEST_F(RefusedSocket, whose_list_was_masked_names_none_of_it)
{
    if (!root()) {
        return;
    }
    listen(access_);
    ASSERT_EQ(::chmod(path().c_str(), 0640), 0);
    EXPECT_THAT(groups_let_in(path()), IsEmpty());
}

} // namespace
} // namespace knell::cli
