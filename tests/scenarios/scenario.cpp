// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/scenario.hpp"

#include "tests/scenarios/compare.hpp"
#include "tests/scenarios/theatre.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace knell::scenarios {

std::vector<std::string> Scenario::play() const
{
    std::ifstream in{folder / "story"};
    if (!in) {
        throw Malformed{1, "there is no file " + (folder / "story").string(),
                        "see tests/scenarios/README.md for what stands in it"};
    }
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    const auto story = read_story(text);
    return Theatre{story}.play();
}

std::vector<std::string> Scenario::expected() const
{
    std::ifstream in{folder / "expect"};
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) {
        lines.push_back(line);
    }
    return lines;
}

void Scenario::expect(const std::vector<std::string>& lines) const
{
    std::ofstream out{folder / "expect", std::ios::trunc};
    for (const auto& line : lines) {
        out << line << '\n';
    }
}

std::vector<Scenario> scenarios_in(const std::filesystem::path& folder)
{
    std::vector<Scenario> all;
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
        if (std::filesystem::exists(entry.path() / "story")) {
            all.push_back({entry.path()});
        }
    }
    std::sort(all.begin(), all.end(),
              [](const auto& a, const auto& b) { return a.folder < b.folder; });
    return all;
}

std::string complaint(const Scenario& scenario, const std::vector<std::string>& happened,
                      const std::vector<std::string>& expected)
{
    std::string text;
    for (const auto& line : happened) {
        if (line.starts_with("BROKEN: ")) {
            text +=
                scenario.name() + ": a promise is broken, whatever `expect` says\n  " + line + "\n";
        }
    }
    const auto difference = difference_of(expected, happened);
    if (!difference.empty()) {
        text += "--- " + scenario.name() + "/expect\n+++ what happened\n" + difference;
    }
    return text.empty() ? text
                        : text + "again: knell_scenarios " + scenario.name() +
                              "\nif it should be so: knell_scenarios --update " + scenario.name() +
                              ", then read the difference in git\n";
}

} // namespace knell::scenarios
