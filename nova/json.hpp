// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/json.hpp>

#include <optional>
#include <string_view>

namespace knell::nova {
namespace json = boost::json;

/// Nothing if the text is no JSON object, or nests deeper than any answer we know.
[[nodiscard]] std::optional<json::object> parse_object(std::string_view text);

/// Absent, and present with another type, are the same to us.
[[nodiscard]] const json::object* object_at(const json::object& object, std::string_view key);
[[nodiscard]] const json::array* if_array_at(const json::object& object, std::string_view key);
[[nodiscard]] const json::array& array_at(const json::object& object, std::string_view key);
[[nodiscard]] std::string_view text_at(const json::object& object, std::string_view key);

} // namespace knell::nova
