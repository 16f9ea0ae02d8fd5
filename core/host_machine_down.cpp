// SPDX-License-Identifier: GPL-3.0-or-later
// From Fenced to Down, and watching the dead.
#include "core/host_machine.hpp"

#include <algorithm>

namespace knell {

namespace {

/// A hold or a full disk may come between: somebody may have set the flag since we looked.
constexpr Duration flag_look_lasts = 30s;

} // namespace

/// Level-triggered: looks at what is still missing before Nova may be told, and asks for it.
void HostMachine::toward_down(Instant now, Effects& effects)
{
    if (state_ != HostState::fenced || !waiting_.empty() || asked_ || now < retry_at_) {
        return;
    }
    if (!commons_->gate.hold().empty()) {
        why_ = "proven off; Nova is not told while everything is on hold, " + commons_->gate.hold();
        return;
    }
    const bool old = flag_before_ && now - flag_before_->seen_at > flag_look_lasts;
    if (!flag_before_ || (old && !intent_durable_)) {
        return ask_nova(now, Errand::read, effects);
    }
    if (flag_before_->set) {
        return on_foreign_flag(now, effects);
    }
    if (confirmed_ && !certificate_->fresh(now, policy_.fence.fresh)) {
        confirmed_ = false;
    }
    if (!confirmed_) {
        if (!procedure_->awaits()) {
            follow(now, procedure_->confirm(now), effects);
        }
        return;
    }
    if (!intent_durable_) {
        return record(JournalEntry::What::forcing_down, Then::force_down, certificate_->witness(),
                      effects);
    }
    send_force_down(now, effects);
}

void HostMachine::send_force_down(Instant now, Effects& effects)
{
    const auto attempt = commons_->ids.next_attempt();
    const bool word = certificate_->grounds() == FenceCertificate::Grounds::operator_word;
    asked_ = {attempt, Errand::force_down, now, now + commons_->nova.reply,
              word ? Leave{} : Leave{certificate_->verified_at() + policy_.fence.fresh}};
    confirmed_ = word; // whatever comes of it, the next try reads the power again first
    drain_.doubt(now);
    notice(Notice::Weight::detail, "NOVA_ASKED", "forced_down=true is being set", effects);
    effects.push_back(ForceDown{*certificate_, attempt, asked_->reply_by, asked_->leave});
}

void HostMachine::on_forced_down(Instant now, const std::string& detail, Effects& effects)
{
    // After a restart nobody in this process has seen it off.
    power_.switch_on = policy_.power_on && procedure_ ? PowerOfTheDead::SwitchOn::wanted
                                                      : PowerOfTheDead::SwitchOn::unwanted;
    power_.switch_on_at = now;
    mark_ = ForcedDown{policy_.host, episode_};
    readmission_.emplace(*mark_, policy_.hold_down);
    nova_warned_ = false;
    nova_rest_ = commons_->nova.retry;
    enter(now, HostState::down, "off, and Nova knows; waiting for a new boot");
    notice(Notice::Weight::warning, "HOST_FORCED_DOWN",
           "Nova holds forced_down=true; its servers can be evacuated" +
               (detail.empty() ? "" : " (" + detail + ")"),
           effects);
    record(JournalEntry::What::forced_down, Then::nothing, detail.empty() ? "read back" : detail,
           effects);
    effects.push_back(Watch{policy_.host, false});
    sampling_ = commons_->ids.next_attempt();
    effects.push_back(SampleServers{policy_.host, *sampling_, now + commons_->nova.reply});
    power_.watch.begin(now + policy_.fence.watch, policy_,
                       certificate_ ? certificate_->witness() : "");
    retry_at_ = now + flag_watch;
}

void HostMachine::on_servers(const ServersSeen& seen, Effects& effects)
{
    if (sampling_ != seen.attempt) {
        return;
    }
    sampling_.reset();
    const auto count = std::to_string(seen.down) + " of " + std::to_string(seen.sampled) +
                       " servers looked at have host_status DOWN";
    if (!seen.known) {
        notice(Notice::Weight::warning, "SERVERS_NOT_DOWN",
               "could not look at its servers: " + seen.detail, effects);
    } else if (seen.down == seen.sampled) {
        notice(Notice::Weight::info, "SERVERS_DOWN", count, effects);
    } else {
        notice(Notice::Weight::warning, "SERVERS_NOT_DOWN", count, effects);
    }
}

void HostMachine::on_foreign_flag(Instant now, Effects& effects)
{
    enter(now, HostState::down, "off; somebody else had told Nova before, and will untell it");
    notice(Notice::Weight::warning, "FORCED_DOWN_FOREIGN",
           "Nova's flag was set before us; it is not ours and knell will never clear it", effects);
    power_.watch.begin(now + policy_.fence.watch, policy_,
                       certificate_ ? certificate_->witness() : "");
    retry_at_ = now + flag_watch;
}

void HostMachine::dispute(Instant now, Effects& effects)
{
    const bool word =
        certificate_ && certificate_->grounds() == FenceCertificate::Grounds::operator_word;
    effects.push_back(StandDown{policy_.host});
    procedure_.reset();
    begun_ = false;
    certificate_.reset();
    waiting_.clear();
    forget_request(now);
    enter(now, HostState::disputed, "the boot that was proven off speaks; release it by hand");
    notice(Notice::Weight::alarm, "HOST_DISPUTED",
           std::string{word ? "the old boot speaks, which an operator had said to be off"
                            : "the old boot speaks after it was proven off: the wrong machine was "
                              "powered off, or its device lies"} +
               ". knell touches nothing more of it. Do not evacuate; look at both machines, then "
               "`knellctl host release`",
           effects);
    record(JournalEntry::What::disputed, Then::nothing, "the old boot speaks", effects);
}

/// A new boot, before Nova was seen to hold the flag.
void HostMachine::come_back_early(Instant now, Effects& effects)
{
    forget_request(now);
    if (!drain_.unsure()) {
        notice(Notice::Weight::info, "EPISODE_CLOSED",
               "a new boot speaks before Nova was told; nothing to clear", effects);
    }
    call_off(now, "a new boot speaks before Nova was told", effects);
}

/// We await no answer any more, but a PUT that has left cannot be called back.
void HostMachine::forget_request(Instant now)
{
    if (asked_ && asked_->errand != Errand::read) {
        asked_->leave.revoke();
        drain_.doubt(now + commons_->nova.request_lifetime);
    }
    asked_.reset();
}

/// The host lives and the episode is over, unless Nova may still take it for down by our hand.
void HostMachine::call_off(Instant now, const std::string& why, Effects& effects)
{
    forget_request(now);
    if (drain_.unsure()) {
        effects.push_back(StandDown{policy_.host});
        return ask_what_became_of_it(now, why);
    }
    close(now, JournalEntry::What::cancelled, why, effects);
}

/// A request may still be on its way: read the flag until it has either arrived or run out of
/// time, and take it from there as after a restart.
void HostMachine::ask_what_became_of_it(Instant now, const std::string& why)
{
    retry_at_ = now;
    waiting_.clear();
    procedure_.reset();
    certificate_.reset();
    begun_ = false;
    recalled_ = JournalEntry::What::forcing_down;
    enter(now, HostState::down, why + "; Nova is being asked whether it was told");
}

/// While the flag is set: does the power stay off, and does the flag stay?
void HostMachine::watch_the_dead(Instant now, Effects& effects)
{
    if (state_ == HostState::down && suspicion_.seen() && !mark_ && !recalled_ &&
        suspicion_.calm() && suspicion_.beating() && reported_) {
        notice(Notice::Weight::info, "HOST_RECOVERED",
               "it is back; the flag in Nova is not ours to clear", effects);
        close(now, JournalEntry::What::cancelled, "back; the flag was not ours", effects);
        return;
    }
    watch_power(now, effects);
    switch_on(now, effects);
    if (!asked_ && now >= retry_at_) {
        ask_nova(now, Errand::read, effects);
    }
}

} // namespace knell
