// SPDX-License-Identifier: GPL-3.0-or-later
#include "http/message.hpp"

#include <algorithm>

namespace knell::http {
namespace {

char lower(char c)
{
    // Not tolower(): header names are ASCII whatever the locale is.
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b)
{
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return lower(x) == lower(y); });
}

} // namespace

std::optional<std::string_view> Response::header(std::string_view name) const
{
    for (const auto& [their_name, value] : headers) {
        if (same_name(their_name, name)) {
            return value;
        }
    }
    return std::nullopt;
}

} // namespace knell::http
