// SPDX-License-Identifier: GPL-3.0-or-later
#include "faulty_vfs.hpp"
#include "journal_fixture.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <gmock/gmock.h>
#include <random>
#include <sys/mount.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace knell::journal {
namespace {

namespace fs = std::filesystem;

using testing::HasSubstr;

/// Writes for ever, telling the pipe each number that is durable. Never returns.
[[noreturn]] void write_until_killed(const std::filesystem::path& directory, int acknowledged,
                                     std::uint64_t first)
{
    boost::asio::io_context loop;
    auto opened = Journal::open(loop, directory);
    if (!std::holds_alternative<std::unique_ptr<Journal>>(opened)) {
        ::_exit(1);
    }
    auto& journal = *std::get<std::unique_ptr<Journal>>(opened);
    std::uint64_t next = first;
    std::function<void()> one = [&] {
        const auto number = next++;
        journal.append({fencing("compute1", number)}, [&, number](bool durable) {
            if (!durable || ::write(acknowledged, &number, sizeof number) != sizeof number) {
                ::_exit(1);
            }
            one();
        });
    };
    for (int together = 0; together < 4; ++together) {
        one();
    }
    loop.run();
    ::_exit(1);
}

TEST(JournalCrash, a_kill_at_any_moment_loses_no_row_that_was_called_durable)
{
    const Directory directory;
    std::mt19937 random{20261122};
    std::uint64_t first = 1;
    for (int round = 0; round < 25; ++round) {
        std::array<int, 2> pipe{};
        ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC), 0);
        const auto child = ::fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            ::close(pipe[0]);
            write_until_killed(directory.path(), pipe[1], first);
        }
        ::close(pipe[1]);
        std::this_thread::sleep_for(std::chrono::milliseconds{random() % 60});
        ASSERT_EQ(::kill(child, SIGKILL), 0);
        std::uint64_t last = 0;
        for (std::uint64_t number = 0;
             ::read(pipe[0], &number, sizeof number) == static_cast<ssize_t>(sizeof number);) {
            last = number;
        }
        ::close(pipe[0]);
        int status = 0;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status));

        boost::asio::io_context loop;
        const auto entries = all_of(*must_open(loop, directory.path()));
        ASSERT_GE(entries.size(), last);
        for (std::size_t n = 0; n < entries.size(); ++n) {
            ASSERT_EQ(entries[n].episode, EpisodeId{n + 1});
        }
        first = entries.size() + 1;
    }
    EXPECT_GT(first, 25u);
}

