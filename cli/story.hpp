// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/json/object.hpp>

#include <cstdint>
#include <iosfwd>
#include <vector>

namespace knell::cli {

// One episode of a host, from the journal's rows as host.explain gives them: those of its states,
// and `told` ones, "ID: text", of everything that was said.

/// The episodes that the rows are of, in the order of the rows.
[[nodiscard]] std::vector<std::int64_t> episodes_in(const boost::json::object& explanation);

/// False: nothing `told` is kept of this episode, as with a journal of before it was.
[[nodiscard]] bool has_story(const boost::json::object& explanation, std::int64_t episode);

/// Times are since its first row, by the wall clock of the machine that knelld ran on.
void print_story(std::ostream& out, const boost::json::object& explanation, std::int64_t episode);

} // namespace knell::cli
