// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace knell {
struct FleetView;
}

namespace knell::config {

struct Config;

/// What has changed from one configuration to the next, in lines for people, sorted. No secret
/// is in them, only that one has changed.
struct Difference {
    /// "fencing.budget.fences 3 -> 5", "host compute7: fencing.settle 2s -> 3s",
    /// "host compute9: added". What changed alike on more than three hosts is one line that
    /// counts them and names the first.
    std::vector<std::string> changes;
    /// What a running knelld keeps as it was: "state /var/lib/knell -> /srv/knell: restart knelld
    /// for it". Not among `changes`.
    std::vector<std::string> restarts;

    [[nodiscard]] bool none() const noexcept { return changes.empty() && restarts.empty(); }
};

[[nodiscard]] Difference difference(const Config& before, const Config& after);

/// The order of an operator that stands against what `after` says; empty: none does.
[[nodiscard]] std::string overruled_by(const FleetView& fleet, const Config& after);

} // namespace knell::config
