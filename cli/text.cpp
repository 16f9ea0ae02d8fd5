// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/text.hpp"

#include <boost/nowide/utf/utf.hpp>

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <utility>

namespace knell::cli {

namespace {

/// Code points, as good as columns for the names and sentences we print.
std::size_t width(std::string_view text)
{
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
        return (static_cast<unsigned char>(byte) & 0xc0) != 0x80;
    }));
}

std::string two(std::int64_t first, const char* unit, std::int64_t second, const char* smaller)
{
    return std::to_string(first) + unit + " " + std::to_string(second) + smaller;
}

} // namespace

std::string plain(std::string_view text)
{
    namespace utf = boost::nowide::utf;
    std::string safe;
    for (const auto* at = text.begin(); at != text.end();) {
        const auto* const begin = at;
        const auto point = utf::utf_traits<char>::decode(at, text.end());
        const bool none = point == utf::illegal || point == utf::incomplete;
        at = none ? begin + 1 : at;
        const bool control = point < 0x20 || (point >= 0x7f && point <= 0x9f);
        safe += none || control ? std::string_view{"?"} : std::string_view{begin, at};
    }
    return safe;
}

std::string length_of_time(double seconds)
{
    constexpr double longest = 1e12; // s; what no clock says is shown as that
    seconds = std::clamp(seconds, 0.0, longest);
    if (seconds < 10) {
        const auto tenths = static_cast<std::int64_t>(seconds * 10);
        return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "s";
    }
    const auto whole = static_cast<std::int64_t>(seconds);
    if (whole < 60) {
        return std::to_string(whole) + "s";
    }
    if (whole < 3600) {
        return two(whole / 60, "m", whole % 60, "s");
    }
    if (whole < 86400) {
        return two(whole / 3600, "h", whole % 3600 / 60, "m");
    }
    return two(whole / 86400, "d", whole % 86400 / 3600, "h");
}

std::string short_time(double seconds)
{
    constexpr double long_time = 1, in_one = 1000;
    return seconds >= 0 && seconds < long_time
               ? std::to_string(static_cast<std::int64_t>(seconds * in_one)) + " ms"
               : length_of_time(seconds);
}

std::vector<std::string> wrapped(std::string_view text, std::size_t most)
{
    std::vector<std::string> lines{""};
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        auto& line = lines.back();
        if (line.empty()) {
            line = word;
        } else if (width(line) + 1 + width(word) <= most) {
            line += " " + std::string{word};
        } else {
            lines.emplace_back(word);
        }
    }
    return lines;
}

Table::Table(std::vector<std::string> head, std::string indent) : indent_{std::move(indent)}
{
    if (!head.empty()) {
        rows_.push_back(std::move(head));
    }
}

void Table::add(std::vector<std::string> row)
{
    rows_.push_back(std::move(row));
}

void Table::print(std::ostream& out) const
{
    std::vector<std::size_t> widths;
    for (const auto& row : rows_) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t n = 0; n < row.size(); ++n) {
            widths[n] = std::max(widths[n], width(row[n]));
        }
    }
    for (const auto& row : rows_) {
        std::string line = indent_;
        for (std::size_t n = 0; n < row.size(); ++n) {
            line += row[n];
            if (n + 1 < row.size()) {
                line += std::string(widths[n] - width(row[n]) + 2, ' ');
            }
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out << line << '\n';
    }
}

} // namespace knell::cli
