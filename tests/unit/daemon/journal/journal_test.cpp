// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/journal/wall_time.hpp"
#include "journal_fixture.hpp"

#include <sqlite3.h>
#include <thread>

namespace knell::journal {
namespace {

using What = JournalEntry::What;

TEST(Journal, every_field_of_an_entry_comes_back_as_it_was_written)
{
    const Directory directory;
    boost::asio::io_context loop;
    std::vector<JournalEntry> written{fencing("compute1.example.org", 7)};
    written.push_back({.what = What::armed,
                       .host = std::nullopt,
                       .episode = EpisodeId{0},
                       .boot = std::nullopt,
                       .by = "uid=1000(alice) pid=4242",
                       .detail = "quotes ' \" and \n lines; \xc3\xa9"});
    {
        const auto journal = must_open(loop, directory.path());
        ASSERT_TRUE(write(loop, *journal, written));
        EXPECT_EQ(all_of(*journal), written);
    }
    EXPECT_EQ(all_of(*must_open(loop, directory.path())), written);
}

TEST(Journal, every_word_of_core_can_be_written_and_read)
{
    const Directory directory;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    std::vector<JournalEntry> written;
    for (int word = 0; !name_of(static_cast<What>(word)).empty(); ++word) {
        written.push_back(fencing("compute1", 1));
        written.back().what = static_cast<What>(word);
        written.back().lasting = std::chrono::hours{word};
    }
    ASSERT_GE(written.size(), 11u);
    ASSERT_TRUE(write(loop, *journal, written));
    const auto history = journal->history(HostId{"compute1"}, 100);
    std::vector<JournalEntry> read;
    for (const auto& row : std::get<std::vector<Row>>(history)) {
        read.push_back(row.entry);
    }
    EXPECT_EQ(read, written);
}

TEST(Journal, what_was_merely_told_explains_a_host_and_is_kept_from_decisions)
{
    const Directory directory;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    auto told = fencing("compute1", 1);
    told.what = What::told;
    ASSERT_TRUE(write(loop, *journal, {fencing("compute1", 1), told}));
    EXPECT_EQ(all_of(*journal).size(), 1u);
    EXPECT_EQ(std::get<std::vector<Row>>(journal->history(HostId{"compute1"}, 100)).size(), 2u);
}

Duration age_after(const Directory& directory, const std::string& change)
{
    boost::asio::io_context loop;
    {
        const auto journal = must_open(loop, directory.path());
        EXPECT_TRUE(write(loop, *journal, {fencing("compute1", 1)}));
    }
    EXPECT_EQ(run_sql(directory.file(), "DROP TRIGGER entry_is_never_changed;" + change), "");
    const auto read = must_open(loop, directory.path())->read_all();
    return std::get<std::vector<JournalEntry>>(read).at(0).age;
}

TEST(Journal, the_age_of_an_entry_of_this_boot_does_not_depend_on_the_wall_clock)
{
    const Directory directory;
    const auto age = age_after(directory, "UPDATE entry SET at='2001-01-01T00:00:00.000000Z', "
                                          "boot_clock = boot_clock - 3600000000");
    EXPECT_GE(age, 1h);
    EXPECT_LT(age, 2h);
}

TEST(Journal, the_age_of_an_entry_of_another_boot_is_told_by_the_wall_clock)
{
    const Directory directory;
    const auto then = std::chrono::system_clock::now() - std::chrono::hours{5};
    const auto age =
        age_after(directory, "UPDATE entry SET machine_boot='another', at='" + rfc3339(then) + "'");
    EXPECT_GE(age, 5h);
    EXPECT_LT(age, 6h);
}

TEST(Journal, an_entry_from_the_future_is_new_and_never_of_negative_age)
{
    const Directory directory;
    EXPECT_EQ(age_after(directory, "UPDATE entry SET machine_boot='another', "
                                   "at='2999-01-01T00:00:00.000000Z'"),
              Duration::zero());
}

TEST(Journal, answers_come_on_the_loop_and_in_the_order_of_the_calls)
{
    const Directory directory;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    std::vector<int> answered;
    for (int n = 0; n < 100; ++n) {
        journal->append({fencing("compute1", 1)}, [&, n](bool durable) {
            EXPECT_TRUE(durable);
            EXPECT_TRUE(loop.get_executor().running_in_this_thread());
            answered.push_back(n);
        });
        EXPECT_TRUE(answered.empty());
    }
    loop.run();
    ASSERT_EQ(answered.size(), 100u);
    EXPECT_TRUE(std::is_sorted(answered.begin(), answered.end()));
}

TEST(Journal, entries_are_on_the_disk_before_they_are_called_durable)
{
    const Directory directory;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    bool seen = false;
    journal->append({fencing("compute9", 3)}, [&](bool durable) {
        ASSERT_TRUE(durable);
        // Another connection than the writer's.
        seen = all_of(*journal).size() == 1;
    });
    loop.run();
    EXPECT_TRUE(seen);
}

TEST(Journal, appends_that_wait_together_are_one_transaction)
{
    const Directory directory;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    unsigned answered = 0;
    for (int n = 0; n < 500; ++n) {
        journal->append({fencing("compute1", 1)}, [&](bool durable) { answered += durable; });
    }
    loop.run();
    EXPECT_EQ(answered, 500u);
    EXPECT_EQ(journal->transactions(), 2u); // the first, and all that came while it was written
    EXPECT_EQ(all_of(*journal).size(), 500u);
}

TEST(Journal, an_append_from_within_an_answer_is_answered_too)
{
    const Directory directory;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    bool second = false;
    journal->append({fencing("compute1", 1)}, [&](bool) {
        journal->append({fencing("compute1", 2)}, [&](bool durable) { second = durable; });
    });
    loop.run();
    EXPECT_TRUE(second);
}

TEST(Journal, an_append_of_nothing_is_answered_in_its_turn)
{
    const Directory directory;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    std::string order;
    journal->append({fencing("compute1", 1)}, [&](bool) { order += 'a'; });
    journal->append({}, [&](bool durable) { order += durable ? 'b' : 'x'; });
    journal->append({fencing("compute1", 2)}, [&](bool) { order += 'c'; });
    loop.run();
    EXPECT_EQ(order, "abc");
}

TEST(Journal, what_does_not_fit_into_the_queue_is_refused_in_its_turn_and_the_rest_is_kept)
{
    const Directory directory;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    std::string order;
    journal->append({fencing("compute1", 1)}, [&](bool ok) { order += ok ? 'y' : 'n'; });
    journal->append(std::vector<JournalEntry>(Journal::most_waiting, fencing("compute1", 2)),
                    [&](bool ok) { order += ok ? 'y' : 'n'; });
    journal->append({fencing("compute1", 3)}, [&](bool ok) { order += ok ? 'y' : 'n'; });
    loop.run();
    EXPECT_EQ(order, "yyn");
    EXPECT_FALSE(journal->closed());
    EXPECT_TRUE(write(loop, *journal, {fencing("compute1", 4)}));
    EXPECT_EQ(all_of(*journal).size(), Journal::most_waiting + 2);
}

TEST(Journal, nothing_overtakes_what_did_not_fit_into_the_queue_and_the_reason_stays)
{
    const Directory directory;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    std::string order;
    const auto note = [&](bool ok) { order += ok ? 'y' : 'n'; };
    journal->append({fencing("compute1", 1)}, note);
    journal->append(std::vector<JournalEntry>(Journal::most_waiting, fencing("compute1", 2)),
                    [&](bool ok) {
                        note(ok);
                        journal->append({fencing("compute1", 4)}, note); // 3 is not told yet
                    });
    journal->append({fencing("compute1", 3)}, [&](bool ok) {
        note(ok);
        EXPECT_NE(journal->trouble(), "");
    });
    loop.run();
    EXPECT_EQ(order, "yynn");
    EXPECT_EQ(all_of(*journal).size(), Journal::most_waiting + 1);
    EXPECT_TRUE(write(loop, *journal, {fencing("compute1", 3)}));
}

TEST(Journal, the_end_of_the_journal_forgets_what_still_waits_and_calls_nobody)
{
    const Directory directory;
    boost::asio::io_context loop;
    auto journal = must_open(loop, directory.path());
    unsigned called = 0;
    journal->append({fencing("compute1", 1)}, [&](bool) { ++called; });
    journal->append({fencing("compute1", 2)}, [&](bool) { ++called; });
    journal.reset();
    loop.run();
    EXPECT_EQ(called, 0u);
}

TEST(Journal, an_answer_may_end_the_journal)
{
    const Directory directory;
    boost::asio::io_context loop;
    auto journal = must_open(loop, directory.path());
    unsigned called = 0;
    for (int n = 0; n < 3; ++n) {
        journal->append({fencing("compute1", 1)}, [&](bool) {
            ++called;
            journal.reset();
        });
    }
    loop.run();
    EXPECT_EQ(called, 1u);
}

TEST(Journal, the_history_of_a_host_is_its_own_last_rows_oldest_first_with_their_times)
{
    const Directory directory;
    boost::asio::io_context loop;
    const auto journal = must_open(loop, directory.path());
    std::vector<JournalEntry> entries;
    for (std::uint64_t n = 1; n <= 10; ++n) {
        entries.push_back(fencing(n % 2 == 0 ? "compute2" : "compute1", n));
    }
    ASSERT_TRUE(write(loop, *journal, entries));
    const auto read = journal->history(HostId{"compute2"}, 3);
    const auto& rows = std::get<std::vector<Row>>(read);
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[0].entry.episode, EpisodeId{6});
    EXPECT_EQ(rows[2].entry.episode, EpisodeId{10});
    EXPECT_LT(rows[0].seq, rows[1].seq);
    EXPECT_GT(rows[0].boot_clock.count(), 0);
    EXPECT_EQ(rows[0].at.size(), std::string{"2026-11-22T12:00:00.123456Z"}.size());
    EXPECT_TRUE(std::get<std::vector<Row>>(journal->history(HostId{"nobody"}, 3)).empty());
}

TEST(Journal, a_hundred_thousand_rows_are_read_in_order_and_folded)
{
    const Directory directory;
    boost::asio::io_context loop;
    {
        const auto journal = must_open(loop, directory.path());
        for (std::uint64_t part = 0; part < 20; ++part) {
            std::vector<JournalEntry> entries;
            for (std::uint64_t n = 1; n <= 5000; ++n) {
                entries.push_back(fencing("compute" + std::to_string(n % 200), part * 5000 + n));
            }
            ASSERT_TRUE(write(loop, *journal, std::move(entries)));
        }
    }
    const auto entries = all_of(*must_open(loop, directory.path()));
    ASSERT_EQ(entries.size(), 100'000u);
    EXPECT_EQ(entries.back().episode, EpisodeId{100'000});
    const auto past = fold(entries);
    EXPECT_EQ(past.last_episode, EpisodeId{100'000});
    EXPECT_EQ(past.open.size(), 200u);
}

TEST(WallTime, is_rfc_3339_in_utc_with_microseconds)
{
    using namespace std::chrono;
    EXPECT_EQ(rfc3339(system_clock::time_point{seconds{1700000000} + microseconds{42}}),
              "2023-11-14T22:13:20.000042Z");
    EXPECT_EQ(rfc3339(system_clock::time_point{microseconds{-1}}), "1969-12-31T23:59:59.999999Z");
    const auto now = floor<microseconds>(system_clock::now());
    EXPECT_EQ(read_rfc3339(rfc3339(now)), now);
    for (const auto* nonsense : {"", "2023-11-14", "2023-11-14T22:13:20Z",
                                 "2023-11-14T22:13:20.000042Z ", "2023-11-14T22:13:20.00042Z"}) {
        EXPECT_FALSE(read_rfc3339(nonsense)) << nonsense;
    }
}

} // namespace
} // namespace knell::journal
