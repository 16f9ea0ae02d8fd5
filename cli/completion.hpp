// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <iosfwd>

namespace CLI {
class App;
}

namespace knell::cli {

enum class Shell { bash, zsh };

/// A script that completes the words of `app`, to be sourced: its verbs, their options and the
/// values of these, files, and names of hosts, which it asks knelld for. zsh runs it through its
/// bashcompinit.
void print_completion(std::ostream& out, const CLI::App& app, Shell shell);

} // namespace knell::cli
