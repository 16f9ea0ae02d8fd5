// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "tests/simulation/world/dice.hpp"
#include "tests/simulation/world/disk.hpp"
#include "tests/simulation/world/life.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace knell::sim {

/// What knell::Scribe and journal::Journal are to a real disk: one transaction at a time, what
/// waits meanwhile goes together into the next; patience with a full disk; and the end of the
/// process when the file cannot be trusted any more.
class Scribe {
public:
    struct Words {
        std::function<void(const Record&)> durable;
        std::function<void()> broken;
        std::function<void(bool stalled)> stalled;
    };

    Scribe(Disk& disk, std::shared_ptr<Life> life, Dice& dice, Words words)
        : disk_{disk}, life_{std::move(life)}, dice_{dice}, words_{std::move(words)}
    {
    }

    void write(const Record& record)
    {
        waiting_.push_back(record);
        begin();
    }
    /// The process dies: what was being written may have arrived, whole.
    void tear()
    {
        if (writing_ && disk_.health == Disk::Health::well && dice_.chance(0.5)) {
            disk_.keep(entries(batch_));
        }
    }

private:
    using Batch = std::vector<Record>;

    static std::vector<JournalEntry> entries(const Batch& batch)
    {
        std::vector<JournalEntry> all;
        for (const auto& record : batch) {
            all.push_back(record.entry);
        }
        return all;
    }
    void begin()
    {
        if (writing_ || resting_ || waiting_.empty()) {
            return;
        }
        writing_ = true;
        batch_.assign(waiting_.begin(), waiting_.end());
        waiting_.clear();
        life_->after(disk_.latency, [this] { end(); });
    }
    void end()
    {
        writing_ = false;
        const auto batch = std::exchange(batch_, {});
        if (disk_.health == Disk::Health::fails) {
            if (dice_.chance(0.5)) { // a failed fsync may leave it there
                disk_.keep(entries(batch));
            }
            return words_.broken();
        }
        if (disk_.health == Disk::Health::full) {
            waiting_.insert(waiting_.begin(), batch.begin(), batch.end());
            resting_ = true;
            if (!std::exchange(stalled_, true)) {
                words_.stalled(true);
            }
            life_->after(1s, [this] {
                resting_ = false;
                begin();
            });
            return;
        }
        disk_.keep(entries(batch));
        if (std::exchange(stalled_, false)) {
            words_.stalled(false);
        }
        begin();
        for (const auto& record : batch) {
            words_.durable(record);
        }
    }

    Disk& disk_;
    std::shared_ptr<Life> life_;
    Dice& dice_;
    Words words_;
    std::deque<Record> waiting_;
    Batch batch_; ///< being written
    bool writing_ = false;
    bool resting_ = false;
    bool stalled_ = false;
};

} // namespace knell::sim
