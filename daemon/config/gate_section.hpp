// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/policy.hpp"
#include "daemon/config/document.hpp"

#include <map>
#include <string>
#include <vector>

namespace knell::config {

class Problems;

/// What stands between a verdict and a fence, read from `fencing.budget`, `fencing.storm` and
/// `planned`.
void read_budget(const Value& value, GatePolicy& gate, Problems& problems);
/// Also where it is `none`.
void read_storm(const Value& value, GatePolicy& gate, Problems& problems);
void read_planned(const Value& value, GatePolicy& gate, Problems& problems);

/// What was written of one failure domain.
struct DomainOrigin {
    DomainPolicy policy;
    Place name_place;
    Place together_place;
    bool together_given = false;
};

[[nodiscard]] std::vector<DomainOrigin> read_domain_policies(const Value& value,
                                                             Problems& problems);

/// How many hosts named each domain.
using DomainSizes = std::map<std::string, unsigned>;

/// The policies of the domains that hosts named, in the order of their names; the defaults where
/// nothing was written. Warns of policies that nobody uses or that can never apply.
[[nodiscard]] std::vector<DomainPolicy> domain_policies(const std::vector<DomainOrigin>& written,
                                                        const DomainSizes& sizes,
                                                        Problems& problems);

} // namespace knell::config
