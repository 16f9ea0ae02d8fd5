// SPDX-License-Identifier: GPL-3.0-or-later
// The operator's word.
#include "core/assert.hpp"
#include "core/host_machine.hpp"

namespace knell {

namespace {

/// An order is answered when what it has begun is durable too: an heir goes on from that, and not
/// from the order's own row.
AttemptId last_record(const Effects& effects)
{
    AttemptId last{0};
    for (const auto& effect : effects) {
        if (const auto* record = std::get_if<Record>(&effect)) {
            last = record->attempt;
        }
    }
    return last;
}

} // namespace

/// Answered once it is durable.
void HostMachine::accept(const OperatorOrder& order, const std::string& text, Effects& effects)
{
    answers_.emplace_back(write_down(order, text, effects), Answer{order.id, true, text});
}

AttemptId HostMachine::write_down(const OperatorOrder& order, const std::string& text,
                                  Effects& effects)
{
    const auto attempt = commons_->ids.next_attempt();
    effects.push_back(Record{{JournalEntry::What::ordered, policy_.host, episode_, failed_boot_,
                              learned_identity_, order.by,
                              text + (order.reason.empty() ? "" : ": " + order.reason)},
                             attempt});
    notice(Notice::Weight::info, "ORDER_ACCEPTED",
           order.by + (order.reason.empty() ? "" : " (" + order.reason + ")") + ": " + text,
           effects);
    return attempt;
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
        if (order.dry_run) {
            effects.push_back(Answer{order.id, true, rehearse(now)});
            return;
        }
        order_fence(now, order, effects);
        break;
    case OperatorOrder::What::confirm_off:
        order_confirm_off(now, order, effects);
        break;
    case OperatorOrder::What::release:
        order_release(now, order, effects);
        break;
    case OperatorOrder::What::readmit: // Fleet answers it, once for all hosts
        if (state_ == HostState::returning && readmission_ && readmission_->eligible() &&
            !drain_.flows(now)) {
            released_by_ = order.by;
            start_clearing(now, readmission_->by_order(), order.by, effects);
        }
        break;
    case OperatorOrder::What::approve:
        order_approve(now, order, effects);
        break;
    case OperatorOrder::What::begin_maintenance:
        order_maintenance(now, order, effects);
        break;
    case OperatorOrder::What::end_maintenance:
        order_end_maintenance(now, order, effects);
        break;
    case OperatorOrder::What::inspect:
        readiness_.look_now(now, order.by, effects);
        effects.push_back(
            Answer{order.id, true, "its fence devices are being looked at; `knellctl host show`"});
        break;
    default: // Fleet's
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
    const auto whose = order.by + (order.reason.empty() ? "" : ": " + order.reason);
    auto admitted = commons_->gate.admit(now, suspicion_.ordered_by(now, whose),
                                         {policy_, episode, left_alone()});
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
    planned_.end();
    take_permit(now, std::get<FencePermit>(std::move(admitted)), order.by, effects);
    answers_.back().first = last_record(effects);
}

/// What would a fence of this host meet now, by itself and by an operator's order?
std::string HostMachine::rehearse(Instant now) const
{
    std::string text;
    const auto say = [&](std::string_view what, const std::string& closed, std::string_view open) {
        text += (text.empty() ? "" : "\n") + std::string{what} + ": " +
                (closed.empty() ? std::string{open} : "NO, " + closed);
    };
    const bool dead = suspicion_.dead(now);
    say("verdict", dead ? "" : "by its monitors it is not dead: " + suspicion_.evidence(now),
        suspicion_.evidence(now));
    const bool sees =
        dead && commons_->vantage.sight(policy_.host, suspicion_.silences(now)).has_value();
    say("vantage",
        dead && !sees ? "nobody else answers on its networks" : commons_->vantage.doubt(),
        dead ? "others answered while it was silent" : "no doubt about our own eyes");
    say("device", readiness_.complaint(identity()), "nothing known against it");
    for (const auto& finding : commons_->gate.findings(now, FailureVerdict::Source::monitors,
                                                       {policy_, episode_, left_alone()})) {
        say(finding.gate, finding.closed, "open");
    }
    return text + "\nAn order asks only for mode, hold and a device, and with --force powers a "
                  "living host off.";
}

/// Fleet, which has the plan, answers once for all of it.
void HostMachine::order_approve(Instant now, const OperatorOrder& order, Effects& effects)
{
    KNELL_ASSERT(state_ == HostState::held && in_plan_);
    commons_->gate.approve(episode_);
    (void)write_down(order, "approved; it is fenced now if it is still silent", effects);
    try_to_fence(now, effects);
}

/// What forbids to believe that it is off, whatever its fence devices read; empty: nothing.
std::string HostMachine::against_word(Instant now, const OperatorOrder& order) const
{
    const bool open = state_ == HostState::suspected || state_ == HostState::held ||
                      state_ == HostState::fencing || state_ == HostState::fence_failed ||
                      (state_ == HostState::unseen && !recalled_);
    if (!open) {
        return "it is " + std::string{name_of(state_)} + ": " + why_;
    }
    if (!commons_->gate.hold().empty()) {
        return "everything is on hold, " + commons_->gate.hold();
    }
    // Anybody may answer for an address; only its agent can sign for the host.
    if (suspicion_.beating() && (suspicion_.agent_beating() || !order.force)) {
        return "it answers, so it is not off: " + suspicion_.evidence(now) +
               (suspicion_.agent_beating() ? ""
                                           : "; --force if another machine has taken its address");
    }
    return {};
}

void HostMachine::order_confirm_off(Instant now, const OperatorOrder& order, Effects& effects)
{
    if (const auto why = against_word(now, order); !why.empty()) {
        return refuse(order, why, effects);
    }
    if (word_ && !order.force) {
        return refuse(order,
                      "its power is being looked at already, because " + word_->order().by +
                          " says that it is off",
                      effects);
    }
    if (word_) {
        refuse(word_->order(), "overtaken: " + order.by + " insists", effects);
        word_.reset();
    }
    if (order.force) {
        return believe(now, order, ", with --force: nobody looked at its power", effects);
    }
    word_.emplace(order, episode_);
    look_at_power(now, effects);
    weigh_word(now, effects);
}

void HostMachine::look_at_power(Instant now, Effects& effects)
{
    for (auto& command : word_->ask(now, policy_, readiness_, identity(), commons_->ids)) {
        notice(Notice::Weight::detail, "POWER_ASKED",
               command.device.get() + ": power? " + word_->order().by + " says that it is off",
               effects);
        effects.push_back(Power{policy_.host, std::move(command)});
    }
}

/// The power is looked at for an operator's word: does it count now?
void HostMachine::weigh_word(Instant now, Effects& effects)
{
    if (!word_) {
        return;
    }
    auto why = against_word(now, word_->order());
    if (why.empty() && word_->episode() != episode_) {
        why = "its episode ended or began while its power was looked at; say it again";
    }
    if (const auto device = word_->denied_by(); why.empty() && device) {
        why = device->get() + " reads ON, so it is not off: look again whether you stand before "
                              "this host; --force if you know better than its fence device";
    }
    if (why.empty() && word_->open(now)) {
        return;
    }
    const auto word = *std::exchange(word_, std::nullopt);
    if (why.empty()) {
        const auto findings = word.findings();
        return believe(now, word.order(), findings.empty() ? "" : " (" + findings + ")", effects);
    }
    refuse(word.order(), why, effects);
    const bool wanted = begun_ || state_ == HostState::suspected || state_ == HostState::held;
    if (!wanted) {
        effects.push_back(StandDown{policy_.host});
    }
}

void HostMachine::believe(Instant now, const OperatorOrder& order, const std::string& on,
                          Effects& effects)
{
    insisted_ = order.force;
    if (episode_ == EpisodeId{0}) {
        episode_ = commons_->ids.next_episode();
    }
    if (!procedure_) {
        procedure_.emplace(
            commons_->gate.admit_word(suspicion_.ordered_by(now, order.by), episode_),
            policy_.devices, policy_.fence, identity(), commons_->ids);
    }
    accept(order, "taken as off on your word" + on + "; Nova is being told", effects);
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
                      state_ == HostState::held || state_ == HostState::parked ||
                      (state_ == HostState::fenced && !drain_.unsure());
    if (!commons_->gate.hold().empty()) {
        return refuse(order, "everything is on hold, " + commons_->gate.hold(), effects);
    }
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
        if (drain_.flows(now) && !order.force) {
            const auto left =
                std::chrono::duration_cast<std::chrono::seconds>(drain_.left(now)) + 1s;
            return refuse(order,
                          "an earlier request of ours may still reach Nova and set the flag "
                          "again: wait " +
                              std::to_string(left.count()) + " s, or --force",
                          effects);
        }
        accept(order, "clearing our flag in Nova", effects);
        released_by_ = order.by;
        start_clearing(now, readmission_->by_order(), order.by, effects);
        answers_.back().first = last_record(effects);
        return;
    }
    if (drain_.unsure()) {
        accept(order, "Nova is asked first whether it was told; if it was, release it again",
               effects);
        return ask_what_became_of_it(now, "released by " + order.by);
    }
    accept(order, "the episode is closed; the host is watched anew", effects);
    notice(Notice::Weight::info, "EPISODE_CLOSED", "by " + order.by, effects);
    close(now, JournalEntry::What::cancelled, "released by " + order.by, effects);
    answers_.back().first = last_record(effects);
    suspicion_ = Suspicion{policy_};
    enter(now, HostState::unseen, "released by an operator; not heard since");
}

} // namespace knell
