// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/cables.hpp"
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <algorithm>
#include <map>

namespace knell::sim {

namespace {

/// A host whose kernel, agent and cables were whole in truth, longer than any row of silences
/// takes, is not fenced on silence, least of all while our own side was broken; and no power off
/// leaves for it in the midst of a fence that had begun on silence. Excused, and counted: packets
/// lost by chance, one after another, while our own side was whole.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth)
        : Oracle{"nothing well is fenced whatever our eyes see", truth}
    {
    }

    void on_effect(const Effect& effect) override
    {
        const auto* record = std::get_if<Record>(&effect);
        if (record != nullptr && record->entry.what == JournalEntry::What::fencing) {
            by_knelld_[*record->entry.host] = record->entry.by == "knelld";
            weigh(*record->entry.host);
        }
        const auto* power = std::get_if<Power>(&effect);
        if (power != nullptr && power->command.action == PowerAction::off) {
            weigh(power->host);
        }
    }

private:
    void weigh(const HostId& host)
    {
        if (!by_knelld_[host]) {
            return; // on an operator's word
        }
        const auto& machine = truth_.machine(host);
        const auto begin = now() - longest_silence(truth_.policy(host));
        const bool well = machine.healthy() && machine.healthy_since <= begin &&
                          truth_.cables->whole_since(machine) <= begin;
        const bool in_doubt = truth_.cables->ours_broken_until() > begin;
        if (well && !in_doubt && truth_.options.has(Fault::loss)) {
            return excuse("a world that loses packets");
        }
        judge(!well, host,
              std::string{"it was well all the time"} +
                  (in_doubt ? ", and our own eyes were in doubt" : ""));
    }

    static Duration longest_silence(const HostPolicy& policy)
    {
        Duration longest{};
        for (const auto& monitor : policy.monitors) {
            longest = std::max(longest, monitor.interval * (monitor.fall + 1));
        }
        return longest;
    }

    std::map<HostId, bool> by_knelld_; ///< the fence that was last begun
};

} // namespace

std::unique_ptr<Oracle> nothing_well_is_fenced_whatever_our_eyes_see(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
