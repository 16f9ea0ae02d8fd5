// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi/identity.hpp"

#include <algorithm>
#include <cstddef>

namespace knell::fencing::ipmi {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

constexpr bool dash_belongs(std::size_t position) noexcept
{
    return position == 8 || position == 13 || position == 18 || position == 23;
}

std::optional<unsigned> hex(char c) noexcept
{
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    const auto value = digits.find(lower);
    if (value == std::string_view::npos) {
        return std::nullopt;
    }
    return static_cast<unsigned>(value);
}

} // namespace

std::optional<Guid> uuid_bytes(std::string_view text) noexcept
{
    if (text.size() != 36) {
        return std::nullopt;
    }
    Guid guid{};
    std::size_t nibble = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (dash_belongs(i)) {
            if (text[i] != '-') {
                return std::nullopt;
            }
            continue;
        }
        const auto value = hex(text[i]);
        if (!value) {
            return std::nullopt;
        }
        guid[nibble / 2] = static_cast<std::uint8_t>(guid[nibble / 2] << 4 | *value);
        ++nibble;
    }
    return guid;
}

bool same_system(const Guid& told, const Guid& expected) noexcept
{
    if (blank(told) || blank(expected)) {
        return false;
    }
    Guid reversed = expected;
    std::reverse(reversed.begin(), reversed.end());
    return told == expected || told == smbios_order(expected) || told == reversed;
}

bool blank(const Guid& guid) noexcept
{
    const auto all = [&](std::uint8_t byte) {
        return std::all_of(guid.begin(), guid.end(), [=](std::uint8_t b) { return b == byte; });
    };
    return all(0x00) || all(0xff);
}

std::string text_of(const Guid& guid)
{
    std::string text;
    for (const auto byte : guid) {
        if (dash_belongs(text.size())) {
            text += '-';
        }
        text += digits[byte >> 4];
        text += digits[byte & 15];
    }
    return text;
}

Guid smbios_order(const Guid& guid) noexcept
{
    Guid turned = guid;
    std::reverse(turned.begin(), turned.begin() + 4);
    std::reverse(turned.begin() + 4, turned.begin() + 6);
    std::reverse(turned.begin() + 6, turned.begin() + 8);
    return turned;
}

} // namespace knell::fencing::ipmi
