// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <set>

namespace knell::sim {

namespace {

/// Until an operator releases it.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth) : Oracle{"a disputed host is left alone", truth} {}

    void on_event(const Event& event) override
    {
        const auto* order = std::get_if<OperatorOrder>(&event);
        if (order != nullptr && order->host && order->what == OperatorOrder::What::release) {
            disputed_.erase(*order->host);
        }
    }
    void on_fact(const Fact& fact) override
    {
        if (const auto* started = std::get_if<Started>(&fact)) {
            disputed_.clear();
            for (const auto& [host, open] : started->past.open) {
                if (open.stage == JournalEntry::What::disputed) {
                    disputed_.insert(host);
                }
            }
        }
    }
    void on_effect(const Effect& effect) override
    {
        if (const auto* record = std::get_if<Record>(&effect)) {
            if (record->entry.what == JournalEntry::What::disputed) {
                disputed_.insert(*record->entry.host);
                judge(true, *record->entry.host, {});
            }
        } else if (const auto* power = std::get_if<Power>(&effect)) {
            if (power->command.action == PowerAction::off ||
                power->command.action == PowerAction::on) {
                judge(!disputed_.contains(power->host), power->host, "its power is touched");
            }
        } else if (const auto* put = std::get_if<ForceDown>(&effect)) {
            judge(!disputed_.contains(put->certificate.host()), put->certificate.host(),
                  "Nova is told");
        } else if (const auto* clear = std::get_if<ClearForcedDown>(&effect)) {
            judge(!disputed_.contains(clear->clearance.host()), clear->clearance.host(),
                  "the flag is cleared");
        }
    }

private:
    std::set<HostId> disputed_;
};

} // namespace

std::unique_ptr<Oracle> a_disputed_host_is_left_alone(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
