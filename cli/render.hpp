// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/json/object.hpp>

#include <iosfwd>

namespace knell::cli {

/// Results of knelld (shapes in daemon/control/view_json.hpp) as text for people:
/// what is urgent first, then what knell waits for, then what one can do. A member
/// that is missing is shown as "?", never as good news.
void print_status(std::ostream& out, const boost::json::object& status);
void print_hosts(std::ostream& out, const boost::json::object& list);
void print_host(std::ostream& out, const boost::json::object& show);
void print_explanation(std::ostream& out, const boost::json::object& explanation);
/// One line.
void print_notice(std::ostream& out, const boost::json::object& notice);

} // namespace knell::cli
