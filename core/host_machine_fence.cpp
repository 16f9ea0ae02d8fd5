// SPDX-License-Identifier: GPL-3.0-or-later
// From verdict to Fenced.
#include "core/assert.hpp"
#include "core/host_machine.hpp"
#include "core/overloaded.hpp"

#include <algorithm>
#include <utility>

namespace knell {

namespace {

/// A BMC that refuses our password, or is another host's, will do so again, and may lock the
/// account: rest longer than BMCs count refusals. An operator can order a try at once.
constexpr Duration refused_rest = 15min;

/// A held host waits for others, and asking costs a look at all of them.
constexpr Duration held_rest = 250ms;

} // namespace

void HostMachine::hold(Instant now, std::string why, bool approvable, Effects& effects)
{
    in_plan_ = approvable;
    retry_at_ = now + held_rest;
    if (state_ != HostState::held || why != why_) {
        notice(Notice::Weight::alarm, "HOST_HELD", "has failed and is not fenced: " + why, effects);
    }
    enter(now, HostState::held, std::move(why));
}

void HostMachine::try_to_fence(Instant now, Effects& effects)
{
    const auto silences = suspicion_.silences(now);
    const auto sight = commons_->vantage.sight(policy_.host, silences);
    if (!sight) {
        commons_->vantage.on_blindness(now, silences, effects);
        if (state_ == HostState::held) {
            return; // what holds it still does
        }
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
                    false, effects);
    }
    if (policy_.identity_check == IdentityCheck::required && !identity()) {
        return hold(now, "its BMC cannot be told from another: set `guid` or run knell-agent",
                    false, effects);
    }
    commons_->take_census(effects);
    auto admitted =
        commons_->gate.admit(now, std::move(verdict), {policy_, episode_, left_alone()});
    if (auto* refusal = std::get_if<FenceGate::Refusal>(&admitted)) {
        return hold(now, refusal->why, refusal->approvable, effects);
    }
    take_permit(now, std::get<FencePermit>(std::move(admitted)), "knelld", effects);
}

void HostMachine::take_permit(Instant now, FencePermit permit, const std::string& by,
                              Effects& effects)
{
    const auto evidence = permit.verdict().evidence();
    std::string gates;
    for (const auto& finding : commons_->gate.findings(now, permit.verdict().source(),
                                                       {policy_, episode_, left_alone()})) {
        gates += (gates.empty() ? "" : ", ") + std::string{finding.gate};
    }
    notice(Notice::Weight::detail, "FENCE_PERMITTED",
           "our own eyes see its networks; open gates: " + gates, effects);
    in_plan_ = false;
    if (reported_) {
        failed_boot_ = reported_->boot; // whichever spoke last is fenced
    }
    procedure_.emplace(std::move(permit), policy_.devices, policy_.fence, identity(),
                       commons_->ids);
    begun_ = false;
    try_ = {};
    try_.dead_at = now;
    certificate_.reset();
    confirmed_ = false;
    if (!intent_durable_) {
        flag_before_.reset(); // read before an earlier try: somebody may have set it since
    }
    enter(now, HostState::fencing, "the intent is being written to the journal");
    record(JournalEntry::What::fencing, Then::begin_fencing, evidence, effects, by);
}

bool HostMachine::ordered() const
{
    return procedure_ &&
           procedure_->permit().verdict().source() == FailureVerdict::Source::operator_order;
}

/// Heard since the permit, so that it may not be powered off on it, again or at all.
bool HostMachine::lives() const
{
    return ordered() ? try_.spoke && !insisted_ : try_.recanted;
}

/// The verdict of our monitors stands, and our eyes see: nothing that could be heard is missed.
bool HostMachine::seen_dead(Instant now) const
{
    const auto row = suspicion_.longest_row();
    return ordered() ? insisted_ || now - commons_->vantage.looking_since() >= row
                     : now - try_.dead_at <= row / 2;
}

/// What has changed since the permit that forbids to power off now; empty: nothing.
std::string HostMachine::objection(Instant now) const
{
    if (commons_->gate.stopped()) {
        return "an operator stopped it";
    }
    if (lives() || (!ordered() && !suspicion_.dead(now))) {
        return "the verdict no longer holds: " + suspicion_.evidence(now);
    }
    return ordered() || seen_dead(now) ? "" : "our own view is in doubt since";
}

