// SPDX-License-Identifier: GPL-3.0-or-later
// The operator's word.
#include "core/host_machine.hpp"

namespace knell {

void HostMachine::accept(const OperatorOrder& order, const std::string& text, Effects& effects)
{
    const auto attempt = commons_->ids.next_attempt();
    effects.push_back(Record{{JournalEntry::What::ordered, policy_.host, episode_, failed_boot_,
                              learned_identity_, order.by,
                              text + (order.reason.empty() ? "" : ": " + order.reason)},
                             attempt});
    answers_.emplace_back(attempt, Answer{order.id, true, text});
    notice(Notice::Weight::info, "ORDER_ACCEPTED", order.by + ": " + text, effects);
}

void HostMachine::refuse(const OperatorOrder& order, const std::string& why, Effects& effects)
{
    notice(Notice::Weight::info, "ORDER_REFUSED", order.by + ": " + why, effects);
    effects.push_back(Answer{order.id, false, why});
}

void HostMachine::on_order(Instant now, const OperatorOrder& order, Effects& effects)
{
    switch (order.what) {
    case OperatorOrder::What::fence:
        order_fence(now, order, effects);
        break;
    case OperatorOrder::What::confirm_off:
        order_confirm_off(now, order, effects);
        break;
    case OperatorOrder::What::release:
        order_release(now, order, effects);
        break;
    case OperatorOrder::What::readmit: // Fleet answers it, once for all hosts
        if (state_ == HostState::returning && readmission_ && readmission_->eligible()) {
            start_clearing(now, readmission_->by_order(), order.by, effects);
        }
        break;
    case OperatorOrder::What::arm:
    case OperatorOrder::What::disarm:
        break;
    }
    look(now, effects);
}

void HostMachine::order_fence(Instant now, const OperatorOrder& order, Effects& effects)
{
    switch (state_) {
    case HostState::unseen:
    case HostState::healthy:
    case HostState::suspected:
    case HostState::held:
    case HostState::fence_failed:
    case HostState::maintenance:
        break;
    default:
        return refuse(order, "it is " + std::string{name_of(state_)} + " already: " + why_,
                      effects);
    }
    if (recalled_) {
        return refuse(order, "Nova is still being asked about an earlier episode", effects);
    }
    if (policy_.devices.empty()) {
        return refuse(order, "it has no fence device", effects);
    }
    if (policy_.identity_check == IdentityCheck::required && !identity()) {
        return refuse(order, "its BMC's identity is not known: set `guid` in the inventory",
                      effects);
    }
    if (suspicion_.beating() && !order.force) {
        return refuse(order, "it is alive; its servers would die. --force if you mean it", effects);
    }
    const auto episode = episode_ == EpisodeId{0} ? commons_->ids.next_episode() : episode_;
    auto admitted = commons_->gate.admit(now, suspicion_.ordered_by(now, order.by), episode);
    if (auto* refusal = std::get_if<FenceGate::Refusal>(&admitted)) {
        return refuse(order, refusal->why, effects);
    }
    if (episode_ == EpisodeId{0}) {
        episode_ = episode;
        failed_boot_ = reported_ ? std::optional{reported_->boot} : std::nullopt;
    }
    told_failed_ = true;
    insisted_ = order.force;
    accept(order, "fencing it now; follow it with `knellctl watch`", effects);
    take_permit(now, std::get<FencePermit>(std::move(admitted)), effects);
}

void HostMachine::order_confirm_off(Instant now, const OperatorOrder& order, Effects& effects)
{
    const bool open = state_ == HostState::suspected || state_ == HostState::held ||
                      state_ == HostState::fencing || state_ == HostState::fence_failed ||
                      (state_ == HostState::unseen && !recalled_);
    if (!open) {
        return refuse(order, "it is " + std::string{name_of(state_)} + ": " + why_, effects);
    }
    if (suspicion_.beating()) {
        return refuse(order, "it answers, so it is not off: " + suspicion_.evidence(now), effects);
    }
    if (episode_ == EpisodeId{0}) {
        episode_ = commons_->ids.next_episode();
    }
    if (!procedure_) {
        procedure_.emplace(
            commons_->gate.admit_word(suspicion_.ordered_by(now, order.by), episode_),
            policy_.devices, policy_.fence, identity(), commons_->ids);
    }
    accept(order, "taken as off on your word; Nova is being told", effects);
    waiting_.clear();
    begun_ = false;
    if (!intent_durable_) {
        flag_before_.reset(); // it may have been set since it was read
    }
    on_certificate(now, procedure_->confirmed_by(order.by, now), effects);
}

void HostMachine::order_release(Instant now, const OperatorOrder& order, Effects& effects)
{
    const bool open = state_ == HostState::down || state_ == HostState::returning ||
                      state_ == HostState::disputed || state_ == HostState::fence_failed ||
                      state_ == HostState::held;
    if (!open || recalled_) {
        return refuse(order,
                      "nothing to release: it is " + std::string{name_of(state_)} + ", " + why_,
                      effects);
    }
    if (mark_) {
        if (!suspicion_.well() && !order.force) {
            return refuse(order,
                          "it is not well (" + suspicion_.evidence(now) +
                              "); --force if its servers may be scheduled there all the same",
                          effects);
        }
        accept(order, "clearing our flag in Nova", effects);
        return start_clearing(now, readmission_->by_order(), order.by, effects);
    }
    accept(order, "the episode is closed; the host is watched anew", effects);
    notice(Notice::Weight::info, "EPISODE_CLOSED", "by " + order.by, effects);
    close(now, JournalEntry::What::cancelled, "released by " + order.by, effects);
    suspicion_ = Suspicion{policy_};
    enter(now, HostState::unseen, "released by an operator; not heard since");
}

} // namespace knell
