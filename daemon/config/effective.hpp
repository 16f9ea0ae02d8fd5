// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace knell::config {

struct Config;

/// The configuration as it came out, patterns and defaults filled in, every host with its own
/// numbers. YAML for people to read and compare; no secret is in it, only whether there is one.
[[nodiscard]] std::string to_text(const Config& config);

} // namespace knell::config
