// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/trial.hpp"

#include "tests/simulation/world/calm.hpp"
#include "tests/simulation/world/chaos.hpp"

#include <iomanip>

namespace knell::sim {

namespace {

constexpr Duration quiet_at_first = 15s;
constexpr std::size_t lines_told = 60;

} // namespace

std::vector<std::string> Tally::idle() const
{
    std::vector<std::string> names;
    for (const auto& [name, count] : oracles) {
        if (count.judged == 0) {
            names.push_back(name);
        }
    }
    return names;
}

void Tally::tell(std::ostream& out) const
{
    for (const auto& [name, count] : oracles) {
        out << std::setw(10) << count.judged << "  " << name << '\n';
        for (const auto& [why, often] : count.excused) {
            out << std::setw(22) << often << " excused: " << why << '\n';
        }
    }
}

Outcome live_through(const Wanted& wanted, Tally& tally, std::ostream* story)
{
    Outcome outcome{.options = draw(wanted), .breach = std::nullopt, .story = {}};
    Datacentre world{outcome.options};
    world.truth.chronicle.tell(story);
    const auto began = world.truth.now();
    world.run(quiet_at_first);
    Chaos chaos{world};
    chaos.begin();
    world.run(
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(wanted.hours * 3600)));
    chaos.end();
    Calm calm{world};
    if (world.truth.breach() == nullptr) {
        calm.live();
    }
    if (const auto* breach = world.truth.breach()) {
        outcome.breach = *breach;
        outcome.story = world.truth.chronicle.last(breach->host, lines_told);
    }
    outcome.fingerprint = world.truth.chronicle.fingerprint();
    outcome.events = world.truth.agenda.done();
    outcome.host_hours =
        std::chrono::duration<double>(world.truth.now() - began).count() / 3600 * wanted.hosts;
    for (const auto& oracle : world.truth.oracles) {
        auto& count = tally.oracles[std::string{oracle->sentence()}];
        count.judged += oracle->judged();
        for (const auto& [why, often] : oracle->excused()) {
            count.excused[why] += often;
        }
    }
    ++tally.worlds;
    tally.events += outcome.events;
    tally.host_hours += outcome.host_hours;
    return outcome;
}

Wanted minimise(const Wanted& failing)
{
    Tally aside;
    const auto first = live_through(failing, aside);
    const auto fails = [&](const Wanted& wanted) {
        const auto outcome = live_through(wanted, aside);
        return outcome.breach && first.breach && outcome.breach->sentence == first.breach->sentence;
    };
    auto least = failing;
    const auto attempt = [&](Wanted wanted) {
        const bool good = fails(wanted);
        if (good) {
            least = std::move(wanted);
        }
        return good;
    };
    for (const auto fault : first.options.faults) {
        auto fewer = least;
        fewer.without.insert(fault);
        (void)attempt(fewer);
    }
    for (auto shorter = least; shorter.hours > 0.01;) {
        shorter.hours = least.hours * 0.8;
        if (!attempt(shorter)) {
            break;
        }
    }
    for (auto smaller = least; smaller.hosts > 2;) {
        smaller.hosts = least.hosts - 1;
        if (!attempt(smaller)) {
            break;
        }
    }
    return least;
}

} // namespace knell::sim
