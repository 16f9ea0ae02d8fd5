// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace knell::fuzz {

using Bytes = std::span<const std::uint8_t>;

/// A promise that must hold whatever the bytes were. Prints it, and what broke it, and aborts if it
/// does not, so that libFuzzer keeps the input.
void require(bool holds, const char* promise, std::string_view by = {});

/// Makes a target known to replay.cpp by its name, which is its corpus' too.
using Target = void (*)(Bytes);
bool make_known(const char* name, Target target);

} // namespace knell::fuzz

/// KNELL_FUZZ_TARGET(icmp_packet) { ... bytes ... }
///
/// With clang and KNELL_FUZZ this is libFuzzer's entry, one program for each target; without, all
/// targets are in one program that replays their corpora.
#ifdef KNELL_FUZZ_ENGINE
#define KNELL_FUZZ_TARGET(name)                                                                    \
    static void fuzz_##name(::knell::fuzz::Bytes bytes);                                           \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)              \
    {                                                                                              \
        fuzz_##name({data, size});                                                                 \
        return 0;                                                                                  \
    }                                                                                              \
    static void fuzz_##name(::knell::fuzz::Bytes bytes)
#else
#define KNELL_FUZZ_TARGET(name)                                                                    \
    static void fuzz_##name(::knell::fuzz::Bytes bytes);                                           \
    [[maybe_unused]] static const bool known_##name =                                              \
        ::knell::fuzz::make_known(#name, fuzz_##name);                                             \
    static void fuzz_##name(::knell::fuzz::Bytes bytes)
#endif
