// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/readmission.hpp"

namespace knell {

void Readmission::on_look(Instant now, const Condition& condition)
{
    waits_for_ = !condition.new_boot       ? "a new boot"
                 : !condition.well         ? "every monitor to be up"
                 : !condition.nova_compute ? "nova-compute to run"
                                           : "hold_down to pass";
    if (!condition.new_boot || !condition.well || !condition.nova_compute) {
        well_since_.reset();
        return;
    }
    if (!well_since_ || condition.boot != boot_) {
        well_since_ = now;
        boot_ = condition.boot;
    }
}

std::optional<Clearance> Readmission::clearance(Instant now) const
{
    if (well_since_ && now - *well_since_ >= hold_down_) {
        return Clearance{mark_};
    }
    return std::nullopt;
}

std::optional<Instant> Readmission::deadline() const
{
    return well_since_ ? std::optional{*well_since_ + hold_down_} : std::nullopt;
}

} // namespace knell
