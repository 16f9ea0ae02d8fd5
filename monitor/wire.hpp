// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace knell::monitor {

/// Big-endian numbers at fixed places of a packet whose length was checked before.
template <class T>
[[nodiscard]] constexpr T read_number(std::span<const std::uint8_t> from, std::size_t at) noexcept
{
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        value = static_cast<T>((static_cast<std::uint64_t>(value) << 8) | from[at + i]);
    }
    return value;
}

template <class T>
constexpr void write_number(std::span<std::uint8_t> to, std::size_t at, T value) noexcept
{
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        to[at + i] = static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >>
                                               (8 * (sizeof(T) - 1 - i)));
    }
}

} // namespace knell::monitor
