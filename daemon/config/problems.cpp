// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/problems.hpp"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

namespace knell::config {
namespace {

constexpr std::size_t shown_per_place = 3;

} // namespace

void Problems::error(const Place& at, std::string message, std::string remedy,
                     std::vector<PlacedNote> notes)
{
    add({Severity::error, at, std::move(message), std::move(remedy), std::move(notes)});
}

void Problems::warning(const Place& at, std::string message, std::string remedy,
                       std::vector<PlacedNote> notes)
{
    add({Severity::warning, at, std::move(message), std::move(remedy), std::move(notes)});
}

void Problems::add(Finding finding)
{
    errors_ += finding.severity == Severity::error ? 1 : 0;
    // Words quote what stands in the file, and escapes in it can be anything.
    finding.message = printable(finding.message);
    finding.remedy = printable(finding.remedy);
    for (PlacedNote& note : finding.notes) {
        note.message = printable(note.message);
    }
    findings_.push_back(std::move(finding));
}

std::vector<Diagnostic> Problems::report(const Sources& sources) const
{
    std::vector<const Finding*> sorted;
    std::set<std::tuple<Severity, Place, std::string_view>> seen;
    for (const Finding& finding : findings_) {
        if (seen.emplace(finding.severity, finding.at, finding.message).second) {
            sorted.push_back(&finding);
        }
    }
    const auto position = [](const Finding* finding) {
        return std::tuple{finding->at.file, finding->at.line, finding->at.column,
                          finding->severity};
    };
    std::stable_sort(sorted.begin(), sorted.end(),
                     [&](const Finding* a, const Finding* b) { return position(a) < position(b); });

    std::vector<Diagnostic> out;
    for (std::size_t i = 0; i < sorted.size();) {
        std::size_t end = i;
        while (end < sorted.size() && position(sorted[end]) == position(sorted[i])) {
            ++end;
        }
        const std::size_t shown = std::min(end - i, shown_per_place);
        for (std::size_t k = i; k < i + shown; ++k) {
            const Finding& finding = *sorted[k];
            Diagnostic diagnostic{
                finding.severity, sources.excerpt(finding.at), finding.message, finding.remedy, {}};
            for (const PlacedNote& note : finding.notes) {
                // A pattern that clashes with itself has but one place to show.
                if (note.at != finding.at) {
                    diagnostic.notes.push_back({note.message, sources.excerpt(note.at)});
                }
            }
            out.push_back(std::move(diagnostic));
        }
        if (end - i > shown) {
            out.back().notes.push_back(
                {std::to_string(end - i - shown) + " more at this place are not shown",
                 sources.excerpt({sorted[i]->at.file, 0, 0, 1})});
        }
        i = end;
    }
    return out;
}

} // namespace knell::config
