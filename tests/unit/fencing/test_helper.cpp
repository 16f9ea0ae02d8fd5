// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/helper.hpp"
#include "fencing/lines.hpp"
#include "tests/unit/fencing/ask.hpp"
#include "tests/unit/fencing/script.hpp"

#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

namespace knell::fencing {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

class HelperTest : public testing::Test {
protected:
    std::unique_ptr<Helper> start(const std::vector<std::string>& command)
    {
        return Helper::start(loop, command,
                             {[this](std::string_view line) { lines.emplace_back(line); },
                              [this](std::string reason) { ends.push_back(std::move(reason)); }},
                             why);
    }
    bool ended()
    {
        return run_until(loop, [this] { return !ends.empty(); });
    }

    boost::asio::io_context loop;
    std::vector<std::string> lines;
    std::vector<std::string> ends;
    std::string why;
};

TEST_F(HelperTest, lines_go_both_ways_over_its_standard_input)
{
    const Script script{"while read line; do echo \"heard $line\" >&0; done"};
    const auto helper = start({script.path()});
    ASSERT_TRUE(helper) << why;
    EXPECT_TRUE(helper->send("one"));
    EXPECT_TRUE(helper->send(Secret{"two"}));
    EXPECT_TRUE(run_until(loop, [this] { return lines.size() == 2; }));
    EXPECT_THAT(lines, ElementsAre("heard one", "heard two"));
    EXPECT_THAT(ends, IsEmpty());
}

TEST_F(HelperTest, its_last_words_are_heard_before_its_death)
{
    const Script script{"echo last >&0; exit 7"};
    const auto helper = start({script.path()});
    ASSERT_TRUE(ended());
    EXPECT_THAT(lines, ElementsAre("last"));
    EXPECT_THAT(ends, ElementsAre("the helper ended with status 7"));
}

TEST_F(HelperTest, death_by_a_signal_is_told_as_such)
{
    const Script script{"kill -SEGV $$"};
    const auto helper = start({script.path()});
    ASSERT_TRUE(ended());
    EXPECT_THAT(ends, ElementsAre("the helper was ended by signal 11"));
}

TEST_F(HelperTest, one_that_closes_its_socket_and_lives_on_is_ended)
{
    const Script script{"exec </dev/null; sleep 1000"};
    const auto helper = start({script.path()});
    ASSERT_TRUE(ended());
    EXPECT_TRUE(gone(helper->pid()));
}

TEST_F(HelperTest, a_line_without_end_ends_it)
{
    const Script script{"exec 9>&0; head -c 5000 /dev/zero | tr '\\0' x >&9; sleep 1000"};
    const auto helper = start({script.path()});
    ASSERT_TRUE(ended());
    EXPECT_THAT(ends, ElementsAre("the helper's line does not end"));
    EXPECT_THAT(lines, IsEmpty());
    EXPECT_TRUE(run_until(loop, [&] { return gone(helper->pid()); }));
}

TEST_F(HelperTest, a_program_that_is_not_there_is_an_answer_and_not_a_process)
{
    EXPECT_FALSE(start({"/nonexistent/knell-fence-ipmi"}));
    EXPECT_THAT(why, HasSubstr("/nonexistent/knell-fence-ipmi: No such file"));
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "no child is left behind";
}

TEST_F(HelperTest, destruction_kills_it_and_all_that_it_started)
{
    const Script script{"sleep 1000 & echo $! >&0; wait"};
    auto helper = start({script.path()});
    ASSERT_TRUE(run_until(loop, [this] { return !lines.empty(); }));
    const int pid = helper->pid();
    const int grandchild = std::stoi(lines.front());
    helper.reset();
    EXPECT_TRUE(run_until(loop, [=] { return gone(pid) && dead(grandchild); }));
    EXPECT_THAT(ends, IsEmpty()) << "nobody is told of what he did himself";
}

TEST_F(HelperTest, a_loop_that_goes_away_leaves_no_process)
{
    const Script script{"trap '' TERM HUP; sleep 1000"};
    int pid = 0;
    {
        boost::asio::io_context brief;
        const auto helper = Helper::start(brief, {script.path()}, {[](auto) {}, [](auto) {}}, why);
        pid = helper->pid();
    }
    EXPECT_TRUE(gone(pid));
}

TEST_F(HelperTest, one_that_is_dismissed_may_end_in_order)
{
    const auto note = testing::TempDir() + "knell-dismissed-" + std::to_string(::getpid());
    const Script script{"read line; echo in order >" + note};
    auto helper = start({script.path()});
    const int pid = helper->pid();
    Helper::dismiss(std::move(helper));
    EXPECT_TRUE(run_until(loop, [=] { return gone(pid); }));
    EXPECT_EQ(file_text(note), "in order\n");
    std::filesystem::remove(note);
}

TEST_F(HelperTest, one_that_is_dismissed_and_stays_is_killed)
{
    const Script script{"trap '' TERM HUP PIPE; while :; do sleep 1; done"};
    auto helper = start({script.path()});
    const int pid = helper->pid();
    Helper::dismiss(std::move(helper));
    EXPECT_TRUE(run_until(loop, [=] { return gone(pid); }));
}

TEST_F(HelperTest, it_gets_no_environment_no_files_and_no_signal_mask_of_ours)
{
    ASSERT_EQ(::setenv("KNELL_TEST_SECRET", "s3cret", 1), 0);
    const int leak = ::open("/dev/null", O_RDONLY); // without CLOEXEC
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    ASSERT_EQ(::pthread_sigmask(SIG_BLOCK, &blocked, nullptr), 0);
    std::signal(SIGPIPE, SIG_IGN);
    const Script script{"exec 9>&0; env | sort >&9; ls /proc/$$/fd | tr '\\n' ' ' >&9; echo >&9; "
                        "grep -E 'SigBlk|SigIgn' /proc/self/status >&9; "
                        "echo group $(cut -d' ' -f5 /proc/$$/stat) >&9; echo end >&9"};
    const auto helper = start({script.path()});
    ASSERT_TRUE(run_until(loop, [this] { return !lines.empty() && lines.back() == "end"; }));
    ::close(leak);
    ::unsetenv("KNELL_TEST_SECRET");
    ::pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
    std::string all;
    for (const auto& line : lines) {
        all += line + "\n";
        EXPECT_THAT(line, testing::Not(HasSubstr("s3cret")));
    }
    EXPECT_THAT(all, HasSubstr("LANG=C\n"));
    EXPECT_THAT(all, HasSubstr("PATH=/usr/sbin"));
    EXPECT_THAT(all, HasSubstr("SigBlk:\t0000000000000000\n"));
    // The two highest bits are of signals that glibc keeps for itself.
    EXPECT_THAT(all, testing::ContainsRegex("SigIgn:\t0000000[01][08]0000000\n"));
    EXPECT_THAT(all, HasSubstr("group " + std::to_string(helper->pid()) + "\n"));
    // The shell keeps its script open as 10, and 9 is ours.
    EXPECT_THAT(all, HasSubstr("\n0 1 10 2 9 \n"));
}

TEST_F(HelperTest, a_child_of_somebody_else_is_left_to_him)
{
    const pid_t other = ::fork();
    if (other == 0) {
        ::_exit(42);
    }
    const Script script{"exit 0"};
    const auto helper = start({script.path()});
    ASSERT_TRUE(ended());
    int status = 0;
    EXPECT_EQ(::waitpid(other, &status, 0), other);
    EXPECT_EQ(WEXITSTATUS(status), 42);
}

TEST_F(HelperTest, a_listener_may_destroy_it_in_the_middle_of_its_speech)
{
    const Script script{"printf 'one\\ntwo\\nthree\\n' >&0; sleep 1000"};
    std::unique_ptr<Helper> helper;
    int heard = 0;
    helper = Helper::start(loop, {script.path()},
                           {[&](std::string_view) {
                                ++heard;
                                helper.reset();
                            },
                            [](std::string) { FAIL() << "nothing more comes"; }},
                           why);
    const int pid = helper->pid();
    EXPECT_TRUE(run_until(loop, [=] { return gone(pid); }));
    EXPECT_EQ(heard, 1);
}

} // namespace
} // namespace knell::fencing
