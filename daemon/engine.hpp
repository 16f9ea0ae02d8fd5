// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/fleet.hpp"
#include "daemon/world.hpp"

namespace knell {

/// Carries events in and effects out. One thread, no locks, no clock.
class Engine {
public:
    Engine(Fleet& fleet, World& world) : fleet_{fleet}, world_{world} {}

    void begin(Instant now) { perform(fleet_.begin(now)); }
    void deliver(Instant now, const Event& event);
    void wake(Instant now) { perform(fleet_.on_time(now)); }
    /// What the fleet decided otherwise than by an event.
    void perform(const Effects& effects);
    [[nodiscard]] Instant deadline() const { return fleet_.deadline(); }

private:
    Fleet& fleet_;
    World& world_;
    bool performing_ = false; ///< a world that answers from within a call breaks the order
};

} // namespace knell
