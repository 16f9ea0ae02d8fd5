// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/config.hpp"
#include "daemon/config/diagnostic.hpp"
#include "daemon/config/surroundings.hpp"

#include <optional>
#include <string>
#include <vector>

namespace knell::config {

struct Loaded {
    std::optional<Config> config;        ///< present exactly when there are no errors
    std::vector<Diagnostic> diagnostics; ///< errors, and warnings, which may stand beside a config
};

/// Reads the file and the drop-ins beside it: for /etc/knell/knell.yaml those are
/// /etc/knell/knell.d/*.yaml in the order of their names. Blocks on the disk only. Never throws
/// for anything that files contain or lack.
[[nodiscard]] Loaded load_config(const std::string& path,
                                 const Surroundings& surroundings = of_this_process());

} // namespace knell::config
