// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/document.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace knell::config {

class Problems;

/// One host of a `name:`, which may be a pattern: compute[001-200] makes compute001 to
/// compute200, numbers 1 to 200.
struct NamedHost {
    std::string name;
    std::optional<std::uint64_t> number; ///< empty where the name was no pattern

    friend bool operator==(const NamedHost&, const NamedHost&) = default;
};

struct BadPattern {
    std::string message;
    std::string remedy;
};

/// Hosts that one pattern may make.
inline constexpr std::uint64_t pattern_limit = 5000;

[[nodiscard]] std::variant<std::vector<NamedHost>, BadPattern> expand_name(std::string_view name);

/// A copy with {n}, {n+10} and {host} in every scalar replaced by what they are for this host.
/// Leftover braces and {n} of a host without number go to `problems`.
[[nodiscard]] Value instantiate(const Value& value, const NamedHost& host, Problems& problems);

} // namespace knell::config
