// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/view.hpp"

#include <map>
#include <optional>
#include <vector>

namespace knell {

/// What one network shows of a host.
enum class NetworkSight {
    unheard, ///< nothing since start: silent for "all are silent", else neither silent nor up
    unclear, ///< falling or rising
    silent,  ///< every monitor on it has fallen
    up       ///< one of its monitors beats
};

using NetworkSights = std::map<NetworkId, NetworkSight>;

/// The networks whose silence makes the host dead by this rule; nothing: it is not dead by it.
[[nodiscard]] std::optional<std::vector<NetworkId>> convicting(const VerdictRule& rule,
                                                               const NetworkSights& sights);

/// The rule as a truth table, with the line that decides at present. `veto`: the monitor that
/// keeps the host alive now, or empty.
[[nodiscard]] RuleView table_of(const VerdictRule& rule, const NetworkSights& sights,
                                const std::string& veto);

} // namespace knell
