// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/format.hpp"

#include <boost/json/object.hpp>

#include <iosfwd>
#include <string>
#include <vector>

namespace knell::cli {

// Results of knelld (shapes in daemon/control/view_json.hpp and handlers.hpp) as text for people:
// what is urgent first, then what knell waits for, then what one can do.

void print_status(std::ostream& out, const boost::json::object& status);
void print_hosts(std::ostream& out, const boost::json::object& list);
void print_host(std::ostream& out, const boost::json::object& show);
void print_rehearsal(std::ostream& out, const boost::json::object& rehearsal);
/// What was planned for hosts, of a list of all hosts.
void print_maintenance(std::ostream& out, const boost::json::object& list);
/// One line.
void print_notice(std::ostream& out, const boost::json::object& notice);

[[nodiscard]] Listing list_hosts(const boost::json::object& list);
[[nodiscard]] Listing list_maintenance(const boost::json::object& list);

// Parts of these.

/// Sorted by urgency, else as they were.
[[nodiscard]] std::vector<boost::json::value> hosts_by_urgency(const boost::json::value& value);
/// What one can do now, if anything.
void print_advice(std::ostream& out, const boost::json::value& host, const std::string& indent);
/// "by alice: new fans; ends in 1h 2m (2026-11-22T12:00:00.000000Z)"
[[nodiscard]] std::string planned_sentence(const boost::json::value& planned);

} // namespace knell::cli
