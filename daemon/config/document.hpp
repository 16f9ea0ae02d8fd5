// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/source.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace knell::config {

class Problems;
struct Entry;

/// A piece of YAML that remembers where it stood. Scalars stay text: what `no` or `1e3` means is
/// for the key that holds it to say, so none of YAML's own guesses can slip in.
struct Value {
    enum class Kind { null, scalar, list, map };

    Kind kind = Kind::null;
    Place place;
    std::string text;   ///< of a scalar
    bool plain = false; ///< a scalar without quotes
    std::vector<Value> items;
    std::vector<Entry> entries; ///< in the order of the file, without repeated keys

    [[nodiscard]] const Entry* find(std::string_view key) const noexcept;
};

struct Entry {
    std::string key;
    Place place; ///< of the key
    Value value;
};

struct DocumentLimits {
    std::size_t bytes = 1U << 20U;
    unsigned depth = 24;
    std::size_t values = 200'000; ///< aliases counted as what they stand for
};

/// Parses one file of `sources`. Broken YAML, repeated keys, tags, second documents and whatever
/// exceeds the limits go to `problems`; nothing is returned when the file cannot be read as a
/// whole.
[[nodiscard]] std::optional<Value> parse(std::string_view text, std::size_t file, Sources& sources,
                                         Problems& problems, const DocumentLimits& limits = {});

/// "a list", "a map", "nothing" or the text itself in backquotes.
[[nodiscard]] std::string described(const Value& value);

} // namespace knell::config
