// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/policy.hpp"
#include "core/verdict.hpp"

#include <deque>
#include <string>
#include <variant>

namespace knell {

/// May fencing start now? Asked with a verdict, answers with a permit or with
/// the reason why not.
class FenceGate {
public:
    FenceGate(GatePolicy policy, std::string mode_by);

    struct Refusal {
        std::string why; ///< and what would change it
    };
    [[nodiscard]] std::variant<FencePermit, Refusal> admit(Instant now, FailureVerdict verdict,
                                                           EpisodeId episode);
    /// For an operator's word that the host is off: nothing will be powered off on this permit.
    [[nodiscard]] FencePermit admit_word(FailureVerdict verdict, EpisodeId episode) const;

    void set_mode(Mode mode, std::string by);
    /// A fence that an earlier process began counts against the budget of this one.
    void count(Instant now, EpisodeId episode) { spent_.push_back({now, episode}); }

    [[nodiscard]] Mode mode() const noexcept { return policy_.mode; }
    [[nodiscard]] const std::string& mode_by() const noexcept { return mode_by_; }
    [[nodiscard]] unsigned budget() const noexcept { return policy_.budget; }
    [[nodiscard]] unsigned budget_used() const noexcept
    {
        return static_cast<unsigned>(spent_.size());
    }

private:
    GatePolicy policy_;
    std::string mode_by_;
    struct Spent {
        Instant at;
        EpisodeId episode; ///< a second try of the same episode costs nothing
    };
    std::deque<Spent> spent_; ///< automatic permits within the window
};

} // namespace knell
