// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace knell::sim {

/// Virtual time: what is to happen, in order. What is due at the same moment happens in the order
/// in which it was noted.
class Agenda {
public:
    using Act = std::function<void()>;

    [[nodiscard]] Instant now() const noexcept { return now_; }
    void at(Instant when, Act act)
    {
        acts_.push_back({std::max(when, now_), ++noted_, std::move(act)});
        std::push_heap(acts_.begin(), acts_.end(), later);
    }
    void after(Duration pause, Act act) { at(now_ + pause, std::move(act)); }

    /// The next act, if it comes before `until`; else time passes until then, and false.
    bool step(Instant until)
    {
        if (acts_.empty() || acts_.front().when > until) {
            now_ = until;
            return false;
        }
        std::pop_heap(acts_.begin(), acts_.end(), later);
        const auto entry = std::move(acts_.back());
        acts_.pop_back();
        now_ = entry.when;
        ++done_;
        entry.act();
        return true;
    }
    [[nodiscard]] std::uint64_t done() const noexcept { return done_; }

private:
    struct Entry {
        Instant when;
        std::uint64_t number;
        Act act;
    };
    static bool later(const Entry& a, const Entry& b)
    {
        return std::pair{a.when, a.number} > std::pair{b.when, b.number};
    }

    Instant now_{10h};
    std::uint64_t noted_ = 0;
    std::uint64_t done_ = 0;
    std::vector<Entry> acts_;
};

} // namespace knell::sim
