// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/world/agenda.hpp"

#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>

namespace knell::sim {

/// The life of one process of knelld. What reaches it while it is stopped waits until it goes on,
/// and what reaches it after its death is lost.
class Life : public std::enable_shared_from_this<Life> {
public:
    using Act = Agenda::Act;

    explicit Life(Agenda& agenda) : agenda_{agenda} {}

    [[nodiscard]] Instant now() const noexcept { return agenda_.now(); }
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }
    void stop() { stopped_ = true; }
    void go_on()
    {
        stopped_ = false;
        while (!stopped_ && !waiting_.empty()) {
            const auto act = std::move(waiting_.front());
            waiting_.pop_front();
            act();
        }
    }
    /// Now, or once it goes on.
    void reach(Act act)
    {
        if (stopped_) {
            waiting_.push_back(std::move(act));
        } else {
            act();
        }
    }
    /// Reaches it then, if it lives.
    void at(Instant when, Act act)
    {
        const auto number = ++noted_;
        acts_.emplace(number, std::move(act));
        agenda_.at(when, [weak = weak_from_this(), number] {
            if (const auto alive = weak.lock()) {
                if (auto found = alive->acts_.extract(number)) {
                    alive->reach(std::move(found.mapped()));
                }
            }
        });
    }
    /// What still waits goes, and with it what it holds.
    void end()
    {
        const auto acts = std::exchange(acts_, {});
        const auto waiting = std::exchange(waiting_, {});
    }
    void after(Duration pause, Act act) { at(now() + pause, std::move(act)); }

private:
    Agenda& agenda_;
    bool stopped_ = false;
    std::deque<Act> waiting_;
    std::unordered_map<std::uint64_t, Act> acts_; ///< not in the agenda, which outlives us
    std::uint64_t noted_ = 0;
};

} // namespace knell::sim
