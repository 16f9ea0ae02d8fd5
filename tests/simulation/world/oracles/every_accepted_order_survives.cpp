// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace knell::sim {

namespace {

/// Nothing is called accepted before it is durable, and what was accepted holds after a restart.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth) : Oracle{"every accepted order survives", truth} {}

    void on_event(const Event& event) override
    {
        if (const auto* order = std::get_if<OperatorOrder>(&event)) {
            asked_.push_back({*order, {}});
        }
    }
    void on_fact(const Fact& fact) override
    {
        if (const auto* durable = std::get_if<Durable>(&fact)) {
            for (auto& one : asked_) {
                one.since.insert(durable->entry.what);
            }
        } else if (std::holds_alternative<Died>(fact)) {
            mode_open_ = hold_open_ = false;
            for (const auto& one : asked_) { // not answered: it may have been kept, or not
                mode_open_ = mode_open_ || is_mode(one.order.what);
                hold_open_ = hold_open_ || is_hold(one.order.what);
            }
            asked_.clear();
        } else if (const auto* started = std::get_if<Started>(&fact)) {
            compare(started->past);
        }
    }
    void on_effect(const Effect& effect) override
    {
        const auto* answer = std::get_if<Answer>(&effect);
        if (answer == nullptr) {
            return;
        }
        const auto one = std::find_if(asked_.begin(), asked_.end(), [&](const auto& asked) {
            return asked.order.id == answer->order;
        });
        if (one == asked_.end()) {
            return;
        }
        const auto asked = *one;
        asked_.erase(one);
        if (answer->accepted && !asked.order.dry_run) {
            take(asked);
        }
    }

private:
    using What = OperatorOrder::What;
    struct Asked {
        OperatorOrder order;
        std::set<JournalEntry::What> since; ///< what became durable
    };
    static bool is_mode(What what) { return what == What::arm || what == What::disarm; }
    static bool is_hold(What what) { return what == What::hold || what == What::unhold; }

    void take(const Asked& asked)
    {
        const auto& order = asked.order;
        const auto host = order.host            ? *order.host
                          : order.hosts.empty() ? HostId{"all"}
                                                : order.hosts.front();
        const auto kept = [&](JournalEntry::What what) {
            judge(asked.since.contains(what), host,
                  "an order was accepted before it was durable: " + std::string{name_of(what)});
        };
        switch (order.what) {
        case What::arm:
            mode_ = Mode::armed;
            return kept(JournalEntry::What::armed);
        case What::disarm:
            mode_ = Mode::observe;
            return kept(JournalEntry::What::disarmed);
        case What::hold:
            hold_ = true;
            return kept(JournalEntry::What::held);
        case What::unhold:
            hold_ = false;
            return kept(JournalEntry::What::unheld);
        case What::fence:
        case What::confirm_off:
        case What::release:
        case What::approve:
        case What::readmit:
            return kept(JournalEntry::What::ordered);
        case What::begin_maintenance:
            return kept(JournalEntry::What::maintenance);
        case What::end_maintenance:
            return kept(JournalEntry::What::maintenance_ended);
        case What::inspect:
            return;
        }
    }
    void compare(const Recollection& past)
    {
        if (mode_ && !mode_open_) {
            judge(past.mode == mode_, HostId{"all"}, "the mode was forgotten");
        }
        if (hold_ && !hold_open_) {
            judge(past.hold.empty() != *hold_, HostId{"all"}, "the hold was forgotten");
        }
        if (mode_open_) {
            mode_ = past.mode;
        }
        if (hold_open_) {
            hold_ = !past.hold.empty();
        }
    }

    std::vector<Asked> asked_;
    std::optional<Mode> mode_;
    std::optional<bool> hold_;
    bool mode_open_ = false; ///< an order was under way when knelld died
    bool hold_open_ = false;
};

} // namespace

std::unique_ptr<Oracle> every_accepted_order_survives(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
