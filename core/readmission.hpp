// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/forced_down.hpp"
#include "core/time.hpp"

#include <optional>
#include <string>

namespace knell {

/// The way back: a new boot, well on every monitor for `hold_down`, with
/// nova-compute running. Turns our mark into leave to clear it.
class Readmission {
public:
    Readmission(ForcedDown mark, Duration hold_down) : mark_{std::move(mark)}, hold_down_{hold_down}
    {
    }

    struct Condition {
        bool new_boot = false;
        bool well = false;         ///< every monitor is up
        bool nova_compute = false; ///< as the agent reports
        BootId boot{""};
    };
    /// What the host looks like now. Anything missing starts the wait again.
    void on_look(Instant now, const Condition& condition);

    [[nodiscard]] std::optional<Clearance> clearance(Instant now) const;
    /// The operator's word takes the place of the wait.
    [[nodiscard]] Clearance by_order() const { return Clearance{mark_}; }

    [[nodiscard]] bool eligible() const noexcept { return well_since_.has_value(); }
    [[nodiscard]] std::optional<Instant> deadline() const;
    [[nodiscard]] const std::string& waits_for() const noexcept { return waits_for_; }
    [[nodiscard]] const ForcedDown& mark() const noexcept { return mark_; }

private:
    ForcedDown mark_;
    Duration hold_down_;
    BootId boot_{""};
    std::optional<Instant> well_since_;
    std::string waits_for_ = "a new boot";
};

} // namespace knell
