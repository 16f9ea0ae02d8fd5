// SPDX-License-Identifier: GPL-3.0-or-later
// From verdict to Down.
#include "core/assert.hpp"
#include "core/host_machine.hpp"
#include "core/overloaded.hpp"

#include <algorithm>

namespace knell {

namespace {

/// A BMC that refuses our password, or is another host's, will do so again, and may lock the
/// account: rest longer than BMCs count refusals. An operator can order a try at once.
constexpr Duration refused_rest = 15min;

} // namespace

void HostMachine::hold(Instant now, std::string why, Effects& effects)
{
    if (state_ != HostState::held || why != why_) {
        notice(Notice::Weight::alarm, "HOST_HELD", "has failed and is not fenced: " + why, effects);
    }
    enter(now, HostState::held, std::move(why));
}

void HostMachine::try_to_fence(Instant now, Effects& effects)
{
    const auto sight = commons_->vantage.sight(policy_.host, suspicion_.silences());
    if (!sight) {
        why_ = "silent, but nobody else answers on its networks either: our own view is in doubt";
        return;
    }
    auto verdict = suspicion_.conclude(now, *sight);
    if (episode_ == EpisodeId{0}) {
        episode_ = commons_->ids.next_episode();
    }
    if (!told_failed_) {
        told_failed_ = true;
        notice(Notice::Weight::warning, "HOST_FAILED", verdict.evidence(), effects);
    }
    if (policy_.devices.empty()) {
        return hold(now, "it has no fence device; after seeing it off: `knellctl host confirm-off`",
                    effects);
    }
    if (policy_.identity_check == IdentityCheck::required && !identity()) {
        return hold(now, "its BMC cannot be told from another: set `guid` or run knell-agent",
                    effects);
    }
    auto admitted = commons_->gate.admit(now, std::move(verdict), episode_);
    if (auto* refusal = std::get_if<FenceGate::Refusal>(&admitted)) {
        return hold(now, refusal->why, effects);
    }
    take_permit(now, std::get<FencePermit>(std::move(admitted)), effects);
}

void HostMachine::take_permit(Instant now, FencePermit permit, Effects& effects)
{
    const auto evidence = permit.verdict().evidence();
    procedure_.emplace(std::move(permit), policy_.devices, policy_.fence, identity(),
                       commons_->ids);
    begun_ = spoke_ = false;
    certificate_.reset();
    confirmed_ = false;
    if (!intent_durable_) {
        flag_before_.reset(); // read before an earlier try: somebody may have set it since
    }
    enter(now, HostState::fencing, "the intent is being written to the journal");
    record(JournalEntry::What::fencing, Then::begin_fencing, evidence, effects);
}

/// The last moment before power off leaves: is it still true?
void HostMachine::begin_fencing(Instant now, Effects& effects)
{
    if (state_ != HostState::fencing || !procedure_ || begun_) {
        return;
    }
    const bool ordered =
        procedure_->permit().verdict().source() == FailureVerdict::Source::operator_order;
    const bool stands = ordered ? insisted_ || !spoke_ : !spoke_ && suspicion_.dead(now);
    if (!stands) {
        notice(Notice::Weight::warning, "FENCE_CANCELLED",
               "the verdict no longer holds, power off was not sent: " + suspicion_.evidence(now),
               effects);
        if (suspicion_.beating()) {
            return call_off(now, "the verdict no longer held", effects);
        }
        procedure_.reset(); // it was we who were blind or stopped: look again
        enter(now, HostState::suspected, "the verdict no longer holds; watched anew");
        return;
    }
    begun_ = true;
    enter(now, HostState::fencing, "power off was commanded; waiting for proof");
    notice(Notice::Weight::warning, "HOST_FENCING",
           "commanding power off through " + procedure_->device().get() + " (" +
               procedure_->permit().verdict().evidence() + ")",
           effects);
    follow(now, procedure_->begin(now), effects);
    ask_nova(now, Errand::read, effects);
}

void HostMachine::follow(Instant now, FenceProcedure::Next next, Effects& effects)
{
    std::visit(Overloaded{
                   [](FenceProcedure::Nothing&) {},
                   [&](PowerCommand& command) {
                       effects.push_back(Power{policy_.host, std::move(command)});
                   },
                   [&](FenceCertificate& certificate) {
                       on_certificate(now, std::move(certificate), effects);
                   },
                   [&](FenceFailure& failure) { fail_to_fence(now, failure, effects); },
               },
               next);
}

void HostMachine::on_power(Instant now, const PowerReply& reply, Effects& effects)
{
    if (watching_ && watching_->attempt == reply.attempt) {
        watching_.reset();
        if (reply.fault == PowerFault::none && reply.state == PowerState::on && mark_ &&
            !power_came_back_) {
            power_came_back_ = true;
            notice(Notice::Weight::warning, "POWER_CAME_BACK",
                   "somebody switched it on; our flag stays until a new boot is well", effects);
        } else if (reply.fault == PowerFault::none && reply.state == PowerState::off) {
            power_came_back_ = false;
        }
        return;
    }
    if (!procedure_) {
        return; // the answer to `prepare`, or to a question of an episode that is over
    }
    if (reply.fault != PowerFault::none && reply.detail != last_fault_) {
        last_fault_ = reply.detail;
        notice(Notice::Weight::warning, "FENCE_DEVICE_FAULT",
               procedure_->device().get() + ": " + reply.detail, effects);
    }
    if (!begun_) {
        return;
    }
    follow(now, procedure_->on_reply(now, reply), effects);
    keep_proof(now);
}

/// Read again before telling Nova: was it not clearly off, it must be proven anew.
void HostMachine::keep_proof(Instant now)
{
    if (state_ == HostState::fenced && begun_ && !procedure_->settled()) {
        certificate_.reset();
        enter(now, HostState::fencing, "it did not read off again; proving it anew");
    }
}

void HostMachine::on_certificate(Instant now, FenceCertificate certificate, Effects& effects)
{
    certificate_ = std::move(certificate);
    proven_off_at_ = certificate_->verified_at();
    if (state_ == HostState::fenced) {
        confirmed_ = true;
        toward_down(now, effects);
        return;
    }
    confirmed_ = certificate_->grounds() == FenceCertificate::Grounds::operator_word;
    retry_at_ = now; // the rest after a failed fence is over, however the proof came
    enter(now, HostState::fenced, "proven off; Nova is being told");
    notice(Notice::Weight::warning, "HOST_FENCED",
           confirmed_ ? "off, on the word of " + certificate_->witness()
                      : "proven off by " + certificate_->witness(),
           effects);
    record(JournalEntry::What::fenced, Then::confirm, certificate_->witness(), effects);
}

void HostMachine::fail_to_fence(Instant now, const FenceFailure& failure, Effects& effects)
{
    procedure_.reset();
    certificate_.reset();
    begun_ = false;
    waiting_.clear();
    forget_request(now); // its answer would move retry_at_
    retry_at_ =
        now + (failure.refused ? std::max(policy_.fence.retry, refused_rest) : policy_.fence.retry);
    effects.push_back(StandDown{policy_.host});
    enter(now, HostState::fence_failed, failure.why);
    notice(Notice::Weight::alarm, "HOST_FENCE_FAILED",
           "could not be proven off (" + failure.why +
               "); Nova is not told. knell tries again; if you have seen it off: "
               "`knellctl host confirm-off`",
           effects);
}

/// Life and a device that says OFF: life is believed.
void HostMachine::contradict(Instant now, Effects& effects)
{
    if (state_ == HostState::fenced) {
        notice(Notice::Weight::alarm, "FENCE_CONTRADICTED",
               "it was proven off and yet it answers; Nova is not told, proving it anew", effects);
        waiting_.clear();
        certificate_.reset();
        confirmed_ = false;
        forget_request(now);
        if (!begun_) { // on an operator's word alone
            return call_off(now, "answers although it was said to be off", effects);
        }
        enter(now, HostState::fencing, "answers although its device said off");
        follow(now, procedure_->begin(now), effects);
        return;
    }
    procedure_->contradict();
}

/// Level-triggered: looks at what is still missing before Nova may be told, and asks for it.
void HostMachine::toward_down(Instant now, Effects& effects)
{
    if (state_ != HostState::fenced || !waiting_.empty() || asked_ || now < retry_at_) {
        return;
    }
    if (!flag_before_) {
        return ask_nova(now, Errand::read, effects);
    }
    if (*flag_before_) {
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
    asked_ = {attempt, Errand::force_down, now + commons_->nova.reply};
    // Whatever comes of it, the next try reads the power again first.
    confirmed_ = certificate_->grounds() == FenceCertificate::Grounds::operator_word;
    effects.push_back(ForceDown{*certificate_, attempt, asked_->reply_by});
}

void HostMachine::on_forced_down(Instant now, Effects& effects)
{
    mark_ = ForcedDown{policy_.host, episode_};
    readmission_.emplace(*mark_, policy_.hold_down);
    nova_warned_ = false;
    nova_rest_ = commons_->nova.retry;
    enter(now, HostState::down, "off, and Nova knows; waiting for a new boot");
    notice(Notice::Weight::warning, "HOST_FORCED_DOWN",
           "Nova holds forced_down=true; its servers can be evacuated", effects);
    record(JournalEntry::What::forced_down, Then::nothing, "read back", effects);
    sampling_ = commons_->ids.next_attempt();
    effects.push_back(SampleServers{policy_.host, *sampling_, now + commons_->nova.reply});
    watch_at_ = now + policy_.fence.watch;
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
    watch_at_ = now + policy_.fence.watch;
    retry_at_ = now + flag_watch;
}

void HostMachine::dispute(Instant now, Effects& effects)
{
    procedure_.reset();
    begun_ = false;
    certificate_.reset();
    waiting_.clear();
    forget_request(now);
    enter(now, HostState::disputed, "the boot that was proven off speaks; release it by hand");
    notice(Notice::Weight::alarm, "HOST_DISPUTED",
           "the old boot speaks after it was proven off: the wrong machine was powered off, or its "
           "device lies. knell touches nothing more of it. Do not evacuate; look at both machines, "
           "then `knellctl host release`",
           effects);
    record(JournalEntry::What::disputed, Then::nothing, "the old boot speaks", effects);
}

/// A new boot, before Nova was seen to hold the flag.
void HostMachine::come_back_early(Instant now, Effects& effects)
{
    forget_request(now);
    if (now >= lands_until_) {
        notice(Notice::Weight::info, "EPISODE_CLOSED",
               "a new boot speaks before Nova was told; nothing to clear", effects);
    }
    call_off(now, "a new boot speaks before Nova was told", effects);
}

/// We await no answer any more, but a PUT that left cannot be called back.
void HostMachine::forget_request(Instant now)
{
    if (asked_ && asked_->errand == Errand::force_down) {
        lands_until_ = now + commons_->nova.request_lifetime;
    }
    asked_.reset();
}

/// The host lives and the episode is over, unless Nova may still take it for down by our hand.
void HostMachine::call_off(Instant now, const std::string& why, Effects& effects)
{
    forget_request(now);
    if (now < lands_until_) {
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
    if (!watching_ && now >= watch_at_ && !policy_.devices.empty() && state_ == HostState::down &&
        (procedure_ || recalled_ || mark_)) {
        watching_ =
            PowerCommand{policy_.devices.front(), PowerAction::read, commons_->ids.next_attempt(),
                         now + policy_.fence.reply, identity()};
        watch_at_ = now + policy_.fence.watch;
        effects.push_back(Power{policy_.host, *watching_});
    } else if (watching_ && now > watching_->reply_by + 1s) {
        watching_.reset();
    }
    if (!asked_ && now >= retry_at_) {
        ask_nova(now, Errand::read, effects);
    }
}

} // namespace knell
