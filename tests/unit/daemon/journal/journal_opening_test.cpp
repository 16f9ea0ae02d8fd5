// SPDX-License-Identifier: GPL-3.0-or-later
#include "journal_fixture.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <sqlite3.h>
#include <unistd.h>

namespace knell::journal {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

void fill(const fs::path& directory, std::size_t count)
{
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory);
    ASSERT_TRUE(write(loop, *journal, std::vector<JournalEntry>(count, fencing("compute1", 1))));
}

mode_t mode_of(const fs::path& file)
{
    struct stat seen {};
    EXPECT_EQ(::stat(file.c_str(), &seen), 0);
    return seen.st_mode & 07777;
}

TEST(JournalOpening, the_files_are_for_their_owner_alone_whatever_the_umask)
{
    const Directory directory;
    const auto before = ::umask(0);
    boost::asio::io_context loop;
    {
        const auto journal = must_open(loop, directory.path());
        ASSERT_TRUE(write(loop, *journal, {fencing("compute1", 1)}));
        for (const auto& file : fs::directory_iterator{directory.path()}) {
            EXPECT_EQ(mode_of(file.path()), 0600u) << file.path();
        }
    }
    ::umask(before);
}

TEST(JournalOpening, a_missing_directory_is_refused_with_the_command_that_makes_it)
{
    EXPECT_THAT(refusal("/nonexistent/knell"), HasSubstr("install -d -m 0700"));
}

TEST(JournalOpening, a_directory_that_others_may_enter_is_refused)
{
    const Directory directory;
    ::chmod(directory.path().c_str(), 0755);
    EXPECT_THAT(refusal(directory.path()), HasSubstr("chmod 0700"));
    ::chmod(directory.path().c_str(), 0770);
    EXPECT_THAT(refusal(directory.path()), HasSubstr("chmod 0700"));
    ::chmod(directory.path().c_str(), 0750);
    EXPECT_EQ(refusal(directory.path()), "");
}

TEST(JournalOpening, a_directory_of_somebody_else_is_refused)
{
    const Directory directory;
    if (::chown(directory.path().c_str(), 12345, 12345) != 0) {
        GTEST_SUCCEED() << "only root can give a directory away";
        return;
    }
    EXPECT_THAT(refusal(directory.path()), HasSubstr("belongs to uid 12345"));
}

TEST(JournalOpening, a_second_knelld_on_one_directory_is_refused_with_the_pid_of_the_first)
{
    const Directory directory;
    boost::asio::io_context loop;
    {
        const auto first = must_open(loop, directory.path());
        EXPECT_THAT(refusal(directory.path()),
                    HasSubstr("another knelld (pid " + std::to_string(::getpid()) + ")"));
    }
    EXPECT_EQ(refusal(directory.path()), "");
}

