// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/terminal.hpp"

#include <boost/json/object.hpp>

#include <iosfwd>
#include <string>

namespace knell::cli {

enum class Format { table, json };

struct Target {
    std::string socket;
    Format format;
};

/// Asks and prints: `print` for people, or the result as it came for programs.
[[nodiscard]] Exit look(const Target& target, Terminal& terminal, const char* method,
                        boost::json::object params,
                        void (*print)(std::ostream&, const boost::json::object&));

/// Orders and prints the answer. A refusal goes to the error stream.
[[nodiscard]] Exit order(const Target& target, Terminal& terminal, const char* method,
                         boost::json::object params);

/// Notices as they come, a line each, until the connection ends.
[[nodiscard]] Exit watch(const Target& target, Terminal& terminal);

/// Has the operator type the host's name again. Without anybody to ask, the answer
/// is no.
[[nodiscard]] bool confirmed(Terminal& terminal, const std::string& host,
                             const std::string& consequence);

} // namespace knell::cli