/// The last moment before power off leaves: is it still true?
void HostMachine::begin_fencing(Instant now, Effects& effects)
{
    if (state_ != HostState::fencing || !procedure_ || begun_) {
        return;
    }
    if (const auto why = objection(now); !why.empty()) {
        notice(Notice::Weight::warning, "FENCE_CANCELLED", "power off was not sent: " + why,
               effects);
        if (suspicion_.beating()) {
            return call_off(now, "the verdict no longer held", effects);
        }
        return look_again(now); // it was we who were blind or stopped
    }
    if (ordered() && !seen_dead(now)) {
        why_ = "listened for first: knelld has only just begun to, or was stopped";
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

void HostMachine::look_again(Instant now)
{
    procedure_.reset();
    begun_ = false;
    suspicion_.expect(now);
    enter(now, HostState::suspected, "the verdict no longer holds; watched anew");
}

/// It was heard after power off had left, and is not proven off: nothing of this procedure may
/// hurt it any more. What was sent may still be carried out: a new failure then, and its own proof.
void HostMachine::let_go(Instant now, Effects& effects)
{
    const bool beats = suspicion_.beating();
    notice(beats ? Notice::Weight::alarm : Notice::Weight::warning, "FENCE_CANCELLED",
           std::string{"power off is not commanded again: it was heard since, and "} +
               (try_.proven ? "its proof did not hold: it was switched on since, or its device lies"
                : try_.last_read == PowerState::off
                    ? "its device reads off all the same: it lies, or is another machine's"
                    : "was not proven off") +
               ". What was sent may still be carried out while a session at the device lives, "
               "about a minute; that would be a new failure",
           effects);
    if (beats) {
        return call_off(now, "lives; Nova was not told", effects);
    }
    effects.push_back(StandDown{policy_.host});
    certificate_.reset();
    waiting_.clear();
    forget_request(now);
    look_again(now);
}

void HostMachine::follow(Instant now, FenceProcedure::Next next, Effects& effects)
{
    std::visit(Overloaded{
                   [](FenceProcedure::Nothing&) {},
                   [&](PowerCommand& command) {
                       if (command.action == PowerAction::off) {
                           const bool again = std::exchange(try_.commanded, true);
                           if (again && lives()) {
                               return let_go(now, effects);
                           }
                           if (again && commons_->gate.stopped()) {
                               return procedure_->postpone(now, PowerAction::read);
                           }
                           if (again && !seen_dead(now)) {
                               return procedure_->postpone(now, PowerAction::off);
                           }
                           if (std::exchange(try_.proven, false)) {
                               notice(Notice::Weight::warning, "HOST_FENCING",
                                      "commanding power off again through " + command.device.get() +
                                          ": it was proven off, and does not read off any more",
                                      effects);
                           }
                       }
                       notice(Notice::Weight::detail, "POWER_ASKED",
                              command.device.get() +
                                  (command.action == PowerAction::off ? ": power off" : ": power?"),
                              effects);
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
    if (readiness_.on_reply(now, reply, effects)) {
        if (state_ == HostState::fence_failed && readiness_.found_ready(reply.attempt)) {
            retry_at_ = now; // mended
        }
        return;
    }
    if (const auto device = word_ ? word_->on_reply(reply) : std::nullopt) {
        readiness_.learn(now, *device, reply.fault, reply.detail, effects);
        return weigh_word(now, effects);
    }
    if (on_power_outside_of_a_fence(now, reply, effects) || !procedure_) {
        return;
    }
    if (procedure_->awaits(reply.attempt)) {
        readiness_.learn(now, procedure_->device(), reply.fault, reply.detail, effects);
    }
    if (reply.fault != PowerFault::none && reply.fault != PowerFault::displaced &&
        reply.detail != last_fault_) {
        last_fault_ = reply.detail;
        notice(reply.fault == PowerFault::refused ? Notice::Weight::detail // off already
                                                  : Notice::Weight::warning,
               "FENCE_DEVICE_FAULT", procedure_->device().get() + ": " + reply.detail, effects);
    }
    if (!begun_) {
        return;
    }
    if (reply.state != PowerState::unknown) {
        try_.last_read = reply.state;
        notice(Notice::Weight::detail, "POWER_READ",
               procedure_->device().get() +
                   (reply.state == PowerState::off ? " reads off" : " reads ON"),
               effects);
    }
    follow(now, procedure_->on_reply(now, reply), effects);
    keep_proof(now);
}

void HostMachine::withdraw(Effects& effects) const
{
    if (asked_ && !commons_->gate.hold().empty()) {
        asked_->leave.revoke();
    }
    if ((procedure_ && procedure_->awaits(PowerAction::off)) || power_.switching_on) {
        effects.push_back(StandDown{policy_.host}); // it may wait for its turn at the device
    }
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
    try_.proven = true;
    try_.speak_by.reset();
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
    const auto rest =
        failure.refused ? std::max(policy_.fence.retry, refused_rest) : policy_.fence.retry;
    retry_at_ = now + rest;
    effects.push_back(StandDown{policy_.host});
    suspicion_.expect(now);
    const auto why = try_.denied ? "it reads off, and yet the host answers" : failure.why;
    enter(now, HostState::fence_failed, why);
    notice(Notice::Weight::alarm, "HOST_FENCE_FAILED",
           "could not be proven off (" + why + "); Nova is not told. knell tries again in " +
               std::to_string(rest / 1s) + " s" +
               (failure.refused ? ", or as soon as `knellctl host inspect` finds it mended" : "") +
               ", if it is still silent; if you have seen it off: `knellctl host confirm-off`",
           effects);
}

/// A restart is no reason to try a password again that was refused a moment ago.
bool HostMachine::rests_after_refusal(Instant now, Effects& effects)
{
    const auto refused = readiness_.refused_at();
    const auto rest = std::max(policy_.fence.retry, refused_rest);
    if (!refused || now >= *refused + rest) {
        return false;
    }
    retry_at_ = *refused + rest;
    enter(now, HostState::fence_failed, readiness_.complaint(identity()));
    notice(Notice::Weight::alarm, "HOST_FENCE_FAILED",
           "has failed and is not powered off (" + why_ +
               "); Nova is not told. knell tries again in " +
               std::to_string((retry_at_ - now) / 1s) +
               " s, or as soon as `knellctl host inspect` finds it mended, if it is still silent; "
               "if you have seen it off: `knellctl host confirm-off`",
           effects);
    return true;
}

/// Life and a device that says OFF: life is believed.
void HostMachine::contradict(Instant now, Effects& effects)
{
    if (state_ != HostState::fenced) {
        if (try_.last_read == PowerState::off && !std::exchange(try_.denied, true)) {
            notice(Notice::Weight::warning, "FENCE_DEVICE_FAULT",
                   procedure_->device().get() + ": it reads off, and yet the host answers",
                   effects);
        }
        return procedure_->contradict();
    }
    waiting_.clear();
    certificate_.reset();
    confirmed_ = false;
    forget_request(now);
    if (!begun_) { // on an operator's word alone
        notice(Notice::Weight::alarm, "FENCE_CONTRADICTED",
               "it was said to be off and yet it answers; Nova is not told", effects);
        return call_off(now, "answers although it was said to be off", effects);
    }
    notice(Notice::Weight::warning, "FENCE_CONTRADICTED",
           "it was proven off and yet it answers: the proof is void, and Nova is not told. Its "
           "agent has " +
               std::to_string(introduction / 1s) + " s to say whether this is a new boot",
           effects);
    try_.denied = true;
    procedure_->pause();
    try_.speak_by = now + introduction;
    enter(now, HostState::fencing, "answers although it was proven off; which boot is it?");
}

/// Between power off and its proof.
void HostMachine::watch_the_fence(Instant now, Effects& effects)
{
    try_.calmed = suspicion_.calm() || (try_.calmed && !suspicion_.dead(now));
    if (begun_ && lives()) {
        if (try_.speak_by ? try_.calmed && now >= *try_.speak_by : suspicion_.calm()) {
            return let_go(now, effects);
        }
        if (!std::exchange(try_.withdrawn, true)) {
            withdraw(effects); // perhaps its device had no time for it yet
        }
    }
    if (!begun_ && waiting_.empty()) {
        return begin_fencing(now, effects);
    }
    if (suspicion_.dead(now) &&
        commons_->vantage.sight(policy_.host, suspicion_.silences(now)).has_value()) {
        try_.dead_at = now;
    }
    if (!try_.speak_by || now < *try_.speak_by || commons_->gate.stopped()) {
        return;
    }
    notice(Notice::Weight::alarm, "HOST_FENCING",
           "commanding power off again through " + procedure_->device().get() +
               ": it was proven off and yet it answers, and its agent does not say that this is a "
               "new boot",
           effects);
    try_ = {};
    enter(now, HostState::fencing, "answers although its device said off; proving it anew");
    follow(now, procedure_->begin(now), effects);
}

} // namespace knell
