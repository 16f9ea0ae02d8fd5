// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/json/object.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace knell::control {

enum class ParamKind {
    host,    ///< a text of 1 to 255 bytes, as long as Nova's names may be
    hosts,   ///< 1 to 1000 of them, none twice
    reason,  ///< one line of 1 to 500 bytes without control characters: it goes into logs
    flag,    ///< true or false
    seconds, ///< a whole number from 1 to 30 days
    episode  ///< a whole number from 1
};

struct Param {
    std::string_view name;
    ParamKind kind;
    bool optional = false;
};

/// What is wrong with what was given, or nothing. Unknown parameters are wrong too.
[[nodiscard]] std::optional<std::string> fault_of(std::span<const Param> wanted,
                                                  const boost::json::object& given);

/// For error texts: "host, reason, force (may be left out)".
[[nodiscard]] std::string list_of(std::span<const Param> params);

} // namespace knell::control
