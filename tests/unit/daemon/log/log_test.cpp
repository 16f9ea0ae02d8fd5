// SPDX-License-Identifier: GPL-3.0-or-later
// What reaches standard error, and what reaches the system's journal.
#include "daemon/log.hpp"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace knell {
namespace {

using testing::HasSubstr;

constexpr auto journal_socket = "/run/systemd/journal/socket";

/// A journal of our own in a mount namespace of our own, so that the machine's hears nothing.
class OwnRun : public testing::Environment {
public:
    void SetUp() override
    {
        if (unshare(CLONE_NEWNS) != 0) {
            ASSERT_EQ(unshare(CLONE_NEWUSER | CLONE_NEWNS), 0) << "needs a mount namespace";
        }
        ASSERT_EQ(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), 0);
        ASSERT_EQ(mount("tmpfs", "/run", "tmpfs", 0, nullptr), 0);
        std::filesystem::create_directories("/run/systemd/journal");
    }
};

// GoogleTest owns it.
[[maybe_unused]] auto* const own_run = testing::AddGlobalTestEnvironment(new OwnRun);

Notice fenced(Notice::Weight weight = Notice::Weight::warning)
{
    return {weight, "HOST_FENCED", HostId{"compute1"}, EpisodeId{3}, "proven off by bmc1"};
}

/// What systemd-journald would be sent, in its native protocol: FIELD=value, or for a value of
/// several lines the field, its length in 64 bits, and the value.
/// https://systemd.io/JOURNAL_NATIVE_PROTOCOL/
class LogToJournal : public testing::Test {
protected:
    void SetUp() override
    {
        socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strcpy(address.sun_path, journal_socket);
        ASSERT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        const timeval patience{5, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        struct stat status {};
        ASSERT_EQ(::fstat(STDERR_FILENO, &status), 0);
        const auto stream = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
        ::setenv("JOURNAL_STREAM", stream.c_str(), 1);
    }
    void TearDown() override
    {
        ::unsetenv("JOURNAL_STREAM");
        ::close(socket_);
        ::unlink(journal_socket);
    }
    [[nodiscard]] std::map<std::string, std::string> received() const
    {
        std::string bytes(64UL * 1024, '\0');
        const auto size = ::recv(socket_, bytes.data(), bytes.size(), 0);
        bytes.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        std::map<std::string, std::string> fields;
        std::size_t at = 0;
        while (at < bytes.size()) {
            const auto line = bytes.substr(at, bytes.find('\n', at) - at);
            at += line.size() + 1;
            if (const auto equals = line.find('='); equals != std::string::npos) {
                fields[line.substr(0, equals)] = line.substr(equals + 1);
                continue;
            }
            std::uint64_t length = 0;
            std::memcpy(&length, bytes.data() + at, sizeof length);
            fields[line] = bytes.substr(at + sizeof length, length);
            at += sizeof length + length + 1;
        }
        return fields;
    }

private:
    int socket_ = -1;
};

TEST_F(LogToJournal, a_notice_arrives_in_fields_of_its_own)
{
    Log{}.write({}, fenced());
    const auto fields = received();
    EXPECT_EQ(fields.at("MESSAGE"), "HOST_FENCED host=compute1 episode=3 proven off by bmc1");
    EXPECT_EQ(fields.at("PRIORITY"), "4");
    EXPECT_EQ(fields.at("MESSAGE_ID"), message_id_of("HOST_FENCED"));
    EXPECT_EQ(fields.at("KNELL_ID"), "HOST_FENCED");
    EXPECT_EQ(fields.at("KNELL_HOST"), "compute1");
    EXPECT_EQ(fields.at("KNELL_EPISODE"), "3");
}

TEST_F(LogToJournal, there_is_no_field_for_a_host_or_an_episode_that_is_not)
{
    Log{}.alarm("JOURNAL_FAILED", "the disk is broken");
    const auto fields = received();
    EXPECT_EQ(fields.at("PRIORITY"), "1");
    EXPECT_EQ(fields.at("KNELL_ID"), "JOURNAL_FAILED");
    EXPECT_EQ(fields.count("KNELL_HOST"), 0U);
    EXPECT_EQ(fields.count("KNELL_EPISODE"), 0U);
}

TEST_F(LogToJournal, what_only_explains_is_kept_as_debugging)
{
    Log{}.write({}, fenced(Notice::Weight::detail));
    EXPECT_EQ(received().at("PRIORITY"), "7");
}

TEST_F(LogToJournal, a_text_of_several_lines_cannot_become_a_field)
{
    auto notice = fenced();
    notice.text = "nothing was changed:\nPRIORITY=0\nKNELL_HOST=compute2";
    Log{}.write({}, notice);
    const auto fields = received();
    EXPECT_EQ(fields.at("PRIORITY"), "4");
    EXPECT_EQ(fields.at("KNELL_HOST"), "compute1");
    EXPECT_THAT(fields.at("MESSAGE"), HasSubstr("changed:\nPRIORITY=0\n"));
}

class LogToStderr : public testing::Test {
protected:
    static std::string written(const Notice& notice)
    {
        testing::internal::CaptureStderr();
        Log{}.write(std::chrono::system_clock::time_point{}, notice);
        return testing::internal::GetCapturedStderr();
    }
    void TearDown() override { ::unsetenv("KNELL_LOG"); }
};

TEST_F(LogToStderr, a_notice_is_a_line)
{
    EXPECT_EQ(written(fenced()), "1970-01-01T00:00:00.000000Z WARNING HOST_FENCED host=compute1 "
                                 "episode=3 proven off by bmc1\n");
}

TEST_F(LogToStderr, what_only_explains_is_written_on_demand)
{
    const auto detail = fenced(Notice::Weight::detail);
    EXPECT_EQ(written(detail), "");
    ::setenv("KNELL_LOG", "everything", 1);
    EXPECT_EQ(written(detail), "");
    ::setenv("KNELL_LOG", "detail", 1);
    EXPECT_THAT(written(detail), HasSubstr(" DETAIL HOST_FENCED "));
}

TEST_F(LogToStderr, a_text_from_outside_cannot_look_like_another_message_nor_move_the_terminal)
{
    auto notice = fenced();
    notice.text = "said:\n1970-01-01T00:00:00.000000Z ALARM HOST_HELD \x1b[2J\r\x7f";
    EXPECT_THAT(written(notice),
                HasSubstr(" said:\n    1970-01-01T00:00:00.000000Z ALARM HOST_HELD ?[2J??\n"));
}

TEST_F(LogToStderr, a_stream_that_is_not_ours_is_no_journal)
{
    ::setenv("JOURNAL_STREAM", "1:1", 1);
    EXPECT_THAT(written(fenced()), HasSubstr("HOST_FENCED"));
    ::unsetenv("JOURNAL_STREAM");
}

} // namespace
} // namespace knell
