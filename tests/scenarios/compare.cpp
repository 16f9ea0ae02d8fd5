// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/compare.hpp"

#include <algorithm>

namespace knell::scenarios {

namespace {

struct Step {
    char sign; ///< ' ', '-' or '+'
    const std::string* line;
    std::size_t expected, happened; ///< numbers of lines before it
};

/// The longest common sequence of lines, in the plainest way: these files are short.
std::vector<Step> steps_between(const std::vector<std::string>& a,
                                const std::vector<std::string>& b)
{
    std::vector<std::vector<std::size_t>> common(a.size() + 1,
                                                 std::vector<std::size_t>(b.size() + 1, 0));
    for (std::size_t i = a.size(); i-- > 0;) {
        for (std::size_t j = b.size(); j-- > 0;) {
            common[i][j] = a[i] == b[j] ? common[i + 1][j + 1] + 1
                                        : std::max(common[i + 1][j], common[i][j + 1]);
        }
    }
    std::vector<Step> steps;
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < a.size() || j < b.size()) {
        if (i < a.size() && j < b.size() && a[i] == b[j]) {
            steps.push_back({' ', &a[i], i, j});
            ++i;
            ++j;
        } else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
            steps.push_back({'-', &a[i], i, j});
            ++i;
        } else {
            steps.push_back({'+', &b[j], i, j});
            ++j;
        }
    }
    return steps;
}

} // namespace

std::string difference_of(const std::vector<std::string>& expected,
                          const std::vector<std::string>& happened)
{
    constexpr std::size_t around = 3;
    const auto steps = steps_between(expected, happened);
    std::vector<bool> shown(steps.size(), false);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (steps[i].sign != ' ') {
            const auto end = std::min(steps.size(), i + around + 1);
            std::fill(shown.begin() + static_cast<std::ptrdiff_t>(i - std::min(i, around)),
                      shown.begin() + static_cast<std::ptrdiff_t>(end), true);
        }
    }
    std::string text;
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (!shown[i]) {
            continue;
        }
        if (i == 0 || !shown[i - 1]) {
            const auto end = static_cast<std::size_t>(
                std::find(shown.begin() + static_cast<std::ptrdiff_t>(i), shown.end(), false) -
                shown.begin());
            const auto count = [&](char other) {
                return std::count_if(steps.begin() + static_cast<std::ptrdiff_t>(i),
                                     steps.begin() + static_cast<std::ptrdiff_t>(end),
                                     [&](const Step& step) { return step.sign != other; });
            };
            text += "@@ -" + std::to_string(steps[i].expected + 1) + "," +
                    std::to_string(count('+')) + " +" + std::to_string(steps[i].happened + 1) +
                    "," + std::to_string(count('-')) + " @@\n";
        }
        text += steps[i].sign + *steps[i].line + "\n";
    }
    return text;
}

} // namespace knell::scenarios
