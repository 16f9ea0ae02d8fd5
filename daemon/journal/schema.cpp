// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/journal/schema.hpp"

#include "daemon/journal/state_directory.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace knell::journal {

namespace {

namespace fs = std::filesystem;

/// The triggers guard against mistakes, ours and others'; root can of course
/// rewrite the file. An INSERT OR REPLACE would not fire the DELETE trigger.
constexpr const char* schema = R"sql(
BEGIN;
CREATE TABLE entry(
    seq        INTEGER PRIMARY KEY,
    at         TEXT NOT NULL,
    boot_clock INTEGER NOT NULL,
    what       TEXT NOT NULL,
    host       TEXT,
    episode    INTEGER NOT NULL,
    boot       TEXT,
    identity   TEXT,
    by         TEXT NOT NULL,
    detail     TEXT NOT NULL,
    lasting    INTEGER NOT NULL DEFAULT 0,
    machine_boot TEXT
) STRICT;
CREATE INDEX entry_of_host ON entry(host, seq);
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER entry_is_never_replaced BEFORE INSERT ON entry
WHEN EXISTS(SELECT 1 FROM entry WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
PRAGMA application_id = 1263420748;
PRAGMA user_version = 2;
COMMIT;
PRAGMA journal_mode = WAL;
)sql";
static_assert(application_id == 1263420748 && schema_version == 2);

constexpr const char* from_1_to_2 = R"sql(
BEGIN IMMEDIATE;
ALTER TABLE entry ADD COLUMN lasting INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN machine_boot TEXT;
PRAGMA user_version = 2;
COMMIT;
)sql";

struct Close {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
};

std::string build(const fs::path& file)
{
    const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                            S_IRUSR | S_IWUSR);
    if (made < 0) {
        return std::strerror(errno);
    }
    ::close(made);
    sqlite3* raw = nullptr;
    const int opened =
        sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
    const std::unique_ptr<sqlite3, Close> handle{raw};
    if (opened != SQLITE_OK) {
        return sqlite3_errstr(opened);
    }
    sqlite3_exec(raw, "PRAGMA synchronous = FULL", nullptr, nullptr, nullptr);
    if (sqlite3_exec(raw, schema, nullptr, nullptr, nullptr) != SQLITE_OK) {
        return sqlite3_errmsg(raw);
    }
    return {};
}

/// SQLite takes a very short file for a new one and pads a torn last page with
/// zeros. What a log still holds may be missing from the file, so this judges only
/// a file without one. https://sqlite.org/fileformat.html section 1.3.
bool shorter_than_it_says(const fs::path& file)
{
    struct stat seen {};
    if (::stat((file.string() + "-wal").c_str(), &seen) == 0 && seen.st_size > 0) {
        return false;
    }
    std::array<unsigned char, 100> header{};
    const int in = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    const auto got = in < 0 ? -1 : ::read(in, header.data(), header.size());
    const bool looked = in >= 0 && ::fstat(in, &seen) == 0;
    if (in >= 0) {
        ::close(in);
    }
    if (!looked || got != static_cast<ssize_t>(header.size())) {
        return true;
    }
    const std::uint64_t page = header[16] * 256U + header[17];
    std::uint64_t pages = 0;
    for (const std::size_t at : {28U, 29U, 30U, 31U}) {
        pages = pages * 256 + header[at];
    }
    return static_cast<std::uint64_t>(seen.st_size) < page * pages;
}

void remove_with_companions(const fs::path& file)
{
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
        ::unlink((file.string() + suffix).c_str());
    }
}

} // namespace

std::string damaged(const fs::path& file, const std::string& how)
{
    return "the journal " + file.string() + " is damaged: " + how +
           ". knell does not begin a new one by itself, because it would forget which hosts it "
           "has forced down. Keep a copy of " +
           file.string() +
           "*, then restore it from a backup, or move it away and clear what "
           "knell left in Nova by hand (openstack compute service list --service nova-compute).";
}

