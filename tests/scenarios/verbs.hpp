// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/scenarios/story.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace knell::scenarios {

class Theatre;

/// Throws Malformed if no verb says this, or not of something that is there.
void check_act(const std::string& act, const Stage& stage, unsigned line);

void perform(const std::string& act, Theatre& theatre, unsigned line);

/// Every verb and what it does, for the README, which must have them all.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> all_verbs();

} // namespace knell::scenarios
