// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/journal/database.hpp"

#include "daemon/journal/schema.hpp"

#include <boost/nowide/utf/utf.hpp>

#include <algorithm>
#include <limits>
#include <sqlite3.h>
#include <string_view>
#include <sys/stat.h>
#include <utility>

namespace knell::journal {

namespace {

/// Pages of write-ahead log after which it is moved into the file, about 4 MiB.
constexpr int long_log = 1000;

int remember_pages(void* pages, sqlite3*, const char*, int count)
{
    *static_cast<int*>(pages) = count;
    return SQLITE_OK;
}

void bind_text(sqlite3_stmt* statement, int column, std::string_view text)
{
    sqlite3_bind_text64(statement, column, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
}

/// Bound text must outlive the step: it stays in `row`.
void bind_row(sqlite3_stmt* statement, const Row& row)
{
    const auto& entry = row.entry;
    bind_text(statement, 1, row.at);
    sqlite3_bind_int64(statement, 2, row.boot_clock.count());
    bind_text(statement, 3, name_of(entry.what));
    sqlite3_bind_null(statement, 4);
    if (entry.host) {
        bind_text(statement, 4, entry.host->get());
    }
    sqlite3_bind_int64(statement, 5, static_cast<std::int64_t>(entry.episode.get()));
    sqlite3_bind_null(statement, 6);
    if (entry.boot) {
        bind_text(statement, 6, entry.boot->get());
    }
    sqlite3_bind_null(statement, 7);
    if (entry.identity) {
        bind_text(statement, 7, entry.identity->get());
    }
    bind_text(statement, 8, entry.by);
    bind_text(statement, 9, entry.detail);
    sqlite3_bind_int64(statement, 10, entry.lasting.count());
    bind_text(statement, 11, row.machine_boot);
}

/// What is no UTF-8 becomes "?", for it goes on as JSON. We write none such.
std::string text_at(sqlite3_stmt* statement, int column)
{
    namespace utf = boost::nowide::utf;
    const auto* at = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
    const auto* const end = at + sqlite3_column_bytes(statement, column);
    std::string text;
    while (at != end) {
        const auto* const from = at;
        const auto point = utf::utf_traits<char>::decode(at, end);
        const bool none = point == utf::illegal || point == utf::incomplete;
        at = none ? from + 1 : at;
        text += none ? std::string_view{"?"} : std::string_view{from, at};
    }
    return text;
}

/// For a fault's words.
std::string shown(std::string text)
{
    constexpr std::size_t longest = 60;
    text.resize(std::min(text.size(), longest));
    std::replace_if(
        text.begin(), text.end(), [](char c) { return c < 0x20 || c >= 0x7f; }, '?');
    return text;
}

bool absent(sqlite3_stmt* statement, int column)
{
    return sqlite3_column_type(statement, column) == SQLITE_NULL;
}

/// Empty: nothing. What is counted on from these numbers must find room.
std::string fault_of(sqlite3_stmt* statement)
{
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 4;
    constexpr std::int64_t longest = Duration{24h * 3650}.count();
    const auto within = [&](int column, std::int64_t limit) {
        const auto number = sqlite3_column_int64(statement, column);
        return number >= 0 && number <= limit;
    };
    const auto word = text_at(statement, 3);
    if (!journal_word(word)) {
        return "\"" + shown(word) + "\" is no word that this knelld knows";
    }
    if (!within(5, most)) {
        return "its episode has no number that an episode can have";
    }
    return within(2, most) && within(10, longest) ? "" : "its times are no times";
}

OrText<Row> row_of(sqlite3_stmt* statement)
{
    Row row;
    row.seq = sqlite3_column_int64(statement, 0);
    row.at = text_at(statement, 1);
    if (const auto fault = fault_of(statement); !fault.empty()) {
        return "row " + std::to_string(row.seq) + " of the journal (" + shown(row.at) +
               ") cannot be understood: " + fault +
               ". It was written by another version, or changed by hand; run the knelld that "
               "wrote it.";
    }
    row.boot_clock = std::chrono::microseconds{sqlite3_column_int64(statement, 2)};
    const auto what = journal_word(text_at(statement, 3));
    const auto episode = sqlite3_column_int64(statement, 5);
    row.entry.what = *what;
    row.entry.episode = EpisodeId{static_cast<std::uint64_t>(episode)};
    if (!absent(statement, 4)) {
        row.entry.host = HostId{text_at(statement, 4)};
    }
    if (!absent(statement, 6)) {
        row.entry.boot = BootId{text_at(statement, 6)};
    }
    if (!absent(statement, 7)) {
        row.entry.identity = SystemUuid{text_at(statement, 7)};
    }
    row.entry.by = text_at(statement, 8);
    row.entry.detail = text_at(statement, 9);
    row.entry.lasting = Duration{sqlite3_column_int64(statement, 10)};
    row.machine_boot = text_at(statement, 11);
    return row;
}

/// A full disk or a busy file changed nothing; the same rows may be tried again.
bool only_refused(int extended_code)
{
    return (extended_code & 0xff) == SQLITE_FULL || (extended_code & 0xff) == SQLITE_BUSY ||
           extended_code == SQLITE_IOERR_SHMSIZE;
}

} // namespace

void Finalize::operator()(sqlite3_stmt* statement) const noexcept
{
    sqlite3_finalize(statement);
}

Database::~Database()
{
    insert_.reset();
    sqlite3_close_v2(handle_);
}

OrText<std::unique_ptr<Database>> Database::open(const std::filesystem::path& file, Access access)
{
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                      (access == Access::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
    sqlite3* handle = nullptr;
    const int opened = sqlite3_open_v2(file.c_str(), &handle, flags, nullptr);
    std::unique_ptr<Database> database{new Database{handle}};
    if (opened != SQLITE_OK) {
        return "cannot open the journal " + file.string() + ": " + sqlite3_errstr(opened) +
               ". It must belong to the user that knelld runs as.";
    }
    if (auto fault = set_pragmas(handle, file); !fault.empty()) {
        return fault;
    }
    if (access == Access::read) {
        return database;
    }
    if (auto fault = fault_of(handle, file); !fault.empty()) {
        return fault;
    }
    ::chmod(file.c_str(), S_IRUSR | S_IWUSR);
    if (auto fault = bring_up_to_date(handle, file); !fault.empty()) {
        return fault;
    }
    // tidy() does it instead, where a failed fsync is noticed.
    sqlite3_wal_hook(handle, remember_pages, &database->log_pages_);
    sqlite3_stmt* insert = nullptr;
    if (sqlite3_prepare_v3(handle,
                           "INSERT INTO entry(at, boot_clock, what, host, episode, boot, "
                           "identity, by, detail, lasting, machine_boot) "
                           "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                           -1, SQLITE_PREPARE_PERSISTENT, &insert, nullptr) != SQLITE_OK) {
        return damaged(file, sqlite3_errmsg(handle));
    }
    database->insert_.reset(insert);
    return database;
}

Written Database::failure(int code, const char* doing)
{
    Written written;
    written.broken = !only_refused(code);
    written.text = std::string{"cannot "} + doing + " the journal: " + sqlite3_errstr(code) + " (" +
                   sqlite3_errmsg(handle_) + ", SQLite code " + std::to_string(code) + ")";
    if (sqlite3_get_autocommit(handle_) == 0) {
        sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    }
    return written;
}

Written Database::append(std::span<const Row> rows)
{
    if (const int code = sqlite3_exec(handle_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr);
        code != SQLITE_OK) {
        return failure(code, "write to");
    }
    for (const auto& row : rows) {
        bind_row(insert_.get(), row);
        const int code = sqlite3_step(insert_.get());
        sqlite3_reset(insert_.get());
        sqlite3_clear_bindings(insert_.get());
        if (code != SQLITE_DONE) {
            return failure(code, "write to");
        }
    }
    if (const int code = sqlite3_exec(handle_, "COMMIT", nullptr, nullptr, nullptr);
        code != SQLITE_OK) {
        return failure(code, "write to");
    }
    return {.durable = true, .broken = false, .text = {}};
}

Written Database::tidy()
{
    if (log_pages_ < long_log) {
        return {.durable = true, .broken = false, .text = {}};
    }
    const int code =
        sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (code != SQLITE_OK && !only_refused(code)) {
        return failure(code, "tidy");
    }
    return {.durable = true, .broken = false, .text = {}};
}

OrText<std::vector<Row>> Database::rows(const std::optional<HostId>& host,
                                        std::optional<unsigned> limit) const
{
    // Of all hosts only what decisions rest on; what was told explains one host.
    const std::string sql =
        std::string{"SELECT * FROM (SELECT seq, at, boot_clock, what, host, episode, boot, "
                    "identity, by, detail, lasting, machine_boot FROM entry WHERE "} +
        (host ? "host = ?2" : "what <> 'told'") + " ORDER BY seq DESC LIMIT ?1) ORDER BY seq";
    sqlite3_stmt* raw = nullptr;
    int code = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &raw, nullptr);
    const Statement statement{raw};
    if (code != SQLITE_OK) {
        return std::string{"cannot read the journal: "} + sqlite3_errmsg(handle_);
    }
    sqlite3_bind_int64(raw, 1, limit ? static_cast<std::int64_t>(*limit) : -1);
    if (host) {
        bind_text(raw, 2, host->get());
    }
    std::vector<Row> rows;
    while ((code = sqlite3_step(raw)) == SQLITE_ROW) {
        auto row = row_of(raw);
        if (auto* fault = std::get_if<std::string>(&row)) {
            return std::move(*fault);
        }
        rows.push_back(std::get<Row>(std::move(row)));
    }
    if (code != SQLITE_DONE) {
        return std::string{"cannot read the journal: "} + sqlite3_errmsg(handle_);
    }
    return rows;
}

} // namespace knell::journal
