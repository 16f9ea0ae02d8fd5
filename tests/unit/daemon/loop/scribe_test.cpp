// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/scribe.hpp"
#include "tests/unit/daemon/journal/faulty_vfs.hpp"
#include "tests/unit/daemon/journal/journal_fixture.hpp"

namespace knell {
namespace {

TEST(Scribe, every_record_keeps_its_place_over_a_full_disk)
{
    const journal::Directory directory;
    const journal::FaultyVfs vfs;
    boost::asio::io_context loop;
    const auto book = journal::must_open(loop, directory.path());
    std::vector<JournalEntry> given;
    std::vector<JournalEntry> durable;
    Scribe scribe{loop, *book, [&](const Record& record) { durable.push_back(record.entry); }};
    const auto write = [&](std::uint64_t episode) {
        given.push_back(journal::fencing("compute1", episode));
        scribe.write({given.back(), AttemptId{episode}});
    };
    std::string said;
    scribe.on_trouble({nullptr, [&](const std::string& why) {
                           said += why.empty() ? "again " : "stalled ";
                           if (!why.empty()) {
                               write(4); // 2 and 3 are not answered yet
                               journal::Faults::disk_full_once = true; // for the first to try again
                           }
                       }});
    journal::Faults::disk_full_once = true;
    for (const std::uint64_t episode : {1, 2, 3}) {
        write(episode);
    }
    loop.run();
    EXPECT_EQ(said, "stalled again ");
    EXPECT_EQ(durable, given);
    EXPECT_EQ(journal::all_of(*book), given);
}

} // namespace
} // namespace knell
