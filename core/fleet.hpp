// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "core/event.hpp"
#include "core/view.hpp"

#include <memory>
#include <optional>

namespace knell {

/// Every decision knell makes, for all hosts. Pure: the same calls with the
/// same times give the same effects, and nothing else happens.
class Fleet {
public:
    Fleet(const Policy& policy, Recollection past);
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
    [[nodiscard]] std::optional<HostView> view(const HostId& host) const;

private:
    struct House;

    void notice_stall(Instant now, Effects& effects);
    void on_recorded(Instant now, const Recorded& recorded, Effects& effects);
    void on_order(Instant now, const OperatorOrder& order, Effects& effects);
    void set_mode(const OperatorOrder& order, Effects& effects);
    void readmit_all(Instant now, const OperatorOrder& order, Effects& effects);

    std::unique_ptr<House> house_;
};

} // namespace knell
