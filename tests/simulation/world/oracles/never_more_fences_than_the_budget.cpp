// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <algorithm>
#include <set>

namespace knell::sim {

namespace {

/// Over all processes of knelld together. What an operator approved counts, and may exceed it.
/// Excused, and counted: a restart of our machine after which its wall clock was wrong, so that
/// nobody can tell how old the journal's entries are.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth) : Oracle{"never more fences than the budget", truth} {}

    void on_event(const Event& event) override
    {
        const auto* order = std::get_if<OperatorOrder>(&event);
        if (order != nullptr && order->what == OperatorOrder::What::approve) {
            approved_.insert(order->hosts.begin(), order->hosts.end());
        }
    }
    void on_effect(const Effect& effect) override
    {
        const auto* record = std::get_if<Record>(&effect);
        if (record == nullptr || record->entry.what != JournalEntry::What::fencing ||
            record->entry.by != "knelld") {
            return;
        }
        const auto& entry = record->entry;
        const auto same = [&](const auto& one) {
            return one.episode == entry.episode && one.host == *entry.host;
        };
        if (std::any_of(spent_.begin(), spent_.end(), same)) {
            return; // another try of the same fence
        }
        const auto& gate = truth_.policy_now.gate;
        const auto used = std::count_if(spent_.begin(), spent_.end(), [&](const auto& one) {
            return now() - one.at < gate.budget_window;
        });
        spent_.push_back({now(), *entry.host, entry.episode, false});
        if (approved_.erase(*entry.host) > 0) {
            return;
        }
        const bool spent = used >= static_cast<long>(gate.budget);
        if (spent && !ages_known_) {
            return excuse("restarted with a wrong clock");
        }
        judge(!spent, *entry.host, std::to_string(used) + " fences in the window, and one more");
    }
    void on_fact(const Fact& fact) override
    {
        if (const auto* durable = std::get_if<Durable>(&fact)) {
            for (auto& one : spent_) {
                one.durable = one.durable || (durable->entry.what == JournalEntry::What::fencing &&
                                              one.episode == durable->entry.episode);
            }
        } else if (std::holds_alternative<Died>(fact)) {
            // Nothing was powered off for these.
            std::erase_if(spent_, [](const auto& one) { return !one.durable; });
        } else if (const auto* started = std::get_if<Started>(&fact)) {
            ages_known_ = started->ages_known;
        }
    }

private:
    struct Spent {
        Instant at;
        HostId host;
        EpisodeId episode;
        bool durable;
    };
    std::vector<Spent> spent_;
    std::set<HostId> approved_;
    bool ages_known_ = true;
};

} // namespace

std::unique_ptr<Oracle> never_more_fences_than_the_budget(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