/// A file system of one megabyte, where this process may mount one.
class SmallDisk {
public:
    SmallDisk()
    {
        mounted_ = ::mount("none", directory_.path().c_str(), "tmpfs", 0, "size=1m,mode=0700") == 0;
    }
    ~SmallDisk()
    {
        if (mounted_) {
            ::umount2(directory_.path().c_str(), MNT_DETACH);
        }
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;

    [[nodiscard]] bool mounted() const { return mounted_; }
    [[nodiscard]] const std::filesystem::path& path() const { return directory_.path(); }

private:
    Directory directory_;
    bool mounted_ = false;
};

void fill_up(const std::filesystem::path& file)
{
    const int out = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    const std::array<char, 512> block{};
    while (::write(out, block.data(), block.size()) > 0) {
    }
    ::close(out);
}

TEST(JournalCrash, a_log_cut_at_any_length_holds_the_oldest_transactions_whole)
{
    const Directory directory;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    for (std::uint64_t i = 1; i <= 12; ++i) {
        ASSERT_TRUE(write(loop, *journal, {fencing("compute1", i), fencing("compute2", i)}));
    }
    const auto written = all_of(*journal);
    const auto log = directory.file().string() + "-wal";
    std::size_t most = 0;
    for (std::uintmax_t length = 0; length <= fs::file_size(log); length += 2039) {
        const Directory copy;
        fs::copy_file(directory.file(), copy.file());
        fs::copy_file(log, copy.file().string() + "-wal");
        fs::resize_file(copy.file().string() + "-wal", length);
        fs::permissions(copy.path(), fs::perms::owner_all);
        boost::asio::io_context other;
        const auto left = all_of(*must_open(other, copy.path()));
        EXPECT_EQ(left.size() % 2, 0u) << length;
        EXPECT_GE(left.size(), most) << length;
        most = left.size();
        ASSERT_LE(most, written.size());
        EXPECT_TRUE(std::equal(left.begin(), left.end(), written.begin())) << length;
    }
    EXPECT_GE(most, written.size() - 2);
}

TEST(JournalCrash, a_full_disk_refuses_entries_and_takes_them_again_when_there_is_room)
{
    const SmallDisk disk;
    if (!disk.mounted()) {
        GTEST_SUCCEED() << "no leave to mount; a VFS that fails is tried below";
        return;
    }
    boost::asio::io_context loop;
    const auto journal = must_open(loop, disk.path());
    ASSERT_TRUE(write(loop, *journal, {fencing("compute1", 1)}));
    fill_up(disk.path() / "ballast");
    auto large = fencing("compute1", 2);
    large.detail = std::string(100'000, 'x');
    EXPECT_FALSE(write(loop, *journal, {large}));
    EXPECT_FALSE(journal->closed());
    EXPECT_THAT(journal->trouble(), HasSubstr("full"));
    EXPECT_EQ(all_of(*journal).size(), 1u);
    std::filesystem::remove(disk.path() / "ballast");
    EXPECT_TRUE(write(loop, *journal, {large}));
    EXPECT_EQ(journal->trouble(), "");
    EXPECT_EQ(all_of(*journal).size(), 2u);
}

TEST(JournalCrash, a_failed_fsync_closes_the_journal_for_good)
{
    const Directory directory;
    const FaultyVfs vfs;
    boost::asio::io_context loop;
    {
        const auto journal = must_open(loop, directory.path());
        ASSERT_TRUE(write(loop, *journal, {fencing("compute1", 1)}));
        Faults::sync_fails = true;
        EXPECT_FALSE(write(loop, *journal, {fencing("compute1", 2)}));
        EXPECT_TRUE(journal->closed());
        EXPECT_THAT(journal->trouble(), HasSubstr("I/O"));
        // A second fsync would succeed, and mean nothing.
        Faults::sync_fails = false;
        EXPECT_FALSE(write(loop, *journal, {fencing("compute1", 3)}));
        EXPECT_TRUE(journal->closed());
        EXPECT_THAT(journal->trouble(), HasSubstr("I/O"));
    }
    // The next process starts from what the disk holds.
    const auto journal = must_open(loop, directory.path());
    EXPECT_FALSE(journal->closed());
    EXPECT_TRUE(write(loop, *journal, {fencing("compute1", 4)}));
}

TEST(JournalCrash, everything_that_waited_with_a_failed_entry_is_answered_with_no)
{
    const Directory directory;
    const FaultyVfs vfs;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    Faults::sync_fails = true;
    std::string order;
    for (int n = 0; n < 5; ++n) {
        journal->append({fencing("compute1", 1)}, [&](bool ok) { order += ok ? 'y' : 'n'; });
    }
    loop.run();
    EXPECT_EQ(order, "nnnnn");
}

TEST(JournalCrash, a_full_disk_told_by_the_vfs_is_refused_and_may_be_tried_again)
{
    const Directory directory;
    const FaultyVfs vfs;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    Faults::disk_full = true;
    EXPECT_FALSE(write(loop, *journal, {fencing("compute1", 1)}));
    EXPECT_FALSE(journal->closed());
    Faults::disk_full = false;
    EXPECT_TRUE(write(loop, *journal, {fencing("compute1", 2)}));
    EXPECT_EQ(all_of(*journal).size(), 1u);
}

TEST(JournalCrash, what_waits_behind_an_entry_that_a_full_disk_refused_does_not_overtake_it)
{
    const Directory directory;
    const FaultyVfs vfs;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    Faults::disk_full_once = true;
    std::string order;
    const auto append = [&](std::uint64_t episode) {
        journal->append({fencing("compute1", episode)}, [&](bool ok) { order += ok ? 'y' : 'n'; });
    };
    for (const std::uint64_t episode : {1, 2, 3}) {
        append(episode);
    }
    loop.run();
    EXPECT_EQ(order, "nnn");
    EXPECT_FALSE(journal->closed());
    EXPECT_THAT(journal->trouble(), HasSubstr("full"));
    EXPECT_TRUE(all_of(*journal).empty());
    EXPECT_TRUE(write(loop, *journal, {fencing("compute1", 1)}));
    EXPECT_EQ(journal->trouble(), "");
}

TEST(JournalCrash, a_failed_fsync_while_the_log_is_tidied_closes_the_journal_too)
{
    const Directory directory;
    const FaultyVfs vfs;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    // Commits sync the log alone; tidying syncs the database.
    Faults::database_sync_fails = true;
    auto large = fencing("compute1", 1);
    large.detail = std::string(1'000'000, 'x');
    unsigned durable = 0;
    while (!journal->closed() && durable < 10) {
        ASSERT_TRUE(write(loop, *journal, {large}));
        ++durable;
    }
    EXPECT_GE(durable, 2u);
    EXPECT_LT(durable, 10u);
    EXPECT_THAT(journal->trouble(), HasSubstr("tidy"));
    EXPECT_FALSE(write(loop, *journal, {fencing("compute1", 2)}));
    EXPECT_EQ(all_of(*journal).size(), durable);
}

} // namespace
} // namespace knell::journal
