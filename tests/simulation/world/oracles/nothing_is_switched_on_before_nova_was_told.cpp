// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <set>

namespace knell::sim {

namespace {

class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth)
        : Oracle{"nothing is switched on before nova was told", truth}
    {
    }

    void on_effect(const Effect& effect) override
    {
        const auto* power = std::get_if<Power>(&effect);
        if (power == nullptr || power->command.action != PowerAction::on) {
            return;
        }
        judge(told_.contains(power->host), power->host, "Nova has not been told of it");
    }
    void on_fact(const Fact& fact) override
    {
        if (const auto* changed = std::get_if<FlagChanged>(&fact)) {
            if (changed->set) { // by whomever: knell cannot always tell, and Nova knows
                told_.insert(changed->host);
            }
        } else if (const auto* durable = std::get_if<Durable>(&fact)) {
            const auto what = durable->entry.what;
            if (what == JournalEntry::What::fencing || what == JournalEntry::What::readmitted ||
                what == JournalEntry::What::cancelled) {
                told_.erase(*durable->entry.host);
            }
        }
    }

private:
    std::set<HostId> told_; ///< in this episode
};

} // namespace

std::unique_ptr<Oracle> nothing_is_switched_on_before_nova_was_told(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
