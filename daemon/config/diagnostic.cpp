// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/diagnostic.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>

namespace knell::config {
namespace {

constexpr std::size_t widest_line = 160;
constexpr int number_width = 5;

bool is_continuation(char c) noexcept
{
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

/// Columns on the terminal, not bytes: a caret must stand below the letter it means.
std::size_t width(std::string_view text) noexcept
{
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

void print_excerpt(std::ostream& out, const Excerpt& at)
{
    if (at.line == 0) {
        return;
    }
    std::string_view text = at.text;
    std::size_t start = std::min<std::size_t>(at.column > 0 ? at.column - 1 : 0, text.size());
    // A very long line is shown around the caret only.
    std::size_t cut = 0;
    if (text.size() > widest_line && start > widest_line / 2) {
        cut = start - widest_line / 2;
        while (cut > 0 && is_continuation(text[cut])) {
            --cut;
        }
    }
    std::size_t end = std::min(text.size(), cut + widest_line);
    while (end < text.size() && is_continuation(text[end])) {
        ++end;
    }
    const bool cut_left = cut > 0;
    const bool cut_right = end < text.size();
    text = text.substr(cut, end - cut);
    start -= cut;
    const std::size_t length = std::clamp<std::size_t>(
        at.length, 1, std::max<std::size_t>(text.size() - std::min(start, text.size()), 1));
    const std::string_view before = text.substr(0, start);
    const std::string_view marked = text.substr(start, length);

    out << std::setw(number_width) << at.line << " | " << (cut_left ? "..." : "") << text
        << (cut_right ? "..." : "") << '\n';
    out << std::string(number_width, ' ') << " | " << std::string(cut_left ? 3 : 0, ' ')
        << std::string(width(before), ' ') << '^';
    const std::size_t marked_width = width(marked);
    out << std::string(marked_width > 1 ? marked_width - 1 : 0, '~') << '\n';
}

void print_position(std::ostream& out, const Excerpt& at)
{
    out << at.file << ':';
    if (at.line != 0) {
        out << at.line << ':' << at.column << ':';
    }
    out << ' ';
}

std::string counted(std::size_t number, std::string_view noun)
{
    return std::to_string(number) + ' ' + std::string{noun} + (number == 1 ? "" : "s");
}

} // namespace

bool has_errors(const std::vector<Diagnostic>& diagnostics) noexcept
{
    return std::any_of(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& diagnostic) {
        return diagnostic.severity == Severity::error;
    });
}

std::string summary(const std::vector<Diagnostic>& diagnostics)
{
    const auto errors = static_cast<std::size_t>(
        std::count_if(diagnostics.begin(), diagnostics.end(), [](const Diagnostic& diagnostic) {
            return diagnostic.severity == Severity::error;
        }));
    const std::size_t warnings = diagnostics.size() - errors;
    std::string text;
    if (errors > 0) {
        text = counted(errors, "error");
    }
    if (warnings > 0) {
        text += (text.empty() ? "" : ", ") + counted(warnings, "warning");
    }
    return text;
}

void print(std::ostream& out, const std::vector<Diagnostic>& diagnostics)
{
    for (const Diagnostic& diagnostic : diagnostics) {
        print_position(out, diagnostic.at);
        out << (diagnostic.severity == Severity::error ? "error: " : "warning: ")
            << diagnostic.message << '\n';
        print_excerpt(out, diagnostic.at);
        if (!diagnostic.remedy.empty()) {
            out << std::string(number_width, ' ') << " = " << diagnostic.remedy << '\n';
        }
        for (const Note& note : diagnostic.notes) {
            print_position(out, note.at);
            out << "note: " << note.message << '\n';
            print_excerpt(out, note.at);
        }
    }
    if (!diagnostics.empty()) {
        out << summary(diagnostics) << '\n';
    }
}

} // namespace knell::config
