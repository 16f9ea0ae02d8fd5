// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/trial.hpp"

#include <CLI/CLI.hpp>
#include <ctime>
#include <iomanip>
#include <iostream>

namespace {

using namespace knell::sim;

double cpu_minutes()
{
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC / 60;
}

void tell(const Outcome& outcome, const Wanted& wanted)
{
    const auto& breach = *outcome.breach;
    std::cout << "\nBROKEN: " << breach.sentence << "\n  " << breach.host.get() << ": "
              << breach.detail << "\n\n";
    for (const auto& line : outcome.story) {
        std::cout << line << '\n';
    }
    std::cout << "\nagain: " << wanted.command() << " --story\n";
}

bool report(const Tally& tally, double minutes)
{
    std::cout << '\n';
    tally.tell(std::cout);
    const double years = tally.host_hours / 24 / 365.25;
    std::cout << tally.worlds << " worlds, " << tally.events << " events, " << std::fixed
              << std::setprecision(2) << tally.host_hours << " host-hours, " << minutes
              << " CPU minutes, " << std::setprecision(3) << years / minutes
              << " host-years per CPU-minute\n";
    const auto idle = tally.idle();
    for (const auto& sentence : idle) {
        std::cout << "NEVER JUDGED: " << sentence << '\n';
    }
    return idle.empty();
}

} // namespace

int main(int argc, char** argv)
{
    CLI::App app{"knelld in a simulated data centre: chaos, then a calm in which all must come "
                 "right. The same seed tells the same story."};
    Wanted wanted;
    unsigned seeds = 1;
    bool story = false;
    bool least = false;
    bool all = false;
    std::vector<std::string> without;
    app.add_option("--seed", wanted.seed, "which world; the first of them, with --seeds")
        ->capture_default_str();
    app.add_option("--hosts", wanted.hosts, "compute hosts")
        ->capture_default_str()
        ->check(CLI::Range(2, 200));
    app.add_option("--hours", wanted.hours, "of chaos")
        ->capture_default_str()
        ->check(CLI::Range(0.001, 100000.0));
    app.add_option("--seeds", seeds, "how many worlds, one after another")->capture_default_str();
    app.add_option("--without", without, "faults that are left out")->delimiter(',');
    app.add_flag("--story", story, "tell everything");
    app.add_flag("--minimise", least, "look for the least that fails, once something does");
    app.add_flag("--all", all, "go on after a failure, and tell each in a line");
    CLI11_PARSE(app, argc, argv);
    for (const auto& name : without) {
        const auto fault = fault_named(name);
        if (!fault) {
            std::cerr << "knell_sim: there is no fault " << name << '\n';
            return 2;
        }
        wanted.without.insert(*fault);
    }

    Tally tally;
    bool failed = false;
    const auto began = cpu_minutes();
    for (unsigned i = 0; i < seeds; ++i, ++wanted.seed) {
        if (seeds == 1) {
            std::cout << write(draw(wanted));
        }
        const auto outcome = live_through(wanted, tally, story ? &std::cout : nullptr);
        if (outcome.breach && all) {
            failed = true;
            std::cout << "seed " << wanted.seed << ": " << outcome.breach->sentence << ": "
                      << outcome.breach->host.get() << ": " << outcome.breach->detail << std::endl;
        } else if (outcome.breach) {
            if (seeds > 1) {
                std::cout << write(outcome.options);
            }
            tell(outcome, wanted);
            if (least) {
                std::cout << "least: " << minimise(wanted).command() << '\n';
            }
            return 1;
        }
    }
    const bool all_judged = report(tally, cpu_minutes() - began);
    return failed || (seeds >= 500 && !all_judged) ? 1 : 0;
}
