// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/journal_entry.hpp"
#include "tests/simulation/world/truth.hpp"

#include <vector>

namespace knell::sim {

/// What is on the disk of our machine, its troubles, and the clocks that its rows were dated by.
/// Nothing that was durable goes away; a transaction is there whole or not at all, as SQLite's
/// log has it, whatever tears.
class Disk {
public:
    explicit Disk(Truth& truth) : truth_{truth} {}

    enum class Health { well, full, fails };
    Health health = Health::well;
    Duration latency = 1ms; ///< of one transaction

    void keep(const std::vector<JournalEntry>& entries)
    {
        for (const auto& entry : entries) {
            rows_.push_back({entry, truth_.now(), wall(), machine_boot_});
            truth_.tell(Durable{entry});
        }
    }
    /// The whole past, with its ages as a knelld of now would know them.
    [[nodiscard]] std::vector<JournalEntry> read_all() const
    {
        std::vector<JournalEntry> entries;
        for (const auto& row : rows_) {
            auto entry = row.entry;
            // As Journal::read_all: by the clock of this boot of the machine, else by the wall.
            entry.age = row.machine_boot == machine_boot_
                            ? truth_.now() - row.at
                            : std::max(Duration::zero(), wall() - row.wall);
            entries.push_back(std::move(entry));
        }
        return entries;
    }

    /// Our machine restarts, and its wall clock is found to be off by so much more.
    void reboot(Duration jump)
    {
        ++machine_boot_;
        wall_off_ += jump;
        ages_known_ = ages_known_ && jump == Duration::zero();
    }
    [[nodiscard]] bool ages_known() const noexcept { return ages_known_; }

private:
    struct Row {
        JournalEntry entry;
        Instant at;
        Duration wall;
        unsigned machine_boot;
    };
    [[nodiscard]] Duration wall() const { return truth_.now().time_since_epoch() + wall_off_; }

    Truth& truth_;
    std::vector<Row> rows_;
    unsigned machine_boot_ = 1;
    Duration wall_off_{};
    bool ages_known_ = true;
};

} // namespace knell::sim
