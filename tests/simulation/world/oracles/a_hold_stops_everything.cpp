// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

namespace knell::sim {

namespace {

/// Also the next power off of a fence that began before the hold.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth) : Oracle{"a hold stops everything", truth} {}

    void on_event(const Event& event) override
    {
        const auto* order = std::get_if<OperatorOrder>(&event);
        if (order == nullptr) {
            return;
        }
        if (order->what == OperatorOrder::What::hold ||
            order->what == OperatorOrder::What::unhold) {
            on_hold_ = order->what == OperatorOrder::What::hold;
        }
    }
    void on_fact(const Fact& fact) override
    {
        if (const auto* started = std::get_if<Started>(&fact)) {
            on_hold_ = !started->past.hold.empty();
        }
    }
    void on_effect(const Effect& effect) override
    {
        if (const auto* power = std::get_if<Power>(&effect)) {
            const auto action = power->command.action;
            if (action == PowerAction::off || action == PowerAction::on) {
                judge(!on_hold_, power->host, "a power command leaves");
            }
        } else if (const auto* put = std::get_if<ForceDown>(&effect)) {
            judge(!on_hold_, put->certificate.host(), "Nova is told");
        } else if (const auto* clear = std::get_if<ClearForcedDown>(&effect)) {
            judge(!on_hold_, clear->clearance.host(), "the flag is cleared");
        }
    }

private:
    bool on_hold_ = false;
};

} // namespace

std::unique_ptr<Oracle> a_hold_stops_everything(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
