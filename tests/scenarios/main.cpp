// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/scenario.hpp"
#include "tests/scenarios/story.hpp"
#include "tests/scenarios/verbs.hpp"

#include <algorithm>
#include <CLI/CLI.hpp>
#include <iostream>
#include <map>

namespace {

using namespace knell::scenarios;

struct Wish {
    bool update = false;
    bool show = false;
};

/// Whether it was as it should be.
bool one(const Scenario& scenario, const Wish& wish)
{
    try {
        const auto happened = scenario.play();
        if (wish.show) {
            for (const auto& line : happened) {
                std::cout << line << '\n';
            }
            return true;
        }
        if (wish.update) {
            scenario.expect(happened);
        }
        const auto wrong = complaint(scenario, happened, scenario.expected());
        std::cout << wrong;
        return wrong.empty();
    } catch (const Malformed& malformed) {
        std::cout << (scenario.folder / "story").string() << ": " << malformed.what() << '\n';
        return false;
    }
}

} // namespace

int main(int argc, char** argv)
{
    CLI::App app{"Plays the stories of tests/scenarios, and compares what happens with what is "
                 "expected, to the letter."};
    Wish wish;
    std::string folder = KNELL_SOURCE_DIR "/tests/scenarios";
    std::vector<std::string> names;
    bool verbs = false;
    app.add_option("NAME", names, "which; all of them, if none is named");
    app.add_option("--folder", folder, "where they are")->capture_default_str();
    app.add_flag("--update", wish.update, "write `expect` anew, for you to read in git");
    app.add_flag("--show", wish.show, "print what happens, and compare nothing");
    app.add_flag("--verbs", verbs, "print the table of all that can happen, as the README has it");
    CLI11_PARSE(app, argc, argv);
    if (verbs) {
        for (const auto& [words, meaning] : all_verbs()) {
            std::cout << "| `" << words << "` | " << meaning << " |\n";
        }
        return 0;
    }
    if (wish.update && names.empty()) {
        std::cout << "--update wants names: what it writes is for you to read, one by one\n";
        return 2;
    }
    std::map<std::string, Scenario> known;
    for (const auto& scenario : scenarios_in(folder)) {
        known.emplace(scenario.name(), scenario);
    }
    unsigned failed = 0;
    unsigned played = 0;
    for (const auto& [name, scenario] : known) {
        if (!names.empty() && std::find(names.begin(), names.end(), name) == names.end()) {
            continue;
        }
        ++played;
        failed += one(scenario, wish) ? 0 : 1;
    }
    if (played < names.size() || played == 0) {
        std::cout << "there is no such scenario in " << folder << '\n';
        return 2;
    }
    if (played > 1) {
        std::cout << played - failed << " passed, " << failed << " failed\n";
    }
    return failed > 0 ? 1 : 0;
}
