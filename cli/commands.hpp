// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "cli/format.hpp"
#include "cli/terminal.hpp"

#include <boost/json/object.hpp>

#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace knell::cli {

struct Target {
    std::string socket;
    Format format = Format::table;
    std::vector<std::string> columns{}; ///< of a list; empty: all
};

/// How a result is shown: to people, and, if it is a list, row by row to programs.
struct View {
    void (*print)(std::ostream&, const boost::json::object&);
    Listing (*listing)(const boost::json::object&) = nullptr;
};

/// Whether this can be shown so. If not, it has been told that csv, value and columns are for
/// lists, or which columns there are.
[[nodiscard]] bool fits(const Target& target, const View& view, Terminal& terminal);
/// To be called if it fits.
[[nodiscard]] Exit present(const Target& target, const View& view, Terminal& terminal,
                           const boost::json::object& result);

/// The result; nothing: the fault has been told, and `exit` says how to end.
[[nodiscard]] std::optional<boost::json::object> ask(const Target& target, Terminal& terminal,
                                                     const char* method, boost::json::object params,
                                                     Exit& exit);

/// Asks and presents.
[[nodiscard]] Exit look(const Target& target, Terminal& terminal, const char* method,
                        boost::json::object params, const View& view);

/// Orders and prints the answer. A refusal goes to the error stream.
[[nodiscard]] Exit order(const Target& target, Terminal& terminal, const char* method,
                         boost::json::object params);

/// Notices as they come, a line each, until the connection ends.
[[nodiscard]] Exit watch(const Target& target, Terminal& terminal);

/// What the operator must type again before something is done that cannot be undone.
struct Confirmation {
    std::string consequence; ///< may have several lines
    std::string request;     ///< "Type the host's name again"
    std::string word;
};
/// Without anybody to ask, the answer is no.
[[nodiscard]] bool confirmed(Terminal& terminal, const Confirmation& confirmation);

} // namespace knell::cli
