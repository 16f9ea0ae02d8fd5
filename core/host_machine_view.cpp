// SPDX-License-Identifier: GPL-3.0-or-later
// What others may see of it.
#include "core/host_machine.hpp"

#include <algorithm>

namespace knell {

Census::Member HostMachine::member() const
{
    const auto now = commons_->now;
    const bool failing = state_ == HostState::suspected || state_ == HostState::held ||
                         (state_ == HostState::healthy && suspicion_.dying(now));
    const bool fenced = state_ == HostState::fencing || state_ == HostState::fence_failed ||
                        state_ == HostState::fenced;
    const bool sees =
        failing &&
        std::any_of(policy_.monitors.begin(), policy_.monitors.end(), [&](const auto& monitor) {
            return commons_->vantage.sees(now, monitor.network);
        });
    const bool down = mark_ || state_ == HostState::fencing || state_ == HostState::fenced ||
                      (state_ == HostState::down && proven_off_at_);
    // What falls silent while nobody answers us is our own eyes, and no storm.
    const bool gone =
        sees && (suspicion_.sinking() || suspicion_.dying(now) || suspicion_.dead(now));
    return {&policy_, episode_, (gone && left_alone().empty()) || (fenced && !ordered()), down,
            now - doubted_since_.value_or(now)};
}

HostView HostMachine::view() const
{
    HostView view{policy_.host,
                  name_of(state_),
                  since_,
                  why_,
                  episode_,
                  std::nullopt,
                  identity(),
                  mark_.has_value(),
                  reported_ && reported_->nova_compute,
                  suspicion_.view(),
                  suspicion_.rule_view(commons_->now),
                  readiness_.view(),
                  readiness_.complaint(identity()),
                  planned_.view(),
                  policy_.domains,
                  policy_.precious,
                  service_,
                  readmissions(commons_->now),
                  in_plan_ && state_ == HostState::held};
    if (reported_) {
        view.boot = reported_->boot;
    }
    return view;
}

} // namespace knell
