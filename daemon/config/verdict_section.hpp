// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/policy.hpp"
#include "daemon/config/document.hpp"

#include <string>
#include <vector>

namespace knell::config {

class Problems;

/// Whom a `verdict` is read for, and what it may name.
struct VerdictScope {
    const std::vector<std::string>& site; ///< all networks
    std::string host;                     ///< empty: the site or a group
    std::vector<std::string> networks{};  ///< of the host
    std::vector<MonitorId> monitors{};    ///< of the host
};

/// Reads
///     rule: all_silent | {at_least: 2} | [{mgmt: silent, storage: up, then: alive}, ...]
///     veto: [storage, heartbeat@mgmt]
/// and refuses rules that no host could die of, and those it could die of while it lives.
[[nodiscard]] VerdictRule read_verdict(const Value& value, const VerdictScope& scope,
                                       Problems& problems);

/// `over` laid upon `base`; a rule is replaced as a whole.
[[nodiscard]] Value overlaid_verdict(const Value& base, const Value& over);

} // namespace knell::config
