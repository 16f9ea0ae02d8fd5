// SPDX-License-Identifier: GPL-3.0-or-later
// What Nova answers, and the way back.
#include "core/assert.hpp"
#include "core/host_machine.hpp"

#include <algorithm>
#include <utility>

namespace knell {

namespace {

/// Nova refuses while evacuations are unfinished; that takes as long as it takes.
constexpr Duration evacuation_rest = 15s;

/// A host that is off must not stay untold because a page of maintenance asks for an hour.
constexpr Duration patience_most = 1min;

} // namespace

void HostMachine::ask_nova(Instant now, Errand errand, Effects& effects)
{
    const auto attempt = commons_->ids.next_attempt();
    asked_ = {attempt, errand, now, now + commons_->nova.reply};
    if (errand == Errand::clear) {
        KNELL_ASSERT(clearance_);
        effects.push_back(ClearForcedDown{*clearance_, attempt, asked_->reply_by, asked_->leave});
    } else {
        effects.push_back(ReadForcedDown{policy_.host, attempt, asked_->reply_by});
    }
}

void HostMachine::on_nova(Instant now, const NovaAnswer& answer, Effects& effects)
{
    if (!asked_ || asked_->attempt != answer.attempt) {
        return; // an answer to a question we no longer ask
    }
    const auto asked = *std::exchange(asked_, std::nullopt);
    if (asked.errand != Errand::read && answer.may_land) {
        drain_.doubt(now + commons_->nova.request_lifetime);
    }
    if (asked.errand != Errand::force_down && answer.forced_down == false) {
        drain_.on_unset(asked.at);
    }
    switch (asked.errand) {
    case Errand::force_down:
        if (answer.forced_down == true) { // read back: however the write itself ended
            return on_forced_down(now, answer.detail, effects);
        }
        break;
    case Errand::clear:
        if (answer.forced_down == false) {
            return on_cleared(now, effects);
        }
        break;
    case Errand::read:
        if (answer.forced_down) {
            if (state_ != HostState::readmitting) { // there it is the clearing that must succeed
                nova_warned_ = false;
                nova_rest_ = commons_->nova.retry;
            }
            return on_flag_read(now, *answer.forced_down, effects);
        }
        break;
    }
    if (answer.refusal == NovaRefusal::not_found && !released_by_.empty()) {
        drain_.on_unset(asked.at);
        if (!drain_.unsure()) {
            notice(Notice::Weight::info, "EPISODE_CLOSED",
                   "Nova has no nova-compute of this host any more: nothing to clear", effects);
            close(now, JournalEntry::What::cancelled, answer.detail, effects);
            return watch_anew(now, "not heard since its service was gone from Nova");
        }
    }
    nova_failed(now, answer, effects);
    if (asked.errand == Errand::clear && state_ == HostState::readmitting) {
        if (!drain_.flows(now)) { // nothing of ours can clear it any more
            clearance_.reset();
        }
        enter(now, after_refusal(), "Nova did not clear the flag yet: " + answer.detail);
    }
}

void HostMachine::nova_failed(Instant now, const NovaAnswer& answer, Effects& effects)
{
    const bool waits = answer.refusal == NovaRefusal::evacuations_unfinished;
    const bool refused = answer.outcome == NovaOutcome::refused;
    if (!nova_warned_) {
        nova_warned_ = true;
        if (waits) {
            notice(Notice::Weight::info, "NOVA_REFUSED",
                   "evacuations from it are unfinished; its nova-compute must be restarted before "
                   "the flag can go. knell waits",
                   effects);
        } else if (refused) {
            const bool busy = answer.refusal == NovaRefusal::too_many;
            notice(busy ? Notice::Weight::warning : Notice::Weight::alarm, "NOVA_REFUSED",
                   answer.detail +
                       (busy ? "; knell waits as it was asked to" : "; knell keeps trying"),
                   effects);
        } else {
            notice(Notice::Weight::warning, "NOVA_UNKNOWN", answer.detail + "; knell keeps trying",
                   effects);
        }
    }
    const auto rest = answer.retry_after.value_or(waits     ? evacuation_rest
                                                  : refused ? commons_->nova.retry_most
                                                            : nova_rest_);
    retry_at_ = now + std::min(rest, patience_most);
    nova_rest_ = std::min(nova_rest_ * 2, commons_->nova.retry_most);
}

/// The flag is read again in a while, and as soon as nothing of ours can touch it any more.
void HostMachine::watch_flag(Instant now, Duration rest)
{
    retry_at_ = now + (drain_.flows(now) ? std::min(rest, drain_.left(now)) : rest);
}

void HostMachine::on_flag_read(Instant now, bool forced_down, Effects& effects)
{
    retry_at_ = now;
    if (recalled_) {
        return take_up(now, forced_down, effects);
    }
    switch (state_) {
    case HostState::fencing:
    case HostState::fenced:
        notice(Notice::Weight::detail, "NOVA_READ",
               forced_down ? "forced_down is set" : "forced_down is not set", effects);
        if (!intent_durable_) {
            // While a request of ours may land it is our own, landed late.
            flag_before_ = FlagBefore{forced_down && !drain_.unsure(), now};
        }
        toward_down(now, effects);
        break;
    case HostState::down:
    case HostState::returning:
    case HostState::parked:
        watch_flag(now, flag_watch);
        if (!forced_down && clearance_) { // our own clearing, whose answer was lost
            return on_cleared(now, effects);
        }
        if (!forced_down && !drain_.unsure()) {
            tell_of_lost_flag("Nova's flag is gone, and it was not knell", effects);
            close(now, JournalEntry::What::readmitted, "the flag was cleared by somebody else",
                  effects);
            watch_anew(now, "not heard since its flag was cleared");
        }
        break;
    case HostState::readmitting:
        if (!forced_down) {
            return on_cleared(now, effects);
        }
        if (!released_by_.empty()) {
            clearance_ = readmission_->by_order();
            return send_clear(now, effects);
        }
        enter(now, HostState::returning, "an earlier request of ours set the flag again");
        break;
    default:
        watch_flag(now, flag_watch);
        if (forced_down && intent_durable_ && !mark_) { // disputed while Nova was being told
            mark_ = ForcedDown{policy_.host, episode_};
            readmission_.emplace(*mark_, policy_.hold_down);
        }
        break;
    }
}

/// Its episode is over, and it may be silent still: no silence counts before it was heard.
void HostMachine::watch_anew(Instant now, std::string why)
{
    suspicion_ = Suspicion{policy_};
    enter(now, HostState::unseen, std::move(why));
}

void HostMachine::recall(Instant now, const Recollection::OpenEpisode& past, Effects& effects)
{
    episode_ = past.episode;
    failed_boot_ = past.boot;
    learned_identity_ = past.identity;
    durable_ = told_failed_ = true;
    since_ = now;
    notice(Notice::Weight::warning, "HOST_RESUMED",
           "an earlier knelld left it at `" + std::string{name_of(past.stage)} +
               "`; nothing is believed of that but what is read anew",
           effects);
    suspicion_.assume_seen(now);
    if (!policy_.devices.empty() &&
        (policy_.identity_check == IdentityCheck::unchecked || identity())) {
        power_.watch.begin(now, policy_, "");
        if (auto command = power_.watch.due(now, policy_, readiness_, identity(), commons_->ids)) {
            effects.push_back(Power{policy_.host, std::move(*command)});
        }
    }
    const bool proving =
        past.stage == JournalEntry::What::fencing || past.stage == JournalEntry::What::fenced;
    if (proving && !past.telling) {
        // Nova was not told. Whether the host still has to die is decided by watching it.
        why_ = "left open by an earlier knelld; watched anew";
        return;
    }
    // Proven anew after a first try to tell Nova: that try may still have reached it.
    recalled_ = proving ? JournalEntry::What::forcing_down : past.stage;
    intent_durable_ = past.telling;
    released_by_ = past.released_by;
    if (past.telling) {
        drain_.doubt(now + commons_->nova.request_lifetime);
    }
    enter(now, past.stage == JournalEntry::What::disputed ? HostState::disputed : HostState::down,
          "left open by an earlier knelld; Nova is being asked");
    ask_nova(now, Errand::read, effects);
}

/// Journal and Nova side by side: is the flag ours?
void HostMachine::take_up(Instant now, bool forced_down, Effects& effects)
{
    const auto stage = *recalled_;
    if (stage == JournalEntry::What::disputed && !(forced_down && intent_durable_)) {
        recalled_.reset(); // whatever Nova says, only an operator ends a dispute
        return watch_flag(now, flag_watch);
    }
    if (forced_down) {
        recalled_.reset();
        proven_off_at_ = proven_off_at_.value_or(now);
        if (stage == JournalEntry::What::forcing_down) {
            return on_forced_down(now, "it was told before", effects);
        }
        mark_ = ForcedDown{policy_.host, episode_};
        readmission_.emplace(*mark_, policy_.hold_down);
        watch_flag(now, flag_watch);
        power_.watch.begin(now, policy_, "");
        if (!released_by_.empty()) {
            clearance_ = readmission_->by_order();
            enter(now, HostState::readmitting, "Nova's flag is being cleared");
            send_clear(now, effects);
        } else if (state_ != HostState::disputed) {
            enter(now, HostState::down, "our flag is set; waiting for a new boot");
        }
        return;
    }
    // A host that is to die does not wait; one that lives must not be left forced down.
    if (drain_.unsure() && (stage != JournalEntry::What::forcing_down || suspicion_.beating())) {
        return watch_flag(now, commons_->nova.retry_most);
    }
    recalled_.reset();
    intent_durable_ = false;
    if (stage == JournalEntry::What::forcing_down) {
        // Never told, or lost on the way: prove it again before telling it again.
        enter(now, HostState::unseen, "left open by an earlier knelld; watched anew");
        return;
    }
    if (stage == JournalEntry::What::clearing) {
        return on_cleared(now, effects);
    }
    tell_of_lost_flag("Nova's flag was cleared while knelld was away", effects);
    close(now, JournalEntry::What::readmitted, "the flag was cleared by somebody else", effects);
    suspicion_ = Suspicion{policy_};
    enter(now, HostState::unseen, "not heard since start");
}

/// By somebody, or by Nova's database. Not set again: two that fight over one flag help nobody.
void HostMachine::tell_of_lost_flag(const std::string& what, Effects& effects)
{
    if (suspicion_.beating()) {
        return notice(Notice::Weight::warning, "FLAG_CLEARED_BY_OTHERS",
                      what + "; knell watches the host anew", effects);
    }
    notice(
        Notice::Weight::alarm, "FLAG_CLEARED_BY_OTHERS",
        what + ": somebody cleared it, or Nova's database lost it. The host is silent" +
            (try_.last_read == PowerState::off ? ", and last read off" : "") +
            ": nobody evacuates it, and Nova may schedule to it. `knellctl host fence` proves it "
            "off and sets the flag again",
        effects);
}

void HostMachine::toward_readmission(Instant now, Effects& effects)
{
    if (suspicion_.dead(now)) {
        enter(now, HostState::down, "silent again; waiting for a new boot");
        notice(Notice::Weight::warning, "RETURN_BROKEN",
               "silent again while it was returning (" + suspicion_.evidence(now) +
                   "); our flag stays, and the next boot is waited for",
               effects);
        return;
    }
    warn_of_userspace(now, effects);
    const bool fresh = reported_ && judge(now, *reported_) == Boot::fresh;
    readmission_->on_look(now, {fresh, suspicion_.well(), reported_ && reported_->nova_compute,
                                reported_ ? reported_->boot : BootId{""}});
    why_ = "a new boot speaks; waiting for " + readmission_->waits_for();
    if (policy_.flap_limit > 0 && readmissions(now) >= policy_.flap_limit) {
        return park(now, effects);
    }
    if (!policy_.auto_readmit) {
        why_ = "a new boot speaks; recovery is by hand: `knellctl host release`";
        return;
    }
    if (!commons_->gate.hold().empty()) {
        why_ = "a new boot speaks; our flag stays while everything is on hold, " +
               commons_->gate.hold();
        return;
    }
    if (asked_ || !waiting_.empty() || now < retry_at_) {
        return;
    }
    if (drain_.flows(now)) { // it would set the flag again behind our back
        why_ = "a new boot speaks; waiting until no earlier request can reach Nova any more";
        return;
    }
    if (auto clearance = readmission_->clearance(now)) {
        start_clearing(now, std::move(*clearance), "knelld", effects);
    }
}

void HostMachine::start_clearing(Instant now, Clearance clearance, const std::string& by,
                                 Effects& effects)
{
    clearance_ = std::move(clearance);
    forget_request(now);
    enter(now, HostState::readmitting, "Nova's flag is being cleared");
    record(JournalEntry::What::clearing, Then::clear, "", effects, by);
}

/// Everything may have been put on hold while the disk was slow.
void HostMachine::send_clear(Instant now, Effects& effects)
{
    if (!commons_->gate.hold().empty()) {
        clearance_.reset();
        return enter(now, after_refusal(), "our flag stays while everything is on hold");
    }
    ask_nova(now, Errand::clear, effects);
}

/// What an operator has ordered is tried again; else the host must be found well once more.
HostState HostMachine::after_refusal() const
{
    return released_by_.empty() ? HostState::returning : HostState::readmitting;
}

/// Nova's answer decides; without one the flag is looked at.
void HostMachine::watch_the_clearing(Instant now, Effects& effects)
{
    if (asked_ || !waiting_.empty() || now < retry_at_) {
        return;
    }
    if (!commons_->gate.hold().empty()) {
        why_ = "our flag stays while everything is on hold, " + commons_->gate.hold();
        return;
    }
    ask_nova(now, Errand::read, effects);
}

unsigned HostMachine::readmissions(Instant now) const
{
    return static_cast<unsigned>(
        std::count_if(readmitted_at_.begin(), readmitted_at_.end(),
                      [&](Instant at) { return now - at < policy_.flap_window; }));
}

void HostMachine::recall_readmissions(Instant now, const std::vector<Duration>& ago)
{
    for (const auto age : ago) {
        readmitted_at_.push_back(now - age);
    }
}

/// It went down and came back too often to be trusted with servers.
void HostMachine::park(Instant now, Effects& effects)
{
    enter(now, HostState::parked,
          "readmitted " + std::to_string(readmissions(now)) +
              " times lately; our flag stays until `knellctl host release`");
    retry_at_ = now + flag_watch;
    notice(Notice::Weight::alarm, "HOST_PARKED", why_ + ". Find out why it keeps failing", effects);
}

void HostMachine::on_cleared(Instant now, Effects& effects)
{
    if (drain_.unsure()) { // what is under way may touch the flag once more
        why_ = "Nova's flag is gone; waiting until no earlier request can reach Nova any more";
        return watch_flag(now, commons_->nova.retry_most);
    }
    std::erase_if(readmitted_at_, [&](Instant at) { return now - at >= policy_.flap_window; });
    readmitted_at_.push_back(now);
    notice(Notice::Weight::info, "HOST_READMITTED",
           "our flag is cleared; the host is in service again", effects);
    close(now, JournalEntry::What::readmitted, "our flag was read back as cleared", effects);
}

} // namespace knell
