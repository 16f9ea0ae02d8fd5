// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace knell::cli {

/// Something that happened in an episode.
struct StoryLine {
    std::optional<double> at; ///< in seconds; absent: the row has no readable time
    std::string id;           ///< of a notice, or the word of a state
    std::string words;
};

/// What the journal's rows of this episode tell, in their order: every notice, and of the states
/// what no notice says better. What is said again and again is told once, and counted.
[[nodiscard]] std::vector<StoryLine> story_lines(const boost::json::value& explanation,
                                                 std::int64_t episode);

/// Whether a row, or a host, is in this episode.
[[nodiscard]] bool is_of(const boost::json::value& row, std::int64_t episode);

/// "0.600 s", "3m 20s"
[[nodiscard]] std::string stage_length(double seconds);

} // namespace knell::cli
