// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/time.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace knell::sim {

/// Chance, the same on every machine: SplitMix64 and nothing of <random>. Every noun of the world
/// throws its own dice, so that taking one fault away does not change what the others do.
class Dice {
public:
    Dice(std::uint64_t seed, std::string_view whose)
    {
        state_ = seed * 0x9e3779b97f4a7c15ULL;
        for (const char c : whose) {
            state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
        }
        (void)next();
    }

    [[nodiscard]] std::uint64_t next()
    {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    /// 0 to `sides` - 1.
    [[nodiscard]] std::uint64_t below(std::uint64_t sides)
    {
        return sides < 2 ? 0 : next() % sides;
    }
    [[nodiscard]] bool chance(double probability)
    {
        return probability > 0 && static_cast<double>(next() >> 11) * 0x1.0p-53 < probability;
    }
    [[nodiscard]] Duration between(Duration least, Duration most)
    {
        const auto span = static_cast<std::uint64_t>((most - least).count());
        return least + Duration{static_cast<Duration::rep>(below(span + 1))};
    }
    template <class Container>
    [[nodiscard]] auto& one_of(Container& from)
    {
        return from[below(from.size())];
    }
    [[nodiscard]] std::array<std::uint8_t, 16> bytes16()
    {
        std::array<std::uint8_t, 16> bytes{};
        for (auto& byte : bytes) {
            byte = static_cast<std::uint8_t>(next() >> 56);
        }
        return bytes;
    }

private:
    std::uint64_t state_;
};

} // namespace knell::sim
