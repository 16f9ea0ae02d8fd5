// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/nearest.hpp"

#include <algorithm>
#include <numeric>

namespace knell::config {
namespace {

constexpr std::size_t longest_word = 64;

/// Letters to insert, remove, replace or swap with their neighbour (optimal string alignment).
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> before(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        before = last;
        last = row;
    }
    return last[b.size()];
}

} // namespace

std::optional<std::string> nearest(std::string_view word, std::span<const std::string> words)
{
    if (word.size() > longest_word) {
        return std::nullopt;
    }
    std::optional<std::string> best;
    std::size_t least = std::max<std::size_t>(word.size() / 3, 1) + 1;
    for (const std::string& candidate : words) {
        if (candidate.size() > longest_word) {
            continue;
        }
        const std::size_t steps = distance(word, candidate);
        if (steps < least && steps < candidate.size()) {
            least = steps;
            best = candidate;
        }
    }
    return best;
}

std::string suggestion(std::string_view word, std::span<const std::string> words)
{
    if (const auto near = nearest(word, words)) {
        return "did you mean `" + *near + "`?";
    }
    if (words.empty()) {
        return "remove it";
    }
    constexpr std::size_t most = 24;
    std::string text = "known here: ";
    for (std::size_t i = 0; i < words.size() && i < most; ++i) {
        text += (i == 0 ? "" : ", ") + words[i];
    }
    return text + (words.size() > most ? ", ..." : "");
}

} // namespace knell::config
