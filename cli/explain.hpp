// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/commands.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace knell::cli {

/// How it came to this: one episode of the host as a story, by default the last one that the
/// journal knows. Where what was said is not kept, the rows as they are, and what knelld has said
/// since its start.
[[nodiscard]] Exit explain(const Target& target, Terminal& terminal, const std::string& host,
                           std::optional<std::int64_t> episode);

} // namespace knell::cli
