// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/journal/database.hpp"
#include "daemon/journal/state_directory.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace knell::journal {

/// What knell must still know after a crash: every JournalEntry as one row, in
/// DIRECTORY/journal.sqlite, append-only, readable by sqlite3(1).
///
/// Every method is called on the loop's thread and none but open(), read_all()
/// and history() touches the disk there: a thread of the journal's own writes.
/// Entries that wait while it writes go into the next transaction together.
class Journal {
public:
    using OnDurable = std::function<void(bool durable)>;
    using Opened = std::variant<std::unique_ptr<Journal>, std::string>;

    /// Entries that may wait while the disk is slow. More are refused.
    static constexpr std::size_t most_waiting = 10'000;

    /// Before the loop runs. The text names the fault and its remedy: no
    /// directory, too open a directory, a second knelld on it (with its pid), a
    /// damaged file (which is never replaced), a newer schema.
    [[nodiscard]] static Opened open(boost::asio::io_context& loop,
                                     const std::filesystem::path& directory);
    /// Waits for the transaction being written; what still waits is not written
    /// and its OnDurable is never called.
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    /// `on_durable` is posted to the loop, in the order of the calls: true when
    /// these entries are on the disk; false when they are not (but a failed fsync may
    /// leave them there). After false look at closed(). Never called within append().
    /// Nothing overtakes: until a false is told, whatever was appended behind it is refused too.
    void append(std::vector<JournalEntry> entries, OnDurable on_durable);

    /// After a failure that makes the file untrustworthy (an I/O error, a failed
    /// fsync) no append will succeed again: end the process and start afresh. A
    /// full disk is not that: later appends may succeed.
    [[nodiscard]] bool closed() const noexcept { return closed_; }
    /// Why the last false was told; empty after a later success.
    [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

    /// The whole past in the order of writing, for fold(), with its ages and without what was
    /// `told`. The text says which row cannot be understood.
    [[nodiscard]] OrText<std::vector<JournalEntry>> read_all() const;
    /// The last `limit` rows of one host, oldest first.
    [[nodiscard]] OrText<std::vector<Row>> history(const HostId& host, unsigned limit) const;

    /// Transactions since the start; fewer than appends when entries travelled together.
    [[nodiscard]] std::uint64_t transactions() const noexcept { return transactions_; }

private:
    struct Waiting {
        std::vector<Row> rows;
        OnDurable on_durable;
        bool refused = false; ///< not written; answered in its turn
    };
    using Batch = std::deque<Waiting>;

    Journal(boost::asio::io_context& loop, StateDirectory state, std::unique_ptr<Database> writer,
            std::unique_ptr<Database> reader);

    void refuse(Waiting& waiting);
    void write_what_waits();
    void on_written(Batch& batch, const Written& written);
    void on_tidied(const Written& tidied);

    boost::asio::io_context& loop_;
    StateDirectory state_;
    std::unique_ptr<Database> writer_; ///< used by thread_ alone once it runs
    std::unique_ptr<Database> reader_; ///< used by the loop's thread alone
    std::string machine_boot_;
    boost::asio::thread_pool thread_{1};
    Batch waiting_;
    std::size_t entries_waiting_ = 0;
    std::size_t refused_ = 0; ///< and not told so yet; nothing may overtake them
    bool writing_ = false;
    bool closed_ = false;
    std::string trouble_;
    std::uint64_t transactions_ = 0;
    /// A result that is already on its way to the loop when the journal goes away
    /// finds this expired. Nothing else is shared.
    std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

} // namespace knell::journal
