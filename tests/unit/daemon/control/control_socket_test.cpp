// SPDX-License-Identifier: GPL-3.0-or-later
#include "control_fixture.hpp"
#include "daemon/control/listener.hpp"

#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>

namespace knell::control {
namespace {

using testing::HasSubstr;

std::string refusal(const ControlOptions& options)
{
    boost::asio::io_context loop;
    ScriptedOperations operations;
    auto opened = ControlServer::open(loop, operations, options);
    auto* fault = std::get_if<std::string>(&opened);
    return fault == nullptr ? std::string{} : *fault;
}

TEST_F(ControlTest, the_socket_is_closed_to_the_world_and_belongs_to_the_first_operators_group)
{
    options.operators = {"operator", "staff"};
    start();
    struct stat seen {};
    ASSERT_EQ(::stat(path().c_str(), &seen), 0);
    EXPECT_EQ(seen.st_mode & 0777, 0660u);
    if (::geteuid() == 0) {
        EXPECT_EQ(seen.st_gid, ::getgrnam("operator")->gr_gid);
        EXPECT_TRUE(server().warnings().empty());
    }
}

TEST_F(ControlTest, an_unprivileged_knelld_lets_in_groups_that_it_is_no_member_of)
{
    if (::geteuid() != 0) {
        GTEST_SUCCEED() << "only root can become somebody else";
        return;
    }
    const auto directory = path().parent_path();
    ASSERT_EQ(::chown(directory.c_str(), somebody, 100), 0);
    constexpr gid_t operators = 61002, readers = 61001;
    as(somebody, 100, {}, [&] {
        auto made = listen_on(path(), Access{{{"r", readers}}, {{"o", operators}}});
        ASSERT_TRUE(std::holds_alternative<Listening>(made)) << std::get<std::string>(made);
        options.inherited = std::get<Listening>(made).socket;
        EXPECT_THAT(std::get<Listening>(made).warnings, testing::IsEmpty());
    });
    struct stat seen {};
    ASSERT_EQ(::stat(path().c_str(), &seen), 0);
    EXPECT_EQ(seen.st_mode & 0777, 0660u);
    const auto connects = [&](uid_t uid, std::vector<gid_t> groups) {
        bool connected = false;
        as(uid, 65534, std::move(groups), [&] { connected = Client{path()}.connected(); });
        return connected;
    };
    EXPECT_TRUE(connects(somebody + 1, {operators}));
    EXPECT_TRUE(connects(somebody + 1, {readers}));
    EXPECT_FALSE(connects(somebody + 1, {}));
    ::close(*options.inherited);
}

TEST_F(ControlTest, a_group_that_does_not_exist_is_a_warning_with_the_remedy)
{
    options.operators = {"knell-test-no-such-group"};
    start();
    ASSERT_EQ(server().warnings().size(), 1u);
    EXPECT_THAT(server().warnings()[0], HasSubstr("groupadd --system knell-test-no-such-group"));
}

TEST_F(ControlTest, a_socket_that_a_dead_process_left_is_replaced)
{
    const int old = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().native().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(old, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(old);
    start();
    Client client{path()};
    EXPECT_EQ(code_of(client.call("version")), 0);
}

TEST_F(ControlTest, a_socket_that_somebody_answers_on_is_refused_and_left_alone)
{
    start();
    EXPECT_THAT(refusal(options), HasSubstr("another process answers on"));
    Client client{path()};
    EXPECT_EQ(code_of(client.call("version")), 0);
}

TEST_F(ControlTest, a_file_that_is_no_socket_is_refused_and_left_alone)
{
    std::ofstream{path()} << "precious";
    EXPECT_THAT(refusal(options), HasSubstr("is not a socket"));
    EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(ControlTest, a_missing_directory_is_refused_with_the_remedy)
{
    options.socket = "/nonexistent/knell/control";
    EXPECT_THAT(refusal(options), HasSubstr("RuntimeDirectory=knell"));
    options.socket = "/" + std::string(200, 'x');
    EXPECT_THAT(refusal(options), HasSubstr("too long"));
}

TEST_F(ControlTest, the_socket_file_goes_away_with_the_server)
{
    start();
    stop();
    EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(ControlTest, a_socket_that_was_handed_over_is_served_and_not_removed)
{
    auto made = listen_on(path(), Access{});
    options.inherited = std::get<Listening>(made).socket;
    start();
    {
        Client client{path()};
        EXPECT_EQ(code_of(client.call("version")), 0);
    }
    stop();
    EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST_F(ControlTest, a_socket_that_was_handed_over_lets_in_the_groups_of_the_configuration)
{
    auto made = listen_on(path(), Access{});
    options.inherited = std::get<Listening>(made).socket;
    options.operators = {"operator"};
    options.readers = {"staff"};
    start();
    EXPECT_THAT(server().warnings(), testing::IsEmpty());
    struct stat seen {};
    ASSERT_EQ(::stat(path().c_str(), &seen), 0);
    EXPECT_EQ(seen.st_mode & 0777, 0660u);
    if (::geteuid() != 0) {
        return;
    }
    const auto connects = [&](std::vector<gid_t> groups) {
        bool connected = false;
        as(somebody + 1, 65534, std::move(groups), [&] { connected = Client{path()}.connected(); });
        return connected;
    };
    EXPECT_TRUE(connects({::getgrnam("operator")->gr_gid}));
    EXPECT_TRUE(connects({::getgrnam("staff")->gr_gid}));
    EXPECT_FALSE(connects({}));
}

/// sd_listen_fds(3) wants its pid in the environment and descriptor 3: a child has both.
int in_a_child_of_systemd(const char* name, const std::filesystem::path& path)
{
    const auto child = ::fork();
    if (child == 0) {
        auto made = listen_on(path, Access{});
        if (::dup2(std::get<Listening>(made).socket, 3) != 3) {
            ::_exit(9);
        }
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        ::setenv("LISTEN_FDS", "1", 1);
        ::setenv("LISTEN_FDNAMES", name, 1);
        ::_exit(socket_from_systemd().value_or(0));
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

TEST_F(ControlTest, systemds_socket_is_found_by_its_name)
{
    EXPECT_EQ(in_a_child_of_systemd("control", path()), 3);
    EXPECT_EQ(in_a_child_of_systemd("metrics", path()), 0);
    EXPECT_EQ(socket_from_systemd(), std::nullopt);
}

} // namespace
} // namespace knell::control
