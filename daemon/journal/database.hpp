// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/journal_entry.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace knell::journal {

/// An entry with the times it was made at.
struct Row {
    std::int64_t seq = 0;                   ///< from 1, in the order of writing; 0: not written yet
    std::string at;                         ///< wall clock, RFC 3339 UTC
    std::chrono::microseconds boot_clock{}; ///< CLOCK_BOOTTIME of that boot of this machine
    JournalEntry entry;
    std::string machine_boot{}; ///< boot_id of that boot; empty in rows of schema 1
};

template <class T>
using OrText = std::variant<T, std::string>;

struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept;
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

/// What became of a transaction.
struct Written {
    bool durable = false;
    /// The file must not be used any further: after a failed fsync Linux forgets
    /// the dirty pages, and a second fsync would succeed without having written
    /// them. A full disk is not this.
    bool broken = false;
    std::string text; ///< why it is not durable
};

/// One connection to journal.sqlite: WAL, synchronous=FULL (a commit returns
/// when it is on the disk; https://sqlite.org/pragma.html#pragma_synchronous).
/// Used by one thread at a time.
class Database {
public:
    enum class Access { write, read };

    /// The file must exist. Sets the pragmas and reads them back; for writing, also
    /// checks the file's identity, schema and structure. The text says what is
    /// wrong and how to mend it.
    [[nodiscard]] static OrText<std::unique_ptr<Database>> open(const std::filesystem::path& file,
                                                                Access access);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// All of them in one transaction, or none.
    [[nodiscard]] Written append(std::span<const Row> rows);
    /// Moves a long write-ahead log into the file. `broken` as for append().
    [[nodiscard]] Written tidy();

    /// In the order of writing, the last `limit` or all: of one host everything, of all hosts
    /// everything but what was merely `told`.
    [[nodiscard]] OrText<std::vector<Row>> rows(const std::optional<HostId>& host,
                                                std::optional<unsigned> limit) const;

private:
    explicit Database(sqlite3* handle) noexcept : handle_{handle} {}

    [[nodiscard]] Written failure(int code, const char* doing);

    sqlite3* handle_;
    Statement insert_;
    int log_pages_ = 0;
};

} // namespace knell::journal
