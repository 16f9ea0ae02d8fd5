// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/json/value.hpp>

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace knell::cli {

/// As the OpenStack client names them. csv and value are for lists alone.
enum class Format { table, json, yaml, csv, value };

/// A list for programs: its cells are texts, numbers, truth values or null.
struct Listing {
    std::vector<std::string> columns;
    std::vector<std::vector<boost::json::value>> rows;
};

/// Leaves these columns, in this order; upper and lower case are one. Returns what is wrong with
/// the choice, or nothing.
[[nodiscard]] std::optional<std::string> choose(Listing& listing,
                                                const std::vector<std::string>& columns);

/// csv: texts in quotes, null as nothing. value: cells apart by a blank, null as None. json and
/// yaml: an object for each row.
void print(std::ostream& out, const Listing& listing, Format format);

/// Read back by YAML 1.1 and 1.2 alike as what it was: a text that looks like something else is
/// quoted.
void print_yaml(std::ostream& out, const boost::json::value& value);

} // namespace knell::cli
