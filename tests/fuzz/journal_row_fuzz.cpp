// SPDX-License-Identifier: GPL-3.0-or-later
// Rows of a journal that somebody else has written: another version, or a hand. Input: rows, of
// each column first a byte (a bit each: 1 it is NULL where it may be; 2 a usual value), then its
// value.
#include "daemon/control/view_json.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/journal/schema.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/scratch.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <array>
#include <set>
#include <sqlite3.h>

namespace knell::journal {
namespace {

namespace json = boost::json;
using fuzz::require;

constexpr std::array<const char*, 19> words{
    "fencing",    "fenced",    "forcing_down", "forced_down", "clearing",
    "readmitted", "cancelled", "disputed",     "ordered",     "armed",
    "disarmed",   "held",      "unheld",       "maintenance", "maintenance_ended",
    "refused",    "unrefused", "told",         "reticulated"};

/// One journal for all inputs; its rows are another input's each time.
class Desk {
public:
    Desk()
    {
        std::filesystem::permissions(scratch_.path(), std::filesystem::perms::owner_all);
        auto opened = Journal::open(loop_, scratch_.path());
        require(std::holds_alternative<std::unique_ptr<Journal>>(opened), "a journal is made",
                std::holds_alternative<std::string>(opened) ? std::get<std::string>(opened) : "");
        journal_ = std::get<std::unique_ptr<Journal>>(std::move(opened));
        require(sqlite3_open((scratch_.path() / "journal.sqlite").c_str(), &hand_) == SQLITE_OK,
                "SQLite opens it, too");
        run("PRAGMA synchronous = OFF");
        for (const char* trigger : {"changed", "deleted", "replaced"}) {
            run((std::string{"DROP TRIGGER entry_is_never_"} + trigger).c_str());
        }
        require(
            sqlite3_prepare_v2(hand_,
                               "INSERT INTO entry(seq, at, boot_clock, what, host, episode, boot, "
                               "identity, by, detail, lasting, machine_boot) "
                               "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                               -1, &insert_, nullptr) == SQLITE_OK,
            "a row can be written");
    }
    ~Desk()
    {
        sqlite3_finalize(insert_);
        sqlite3_close(hand_);
    }
    Desk(const Desk&) = delete;
    Desk& operator=(const Desk&) = delete;

    void write(fuzz::Input& input)
    {
        run("BEGIN");
        run("DELETE FROM entry");
        for (int rows = 0; rows < 12 && !input.empty(); ++rows) {
            write_row(input);
        }
        run("COMMIT");
    }
    [[nodiscard]] const Journal& journal() const { return *journal_; }

private:
    void run(const char* sql)
    {
        char* error = nullptr;
        require(sqlite3_exec(hand_, sql, nullptr, nullptr, &error) == SQLITE_OK, sql,
                error == nullptr ? "" : error);
    }
    void text(int column, fuzz::Input& input, std::string_view usual, bool may_be_null)
    {
        const auto kind = input.byte();
        if (may_be_null && (kind & 1) != 0) {
            sqlite3_bind_null(insert_, column);
            return;
        }
        const auto piece = (kind & 2) != 0 ? usual : fuzz::text_of(input.piece());
        sqlite3_bind_text(insert_, column, piece.data(), static_cast<int>(piece.size()),
                          SQLITE_TRANSIENT);
    }
    void number(int column, fuzz::Input& input, std::int64_t usual)
    {
        const auto kind = input.byte();
        sqlite3_bind_int64(insert_, column,
                           (kind & 2) != 0 ? usual + input.byte() : input.number<std::int64_t>());
    }
    void write_row(fuzz::Input& input)
    {
        sqlite3_bind_null(insert_, 1); // the next one
        text(2, input, "2026-11-22T12:00:00.000000Z", false);
        number(3, input, 1'000'000);
        text(4, input, words[input.byte() % words.size()], false);
        text(5, input, "compute1", true);
        number(6, input, 1);
        text(7, input, "8ce1a8d1-5f5b-41c4-9f4a-50240fa07b74", true);
        text(8, input, "4c4c4544-0034-3010-8052-b4c04f4e4d32", true);
        text(9, input, "knelld", false);
        text(10, input, "why", false);
        number(11, input, 0);
        text(12, input, machine_boot_, true);
        require(sqlite3_step(insert_) == SQLITE_DONE, "a row is written", sqlite3_errmsg(hand_));
        sqlite3_reset(insert_);
    }

    fuzz::Scratch scratch_;
    boost::asio::io_context loop_;
    std::unique_ptr<Journal> journal_;
    sqlite3* hand_ = nullptr;
    sqlite3_stmt* insert_ = nullptr;
    const std::string machine_boot_ = [] {
        std::ifstream file{"/proc/sys/kernel/random/boot_id"};
        std::string id;
        std::getline(file, id);
        return id;
    }();
};

/// What a restart would believe.
void check(const std::vector<JournalEntry>& entries)
{
    for (const auto& entry : entries) {
        require(!name_of(entry.what).empty(), "every entry has a word");
        require(entry.age >= Duration::zero(), "nothing was written in the future");
        require(entry.what != JournalEntry::What::told, "what was told decides nothing");
    }
    const auto past = fold(entries);
    std::set<HostId> hosts;
    for (const auto& entry : entries) {
        if (entry.host) {
            hosts.insert(*entry.host);
        }
        require(entry.episode <= past.last_episode, "no episode is used again");
    }
    // The next one must be told from it, and find room in a row.
    require(past.last_episode.get() < static_cast<std::uint64_t>(INT64_MAX), "episodes go on");
    for (const auto& [host, open] : past.open) {
        require(hosts.contains(host), "no host comes from nowhere");
        require(open.stage != JournalEntry::What::readmitted &&
                    open.stage != JournalEntry::What::cancelled,
                "what is over is not open");
    }
    for (const auto& [host, planned] : past.planned) {
        require(hosts.contains(host), "no plan comes from nowhere");
        require(planned.left <= 24h * 3650, "nothing is planned for ever");
    }
}

} // namespace

KNELL_FUZZ_TARGET(journal_row)
{
    static Desk desk;
    fuzz::Input input{bytes};
    desk.write(input);
    const auto all = desk.journal().read_all();
    if (const auto* fault = std::get_if<std::string>(&all)) {
        require(fault->find("row ") != std::string::npos && fault->find(". ") != std::string::npos,
                "a row that is not understood is named, with a remedy", *fault);
        require(fuzz::fit_to_show(*fault), "what is told is one line of text", *fault);
    } else {
        check(std::get<std::vector<JournalEntry>>(all));
    }
    const auto history = desk.journal().history(HostId{"compute1"}, 5);
    if (const auto* rows = std::get_if<std::vector<Row>>(&history)) {
        require(rows->size() <= 5, "no more is read than was asked for");
        for (const auto& row : *rows) {
            require(row.entry.host == HostId{"compute1"}, "a history is of one host");
            boost::system::error_code error;
            const auto told = json::parse(json::serialize(control::to_json(row)), error);
            require(!error && told.is_object(), "knellctl can read what it is told",
                    error.message());
        }
    }
}

} // namespace knell::journal