TEST(JournalOpening, a_truncated_file_is_refused_at_every_length_and_left_as_it_is)
{
    const Directory directory;
    fill(directory.path(), 2000);
    const auto size = fs::file_size(directory.file());
    ASSERT_GT(size, 40'000u);
    const auto copy = directory.path() / "copy";
    fs::copy_file(directory.file(), copy);
    for (const std::uintmax_t length : {std::uintmax_t{0}, std::uintmax_t{1}, std::uintmax_t{99},
                                        std::uintmax_t{4096}, size / 2, size - 4096, size - 1}) {
        fs::copy_file(copy, directory.file(), fs::copy_options::overwrite_existing);
        fs::resize_file(directory.file(), length);
        EXPECT_THAT(refusal(directory.path()), HasSubstr("is damaged")) << length;
        EXPECT_EQ(fs::file_size(directory.file()), length);
    }
}

TEST(JournalOpening, a_file_with_a_spoilt_page_is_refused)
{
    const Directory directory;
    fill(directory.path(), 2000);
    std::fstream file{directory.file(), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(4096 * 3);
    const std::string rubbish(4096, '\x5a');
    file.write(rubbish.data(), static_cast<std::streamsize>(rubbish.size()));
    file.close();
    EXPECT_THAT(refusal(directory.path()), HasSubstr("is damaged"));
}

TEST(JournalOpening, a_file_that_is_no_database_is_refused_and_left_as_it_is)
{
    const Directory directory;
    std::ofstream{directory.file()} << std::string(10'000, 'x');
    EXPECT_THAT(refusal(directory.path()), HasSubstr("is damaged"));
    EXPECT_EQ(fs::file_size(directory.file()), 10'000u);
}

TEST(JournalOpening, a_log_without_its_file_is_refused)
{
    const Directory directory;
    std::ofstream{directory.file().string() + "-wal"} << "x";
    EXPECT_THAT(refusal(directory.path()), HasSubstr("only its write-ahead log is left"));
}

TEST(JournalOpening, a_database_of_somebody_else_is_refused)
{
    const Directory directory;
    run_sql(directory.file(), "PRAGMA journal_mode=WAL; CREATE TABLE other(x);");
    EXPECT_THAT(refusal(directory.path()), HasSubstr("not a journal of knell"));
}

TEST(JournalOpening, a_newer_schema_is_refused)
{
    const Directory directory;
    fill(directory.path(), 1);
    run_sql(directory.file(), "PRAGMA user_version = 3");
    EXPECT_THAT(refusal(directory.path()), HasSubstr("written by a newer knelld (schema 3"));
}

TEST(JournalOpening, a_journal_of_the_first_schema_is_brought_up_to_date_and_loses_nothing)
{
    const Directory directory;
    fill(directory.path(), 3);
    ASSERT_EQ(run_sql(directory.file(),
                      "DROP TRIGGER entry_is_never_changed; DROP TRIGGER entry_is_never_deleted;"
                      "ALTER TABLE entry DROP COLUMN lasting;"
                      "ALTER TABLE entry DROP COLUMN machine_boot; PRAGMA user_version = 1"),
              "");
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    EXPECT_EQ(all_of(*journal), std::vector<JournalEntry>(3, fencing("compute1", 1)));
    auto longer = fencing("compute1", 2);
    longer.lasting = std::chrono::hours{2};
    ASSERT_TRUE(write(loop, *journal, {longer}));
    EXPECT_EQ(all_of(*journal).back(), longer);
}

TEST(JournalOpening, a_beginning_that_was_interrupted_is_begun_again)
{
    const Directory directory;
    std::ofstream{directory.file().string() + ".new"} << "half a file";
    EXPECT_EQ(refusal(directory.path()), "");
    EXPECT_FALSE(fs::exists(directory.file().string() + ".new"));
}

TEST(JournalOpening, a_symbolic_link_in_place_of_the_file_is_refused)
{
    const Directory directory;
    fs::create_symlink("/etc/passwd", directory.file());
    EXPECT_THAT(refusal(directory.path()), HasSubstr("not a regular file"));
}

TEST(JournalOpening, rows_can_be_neither_changed_nor_deleted_nor_replaced)
{
    const Directory directory;
    fill(directory.path(), 3);
    EXPECT_THAT(run_sql(directory.file(), "UPDATE entry SET what='cancelled'"),
                HasSubstr("append-only"));
    EXPECT_THAT(run_sql(directory.file(), "DELETE FROM entry"), HasSubstr("append-only"));
    EXPECT_THAT(
        run_sql(
            directory.file(),
            "INSERT OR REPLACE INTO entry VALUES(1,'a',1,'fenced','h',1,'b','i','c','d',0,'m')"),
        HasSubstr("append-only"));
    boost::asio::io_context loop;
    EXPECT_EQ(all_of(*must_open(loop, directory.path())),
              std::vector<JournalEntry>(3, fencing("compute1", 1)));
}

TEST(JournalOpening, a_row_with_an_unknown_word_is_named)
{
    const Directory directory;
    fill(directory.path(), 2);
    ASSERT_EQ(run_sql(directory.file(),
                      "INSERT INTO entry(at,boot_clock,what,host,episode,boot,by,detail) "
                      "VALUES('2026-11-22T00:00:00Z',1,'exploded','h',1,NULL,'x','y')"),
              "");
    boost::asio::io_context loop;
    const auto read = must_open(loop, directory.path())->read_all();
    ASSERT_TRUE(std::holds_alternative<std::string>(read));
    EXPECT_THAT(std::get<std::string>(read), HasSubstr("row 3"));
    EXPECT_THAT(std::get<std::string>(read), HasSubstr("\"exploded\""));
}

} // namespace
} // namespace knell::journal
