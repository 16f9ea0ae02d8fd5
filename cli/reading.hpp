// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/json/value.hpp>

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace knell::cli {

// How results of knelld are read (shapes in daemon/control/view_json.hpp). What is missing is "?",
// or no, or nothing: never good news. Texts are fit for a terminal.

using Path = std::initializer_list<std::string_view>;

/// Null where there is no such member.
[[nodiscard]] const boost::json::value* at(const boost::json::value& value, Path path);

[[nodiscard]] std::string text(const boost::json::value& value, Path path,
                               const char* otherwise = "?");
[[nodiscard]] bool yes(const boost::json::value& value, Path path);
[[nodiscard]] std::optional<double> number(const boost::json::value& value, Path path);
[[nodiscard]] std::vector<boost::json::value> elements(const boost::json::value& value, Path path);
/// The elements of an array of texts.
[[nodiscard]] std::vector<std::string> texts(const boost::json::value& value, Path path);
/// As it is, for a listing; null where there is none.
[[nodiscard]] boost::json::value cell(const boost::json::value& value, Path path);

/// Of a moment: "12s", or "never".
[[nodiscard]] std::string ago(const boost::json::value& value, std::string_view name);

/// "a, b and 3 more"
[[nodiscard]] std::string joined(const std::vector<std::string>& texts,
                                 std::size_t most = static_cast<std::size_t>(-1));

} // namespace knell::cli
