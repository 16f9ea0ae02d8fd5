// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace knell::fuzz {

inline std::string_view text_of(Bytes bytes)
{
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes bytes_of(std::string_view text)
{
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Takes numbers and pieces off the front of an input; behind its end there are zeros.
class Input {
public:
    explicit Input(Bytes bytes) : rest_{bytes} {}

    [[nodiscard]] bool empty() const noexcept { return rest_.empty(); }

    /// Big-endian.
    template <class T>
    T number()
    {
        std::uint64_t value = 0;
        for (const auto byte : take(sizeof(T))) {
            value = value << 8 | byte;
        }
        return static_cast<T>(value);
    }
    std::uint8_t byte() { return number<std::uint8_t>(); }

    /// Fewer at the end.
    Bytes take(std::size_t most)
    {
        const auto piece = rest_.first(std::min(most, rest_.size()));
        rest_ = rest_.subspan(piece.size());
        return piece;
    }
    /// As long as the byte before it says.
    Bytes piece() { return take(byte()); }
    Bytes rest() { return take(rest_.size()); }

private:
    Bytes rest_;
};

/// Whether this is a line for an operator's terminal: UTF-8 without control characters.
[[nodiscard]] inline bool fit_to_show(std::string_view text)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const std::size_t more = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
        const bool begins = byte < 0x80 || (byte >= 0xc2 && byte < 0xf5);
        if (byte < 0x20 || byte == 0x7f || !begins || more >= text.size() - i) {
            return false;
        }
        for (std::size_t k = 1; k <= more; ++k) {
            if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) {
                return false;
            }
        }
        const auto second = more == 0 ? 0U : static_cast<unsigned char>(text[i + 1]);
        if ((byte == 0xc2 && second < 0xa0) || (byte == 0xe0 && second < 0xa0) ||
            (byte == 0xed && second >= 0xa0) || (byte == 0xf0 && second < 0x90) ||
            (byte == 0xf4 && second >= 0x90)) {
            return false;
        }
        i += more;
    }
    return true;
}

} // namespace knell::fuzz
