// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace knell::config {

enum class Severity { error, warning };

/// A place in a file together with its line, so that it can be shown after the file is gone.
/// What looks like a secret has been blotted out of `text`.
struct Excerpt {
    std::string file;
    unsigned line = 0;   ///< from 1; 0 where the whole file is meant
    unsigned column = 0; ///< from 1, in bytes
    unsigned length = 1; ///< of what is underlined, in bytes
    std::string text;

    friend bool operator==(const Excerpt&, const Excerpt&) = default;
};

/// Another place that has to do with the matter, e.g. where the same name was used first.
struct Note {
    std::string message;
    Excerpt at;

    friend bool operator==(const Note&, const Note&) = default;
};

struct Diagnostic {
    Severity severity = Severity::error;
    Excerpt at;
    std::string message; ///< what is wrong
    std::string remedy;  ///< how to mend it
    std::vector<Note> notes;

    friend bool operator==(const Diagnostic&, const Diagnostic&) = default;
};

[[nodiscard]] bool has_errors(const std::vector<Diagnostic>& diagnostics) noexcept;

/// "2 errors, 1 warning"; empty for none.
[[nodiscard]] std::string summary(const std::vector<Diagnostic>& diagnostics);

/// As a good compiler would: file:line:column, the line, a caret, the remedy, and a count at the
/// end. knelld and knellctl both speak through here, so their words are the same.
void print(std::ostream& out, const std::vector<Diagnostic>& diagnostics);

} // namespace knell::config
