// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/policy.hpp"

namespace knell::config {

struct Config;

/// What has changed from one configuration to the next and no policy shows: where monitors look,
/// with which key heartbeats are believed, where fence devices are. A password is no place.
[[nodiscard]] Moves moves_between(const Config& before, const Config& after);

} // namespace knell::config
