// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fence_gate.hpp"

#include "core/assert.hpp"

#include <algorithm>

namespace knell {

FenceGate::FenceGate(GatePolicy policy, std::string mode_by)
    : policy_{policy}, mode_by_{std::move(mode_by)}
{
}

std::variant<FencePermit, FenceGate::Refusal> FenceGate::admit(Instant now, FailureVerdict verdict,
                                                               EpisodeId episode)
{
    if (policy_.mode != Mode::armed) {
        return Refusal{"observing only, by " + mode_by_ +
                       "; `knellctl arm` would let it be fenced"};
    }
    while (!spent_.empty() && now - spent_.front().at >= policy_.budget_window) {
        spent_.pop_front();
    }
    const bool again = std::any_of(spent_.begin(), spent_.end(),
                                   [&](const auto& spent) { return spent.episode == episode; });
    if (verdict.source() == FailureVerdict::Source::monitors && !again) {
        if (spent_.size() >= policy_.budget) {
            return Refusal{"the budget of " + std::to_string(policy_.budget) +
                           " fences is spent; it frees itself with time, or `knellctl host fence`"};
        }
        spent_.push_back({now, episode});
    }
    return FencePermit{std::move(verdict), episode};
}

FencePermit FenceGate::admit_word(FailureVerdict verdict, EpisodeId episode) const
{
    KNELL_ASSERT(verdict.source() == FailureVerdict::Source::operator_order);
    return {std::move(verdict), episode};
}

void FenceGate::set_mode(Mode mode, std::string by)
{
    policy_.mode = mode;
    mode_by_ = std::move(by);
}

} // namespace knell
