// SPDX-License-Identifier: GPL-3.0-or-later
// Orders that are about more than one host.
#include "core/fleet_house.hpp"

namespace knell {

namespace {

std::string why_of(const OperatorOrder& order)
{
    return order.reason.empty() ? "" : ": " + order.reason;
}

} // namespace

std::string meaning_of(Mode mode)
{
    return mode == Mode::armed
               ? "armed: failed hosts will be fenced"
               : "observing: nothing will be powered off or on until `knellctl arm`; flags of "
                 "hosts that are proven off already are still set and cleared";
}

void Fleet::on_order(Instant now, const OperatorOrder& order, Effects& effects)
{
    using What = OperatorOrder::What;
    if (order.what == What::arm || order.what == What::disarm) {
        return set_mode(order, effects);
    }
    if (order.what == What::readmit) {
        return readmit_all(now, order, effects);
    }
    if (order.what == What::hold || order.what == What::unhold) {
        return set_hold(order, effects);
    }
    if (order.what == What::approve) {
        return approve(now, order, effects);
    }
    auto* host = order.host ? house_->find(*order.host) : nullptr;
    if (host == nullptr) {
        effects.push_back(Answer{
            order.id, false, "no such host in the inventory; names are exact, as Nova has them"});
        return;
    }
    host->on_order(now, order, effects);
}

void Fleet::set_mode(const OperatorOrder& order, Effects& effects)
{
    const bool arm = order.what == OperatorOrder::What::arm;
    const auto mode = arm ? Mode::armed : Mode::observe;
    house_->gate.set_mode(mode, order.by);
    const auto text = meaning_of(mode);
    effects.push_back(Notice{Notice::Weight::warning, "MODE_CHANGED", std::nullopt, EpisodeId{0},
                             text + ", by " + order.by + why_of(order)});
    stop_commands(effects);
    keep(order, arm ? JournalEntry::What::armed : JournalEntry::What::disarmed, text, effects);
}

/// Everything at once: no power command that has not left, no word to Nova.
void Fleet::set_hold(const OperatorOrder& order, Effects& effects)
{
    const bool on = order.what == OperatorOrder::What::hold;
    house_->gate.set_hold(on ? "by " + order.by + ": " + order.reason : "");
    const std::string text =
        on ? "on hold: nothing is powered off or on, and Nova is told nothing, "
             "until `knellctl hold off`"
           : "the hold is over; what waited for it goes on if it is still so";
    effects.push_back(Notice{Notice::Weight::warning, on ? "HOLD_ON" : "HOLD_OFF", std::nullopt,
                             EpisodeId{0}, text + ", by " + order.by + why_of(order)});
    stop_commands(effects);
    keep(order, on ? JournalEntry::What::held : JournalEntry::What::unheld, text, effects);
}

/// Those that have not left, if none may; on hold Nova is told nothing either.
void Fleet::stop_commands(Effects& effects)
{
    if (!house_->gate.stopped()) {
        return;
    }
    for (const auto& [name, host] : house_->hosts) {
        host.withdraw(effects);
    }
}

/// Answered once it is durable.
void Fleet::keep(const OperatorOrder& order, JournalEntry::What what, const std::string& text,
                 Effects& effects)
{
    const auto attempt = house_->ids.next_attempt();
    JournalEntry entry{what};
    entry.by = order.by;
    entry.detail = order.reason;
    effects.push_back(Record{std::move(entry), attempt});
    house_->answers.emplace_back(attempt, Answer{order.id, true, text});
}

/// Each host is judged by itself, so that a part of the plan can be approved.
void Fleet::approve(Instant now, const OperatorOrder& order, Effects& effects)
{
    std::string approved;
    std::string others;
    for (const auto& name : order.hosts) {
        auto* host = house_->find(name);
        if (host == nullptr || !host->view().in_plan) {
            others += (others.empty() ? "" : ", ") + name.get();
            continue;
        }
        host->on_order(now, order, effects);
        approved += (approved.empty() ? "" : ", ") + name.get();
    }
    const auto text = (approved.empty() ? "nothing was approved" : "approved: " + approved) +
                      (others.empty() ? "" : "; not in the plan (any more): " + others);
    if (approved.empty()) {
        effects.push_back(Notice{Notice::Weight::info, "ORDER_REFUSED", std::nullopt, EpisodeId{0},
                                 order.by + ": " + text});
        effects.push_back(Answer{order.id, false, text});
    } else {
        keep(order, JournalEntry::What::ordered, text, effects);
    }
}

void Fleet::readmit_all(Instant now, const OperatorOrder& order, Effects& effects)
{
    if (const auto hold = house_->gate.hold(); !hold.empty()) {
        const auto text = "everything is on hold, " + hold;
        effects.push_back(Notice{Notice::Weight::info, "ORDER_REFUSED", std::nullopt, EpisodeId{0},
                                 order.by + ": " + text});
        effects.push_back(Answer{order.id, false, text});
        return;
    }
    std::string released;
    std::string waiting;
    for (auto& [name, host] : house_->hosts) {
        if (host.state() != HostState::returning) {
            continue;
        }
        host.on_order(now, order, effects);
        auto& list = host.state() == HostState::readmitting ? released : waiting;
        list += (list.empty() ? "" : ", ") + name.get();
    }
    std::string text = released.empty() ? "no host is eligible for readmission"
                                        : "clearing our flag on " + released;
    if (!waiting.empty()) {
        text += "; not yet well: " + waiting;
    }
    effects.push_back(Notice{Notice::Weight::info,
                             released.empty() ? "ORDER_REFUSED" : "ORDER_ACCEPTED", std::nullopt,
                             EpisodeId{0}, order.by + ": " + text});
    if (released.empty()) {
        effects.push_back(Answer{order.id, false, text});
    } else {
        keep(order, JournalEntry::What::ordered, text, effects);
    }
}

} // namespace knell
