// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/strong.hpp"
#include "tests/scenarios/theatre.hpp"

#include <span>
#include <string>
#include <string_view>

namespace knell::scenarios {

/// What stood at the places of the words in capitals.
struct Given {
    HostId host{""};
    HostId other{""};
    unsigned rack = 0;
    std::size_t network = 0;
    unsigned sentinel = 0; ///< of that network
    Duration time{};
    unsigned status = 0;
    std::string text; ///< the rest of the line
    unsigned line = 0;
};

struct Verb {
    std::string_view
        words; ///< with HOST, OTHER, RACK, NET, SENTINEL, TIME, STATUS, TEXT for what is given
    std::string_view meaning; ///< in one line of the README
    void (*act)(Theatre& theatre, const Given& given);
};

[[nodiscard]] std::span<const Verb> verb_table();

} // namespace knell::scenarios
