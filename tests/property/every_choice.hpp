// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace knell::test {

/// Walks through every sequence of choices a small world can make, one sequence per round:
///
///     EveryChoice choice;
///     while (choice.next_world()) { … choice.of(3) … }
///
/// Depth-first: the last choice made is the first one changed. A world that asks the same
/// questions after the same answers is visited exactly once.
class EveryChoice {
public:
    [[nodiscard]] bool next_world()
    {
        asked_ = 0;
        if (!started_) {
            started_ = true;
            return true;
        }
        while (!taken_.empty() && ++taken_.back() == bounds_.back()) {
            taken_.pop_back();
            bounds_.pop_back();
        }
        return !taken_.empty();
    }

    /// One of 0 … n-1.
    [[nodiscard]] unsigned of(unsigned n)
    {
        if (asked_ == taken_.size()) {
            taken_.push_back(0);
            bounds_.push_back(n);
        }
        return taken_[asked_++];
    }

    /// The choices of this world, to name it in a complaint.
    [[nodiscard]] std::string name() const
    {
        std::string text;
        for (const auto one : taken_) {
            text += (text.empty() ? "" : " ") + std::to_string(one);
        }
        return text;
    }

private:
    std::vector<unsigned> taken_;
    std::vector<unsigned> bounds_;
    std::size_t asked_ = 0;
    bool started_ = false;
};

} // namespace knell::test
