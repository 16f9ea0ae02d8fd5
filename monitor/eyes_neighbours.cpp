// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/eyes_neighbours.hpp"

#include <charconv>

namespace knell::monitor {
namespace {

constexpr std::string_view blanks = " \t";

std::string_view take_line(std::string_view& text)
{
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

std::string_view take_word(std::string_view& line)
{
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    const auto word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    return word;
}

std::optional<std::size_t> column_of(std::string_view name, std::string_view header)
{
    for (std::size_t column = 0;; ++column) {
        const auto word = take_word(header);
        if (word.empty()) {
            return std::nullopt;
        }
        if (word == name) {
            return column;
        }
    }
}

std::optional<std::uint64_t> number_at(std::size_t column, std::string_view row)
{
    for (; column > 0; --column) {
        take_word(row);
    }
    const auto word = take_word(row);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, 16);
    if (error != std::errc{} || end != word.data() + word.size()) {
        return std::nullopt;
    }
    return value;
}

} // namespace

std::optional<std::uint64_t> table_fulls(std::string_view text)
{
    const auto column = column_of("table_fulls", take_line(text));
    if (!column || text.empty()) {
        return std::nullopt;
    }
    std::uint64_t sum = 0;
    while (!text.empty()) {
        const auto value = number_at(*column, take_line(text));
        if (!value) {
            return std::nullopt;
        }
        sum += *value;
    }
    return sum;
}

void NeighbourTable::sampled(Instant now, std::uint64_t fulls)
{
    if (fulls_ && fulls > *fulls_) {
        rose_at_ = now;
    }
    fulls_ = fulls;
}

bool NeighbourTable::overflowing(Instant now) const
{
    return rose_at_ && now - *rose_at_ < calm;
}

} // namespace knell::monitor
