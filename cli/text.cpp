// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/text.hpp"

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
    std::string safe;
    for (std::size_t n = 0; n < text.size(); ++n) {
        const auto byte = static_cast<unsigned char>(text[n]);
        const auto next = n + 1 < text.size() ? static_cast<unsigned char>(text[n + 1]) : 0;
        // U+0080 to U+009F are control characters too: C2 80 to C2 9F.
        if (byte == 0xc2 && next >= 0x80 && next <= 0x9f) {
            safe += '?';
            ++n;
        } else {
            safe += byte < 0x20 || byte == 0x7f ? '?' : text[n];
        }
    }
    return safe;
}

std::string length_of_time(double seconds)
{
    if (seconds < 0) {
        seconds = 0;
    }
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
