// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/format.hpp"

#include "cli/text.hpp"

#include <boost/json.hpp>
#include <yaml-cpp/emitter.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ostream>
#include <string_view>

namespace knell::cli {

namespace {

namespace json = boost::json;

std::string lower(std::string_view text)
{
    std::string lowered{text};
    std::transform(lowered.begin(), lowered.end(), lowered.begin(), [](unsigned char letter) {
        return static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
    });
    return lowered;
}

/// 12.5, not 1.25E1.
std::string digits_of(double number)
{
    std::array<char, 32> text{};
    const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} ? std::string{text.data(), end} : "?";
}

std::string words_of(const json::value& cell, const char* none)
{
    if (cell.is_null()) {
        return none;
    }
    if (cell.is_double()) {
        return digits_of(cell.get_double());
    }
    return plain(cell.is_string() ? std::string{cell.get_string()} : json::serialize(cell));
}

std::string in_quotes(const json::value& cell)
{
    if (!cell.is_string()) {
        return words_of(cell, "");
    }
    std::string quoted = "\"";
    for (const char letter : words_of(cell, "")) {
        quoted += letter == '"' ? "\"\"" : std::string(1, letter);
    }
    return quoted + "\"";
}

template <class Words>
void print_line(std::ostream& out, const std::vector<json::value>& cells, char between, Words words)
{
    const char* separator = "";
    const std::string apart(1, between);
    for (const auto& cell : cells) {
        out << separator << words(cell);
        separator = apart.c_str();
    }
    out << '\n';
}

json::array objects_of(const Listing& listing)
{
    json::array objects;
    for (const auto& row : listing.rows) {
        json::object object;
        for (std::size_t n = 0; n < listing.columns.size(); ++n) {
            object[listing.columns[n]] = row.at(n);
        }
        objects.push_back(std::move(object));
    }
    return objects;
}

void print_table(std::ostream& out, const Listing& listing)
{
    Table table{listing.columns};
    for (const auto& row : listing.rows) {
        std::vector<std::string> cells;
        cells.reserve(row.size());
        for (const auto& cell : row) {
            cells.push_back(words_of(cell, "-"));
        }
        table.add(std::move(cells));
    }
    table.print(out);
}

/// A plain scalar that YAML 1.1 takes for a truth value, a number, a date or nothing.
bool looks_like_something_else(std::string_view text)
{
    constexpr std::array<std::string_view, 13> words{
        "", "~", "null", "true", "false", "yes", "no", "on", "off", "y", "n", ".nan", ".inf"};
    const auto known = std::find(words.begin(), words.end(), lower(text)) != words.end();
    return known || std::string_view{"0123456789+-."}.find(text.front()) != std::string_view::npos;
}

void emit(YAML::Emitter& yaml, const json::value& value)
{
    const bool empty = (value.is_array() && value.get_array().empty()) ||
                       (value.is_object() && value.get_object().empty());
    if (empty) {
        yaml << YAML::Flow;
    }
    if (const auto* object = value.if_object()) {
        yaml << YAML::BeginMap;
        for (const auto& member : *object) {
            yaml << YAML::Key << std::string{member.key()} << YAML::Value;
            emit(yaml, member.value());
        }
        yaml << YAML::EndMap;
    } else if (const auto* array = value.if_array()) {
        yaml << YAML::BeginSeq;
        for (const auto& element : *array) {
            emit(yaml, element);
        }
        yaml << YAML::EndSeq;
    } else if (const auto* text = value.if_string()) {
        if (looks_like_something_else(*text)) {
            yaml << YAML::DoubleQuoted;
        }
        yaml << std::string{*text};
    } else if (value.is_null()) {
        yaml << YAML::Null;
    } else if (value.is_bool()) {
        yaml << value.get_bool();
    } else if (value.is_double()) {
        yaml << value.get_double();
    } else {
        yaml << json::serialize(value);
    }
}

} // namespace

std::optional<std::string> choose(Listing& listing, const std::vector<std::string>& columns)
{
    if (columns.empty()) {
        return std::nullopt;
    }
    std::vector<std::size_t> places;
    for (const auto& wanted : columns) {
        const auto found =
            std::find_if(listing.columns.begin(), listing.columns.end(),
                         [&](const auto& name) { return lower(name) == lower(wanted); });
        if (found == listing.columns.end()) {
            std::string known;
            for (const auto& name : listing.columns) {
                known += (known.empty() ? "" : ", ") + name;
            }
            return "there is no column \"" + wanted + "\"; there are " + known;
        }
        places.push_back(static_cast<std::size_t>(found - listing.columns.begin()));
    }
    const auto leave = [&](auto& cells) {
        std::decay_t<decltype(cells)> left;
        for (const auto place : places) {
            left.push_back(cells.at(place));
        }
        cells = std::move(left);
    };
    leave(listing.columns);
    for (auto& row : listing.rows) {
        leave(row);
    }
    return std::nullopt;
}

void print(std::ostream& out, const Listing& listing, Format format)
{
    switch (format) {
    case Format::table:
        print_table(out, listing);
        break;
    case Format::json:
        out << json::serialize(objects_of(listing)) << '\n';
        break;
    case Format::yaml:
        print_yaml(out, objects_of(listing));
        break;
    case Format::csv:
        print_line(out, {listing.columns.begin(), listing.columns.end()}, ',', in_quotes);
        for (const auto& row : listing.rows) {
            print_line(out, row, ',', in_quotes);
        }
        break;
    case Format::value:
        for (const auto& row : listing.rows) {
            print_line(out, row, ' ', [](const auto& cell) { return words_of(cell, "None"); });
        }
        break;
    }
}

void print_yaml(std::ostream& out, const json::value& value)
{
    constexpr std::size_t digits = 12;
    YAML::Emitter yaml;
    yaml.SetDoublePrecision(digits);
    yaml.SetNullFormat(YAML::LowerNull);
    emit(yaml, value);
    out << yaml.c_str() << '\n';
}

} // namespace knell::cli
