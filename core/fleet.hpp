// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "core/event.hpp"
#include "core/view.hpp"

#include <map>
#include <memory>

namespace knell {

class HostMachine;
class FenceGate;
class Vantage;

/// Every decision knell makes, for all hosts. Pure: the same calls with the
/// same times give the same effects, and nothing else happens.
class Fleet {
public:
    Fleet(Policy policy, Recollection past);
    ~Fleet();
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    /// Once, before anything else: takes up what the last process left open.
    [[nodiscard]] Effects begin(Instant now);
    [[nodiscard]] Effects on_event(Instant now, const Event& event);
    [[nodiscard]] Effects on_time(Instant now);
    /// When on_time() wants to be called. Never far: a late wake-up is how knell
    /// notices that it was stopped itself.
    [[nodiscard]] Instant deadline() const;

    [[nodiscard]] FleetView view() const;
    [[nodiscard]] HostView view(const HostId& host) const; ///< the host must be in the policy

private:
    [[nodiscard]] Effects on_order(Instant now, const OperatorOrder& order);
    void look(Instant now, Effects& effects);

    Policy policy_;
    Recollection past_;
    std::unique_ptr<Vantage> vantage_;
    std::unique_ptr<FenceGate> gate_;
    /// Ordered: iteration is part of determinism.
    std::map<HostId, std::unique_ptr<HostMachine>> hosts_;
};

} // namespace knell
