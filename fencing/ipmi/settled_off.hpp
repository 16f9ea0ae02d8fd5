// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/power.hpp"
#include "core/time.hpp"

namespace knell::fencing::ipmi {

/// Off is believed only when it was read `readings` times in a row over at
/// least `settle`. Any other reading, and any failure to read, starts again.
class SettledOff {
public:
    SettledOff(unsigned readings, Duration settle) : needed_{readings}, settle_{settle} {}

    /// True once it is settled. `asked_at` is when the reading was asked for.
    [[nodiscard]] bool on_reading(Instant asked_at, PowerState state)
    {
        if (state != PowerState::off) {
            start_again();
            return false;
        }
        if (seen_++ == 0) {
            first_ = asked_at;
        }
        return seen_ >= needed_ && asked_at - first_ >= settle_;
    }
    void start_again() noexcept { seen_ = 0; }

private:
    unsigned needed_;
    Duration settle_;
    unsigned seen_ = 0;
    Instant first_{}; ///< of those seen
};

} // namespace knell::fencing::ipmi
