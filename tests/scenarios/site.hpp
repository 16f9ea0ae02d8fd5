// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/config.hpp"
#include "tests/scenarios/story.hpp"

#include <string>
#include <vector>

namespace knell::scenarios {

/// knelld would not take this knell.yaml.
class Refused : public Malformed {
public:
    Refused(unsigned line, const std::string& words, std::vector<std::string> said)
        : Malformed{line, "knelld would refuse this knell.yaml", words}, messages{std::move(said)}
    {
    }
    std::vector<std::string> messages;
};

/// The configuration of a story's site as knelld reads it: a knell.yaml made of its world, with
/// the story's own part laid upon it as a drop-in, and `later`, what an operator writes in the
/// course of it, upon that. Throws Refused with knelld's own words.
[[nodiscard]] config::Config configure(const Story& story, const std::string& later = {},
                                       unsigned line = 0);

} // namespace knell::scenarios