int integer_of(sqlite3* handle, const char* sql)
{
    const auto text = text_of(handle, sql);
    int number = -1;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

std::string text_of(sqlite3* handle, const char* sql)
{
    sqlite3_stmt* statement = nullptr;
    std::string text;
    if (sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        if (const auto* bytes = sqlite3_column_text(statement, 0)) {
            text = reinterpret_cast<const char*>(bytes);
        }
    }
    sqlite3_finalize(statement);
    return text;
}

std::string set_pragmas(sqlite3* handle, const fs::path& file)
{
    sqlite3_busy_timeout(handle, 2000);
    for (const char* pragma : {"PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON",
                               "PRAGMA trusted_schema = OFF", "PRAGMA cell_size_check = ON"}) {
        if (sqlite3_exec(handle, pragma, nullptr, nullptr, nullptr) != SQLITE_OK) {
            return damaged(file, sqlite3_errmsg(handle));
        }
    }
    const auto mode = text_of(handle, "PRAGMA journal_mode");
    if (mode.empty()) {
        return damaged(file, sqlite3_errmsg(handle));
    }
    constexpr int full = 2;
    if (mode != "wal" || integer_of(handle, "PRAGMA synchronous") != full ||
        integer_of(handle, "PRAGMA foreign_keys") != 1 ||
        integer_of(handle, "PRAGMA trusted_schema") != 0) {
        return "the journal " + file.string() +
               " could not be put into WAL mode with synchronous=FULL (journal_mode is " + mode +
               "). Keep it on a local file system, with SQLite 3.37 or newer.";
    }
    return {};
}

std::string fault_of(sqlite3* handle, const fs::path& file)
{
    const int id = integer_of(handle, "PRAGMA application_id");
    if (id < 0) {
        return damaged(file, sqlite3_errmsg(handle));
    }
    if (id != application_id) {
        return file.string() + " is an SQLite file, but not a journal of knell. Move it away, or "
                               "name another directory under `state` in knell.yaml.";
    }
    const int version = integer_of(handle, "PRAGMA user_version");
    if (version > schema_version) {
        return "the journal " + file.string() + " was written by a newer knelld (schema " +
               std::to_string(version) + "; this one knows up to " +
               std::to_string(schema_version) + "). Install that version again.";
    }
    if (version < 1) {
        return damaged(file, "it has no schema version");
    }
    const auto check = text_of(handle, "PRAGMA quick_check(1)");
    if (check != "ok") {
        return damaged(file, check.empty() ? sqlite3_errmsg(handle) : check);
    }
    return {};
}

std::string bring_up_to_date(sqlite3* handle, const fs::path& file)
{
    if (integer_of(handle, "PRAGMA user_version") != 1 ||
        sqlite3_exec(handle, from_1_to_2, nullptr, nullptr, nullptr) == SQLITE_OK) {
        return {};
    }
    const std::string why = sqlite3_errmsg(handle);
    sqlite3_exec(handle, "ROLLBACK", nullptr, nullptr, nullptr);
    return "cannot bring the journal " + file.string() + " to schema 2: " + why +
           ". Nothing was changed; make room on the disk and start knelld again.";
}

std::string create_if_absent(const StateDirectory& state, const fs::path& file)
{
    struct stat seen {};
    if (::lstat(file.c_str(), &seen) == 0) {
        if (!S_ISREG(seen.st_mode)) {
            return file.string() + " is not a regular file. Move it away.";
        }
        if (seen.st_size == 0) {
            return damaged(file, "it is empty");
        }
        if (shorter_than_it_says(file)) {
            return damaged(file, "its end is missing, or it is no SQLite file");
        }
        return {};
    }
    if (errno != ENOENT) {
        return "cannot look at " + file.string() + ": " + std::strerror(errno);
    }
    if (::lstat((file.string() + "-wal").c_str(), &seen) == 0) {
        return damaged(file, "it is gone, and only its write-ahead log is left");
    }
    const auto fresh = fs::path{file.string() + ".new"};
    remove_with_companions(fresh);
    auto fault = build(fresh);
    if (fault.empty() && ::rename(fresh.c_str(), file.c_str()) != 0) {
        fault = std::strerror(errno);
    }
    if (fault.empty() && !state.sync()) {
        fault = std::strerror(errno);
    }
    if (!fault.empty()) {
        remove_with_companions(fresh);
        return "cannot create the journal " + file.string() + ": " + fault +
               ". The directory must be writable for knelld and have some megabytes left.";
    }
    return {};
}

} // namespace knell::journal
