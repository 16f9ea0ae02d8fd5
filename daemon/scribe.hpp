// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <deque>
#include <functional>
#include <string>

namespace knell {

namespace journal {
class Journal;
}

/// Writes what must be durable, in the order given, and has patience with a full disk: what
/// could not be written is tried again, and what hangs on it waits, so that nothing happens
/// without its record. A file that cannot be trusted any more ends the daemon.
class Scribe {
public:
    using OnDurable = std::function<void(const Record&)>;

    struct Words {
        /// The file is broken: end the process. Once.
        std::function<void(const std::string&)> broken;
        /// Nothing can be written for now, or (empty) it can be again.
        std::function<void(const std::string&)> stalled;
    };

    Scribe(boost::asio::io_context& loop, journal::Journal& journal, OnDurable on_durable);
    void on_trouble(Words words) { words_ = std::move(words); }

    void write(const Record& record);
    /// Explains later and decides nothing: dropped while the disk is full.
    void tell(const Notice& notice);

    /// Why records wait; empty: none does.
    [[nodiscard]] const std::string& trouble() const noexcept { return trouble_; }

private:
    void send(const Record& record);
    void on_written(bool durable);
    void try_again();

    journal::Journal& journal_;
    OnDurable on_durable_;
    Words words_;
    boost::asio::steady_timer rest_;
    std::deque<Record> records_; ///< not durable yet, in the order given
    std::size_t sent_ = 0;       ///< and not answered; once one is refused, the later ones wait
    std::string trouble_;
};

} // namespace knell
