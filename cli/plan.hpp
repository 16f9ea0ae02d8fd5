// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/format.hpp"

#include <boost/json/object.hpp>

#include <iosfwd>
#include <string>
#include <vector>

namespace knell::cli {

// The hosts that knell would fence and does not without an approval: the answer of plan.show
// (daemon/control/handlers.hpp).

/// What would be fenced and why, what the hosts have in common, and what one can do: for somebody
/// who was woken up.
void print_plan(std::ostream& out, const boost::json::object& plan);
[[nodiscard]] Listing list_plan(const boost::json::object& plan);

/// In the order of print_plan(), by what they depend on.
[[nodiscard]] std::vector<std::string> hosts_in(const boost::json::object& plan);
/// The same table as print_plan()'s, of these hosts alone.
[[nodiscard]] std::string table_of(const boost::json::object& plan,
                                   const std::vector<std::string>& hosts);

} // namespace knell::cli
