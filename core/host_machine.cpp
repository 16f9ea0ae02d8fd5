// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/host_machine.hpp"

#include "core/assert.hpp"

#include <algorithm>

namespace knell {

namespace {

/// A power off waits for the session opened for it; what takes longer than on slow boards is lost.
constexpr Duration prepare_most = 6s;

} // namespace

HostMachine::HostMachine(HostPolicy policy, Commons& commons)
    : policy_{std::move(policy)}, commons_{&commons}, suspicion_{policy_},
      readiness_{policy_, commons.ids, commons.looks}, nova_rest_{commons.nova.retry}
{
}

void HostMachine::begin(Instant now, Duration after)
{
    begun_at_ = since_ = now;
    readiness_.begin(now, after);
}

std::string HostMachine::engaged() const
{
    if (episode_ == EpisodeId{0}) {
        return word_ ? "being looked at, because an operator says that it is off" : "";
    }
    return std::string{name_of(state_)} + " (episode " + std::to_string(episode_.get()) + ")";
}

void HostMachine::adopt(Instant now, HostPolicy policy, const std::set<MonitorId>& moved)
{
    KNELL_ASSERT(policy.host == policy_.host && engaged().empty());
    policy_ = std::move(policy);
    preparing_.reset(); // its device may be gone
    suspicion_.adopt(policy_);
    suspicion_.begin_anew(now, moved);
    readiness_.adopt(policy_);
    if (state_ == HostState::healthy && !suspicion_.seen()) {
        enter(now, HostState::unseen, "not heard since it is watched anew");
    }
}

void HostMachine::enter(Instant now, HostState state, std::string why)
{
    if (state != state_) {
        since_ = now;
        unseen_told_ = false;
    }
    state_ = state;
    why_ = std::move(why);
}

void HostMachine::notice(Notice::Weight weight, std::string_view id, std::string text,
                         Effects& effects) const
{
    effects.push_back(Notice{weight, id, policy_.host, episode_, std::move(text)});
}

void HostMachine::record(JournalEntry::What what, Then then, std::string detail, Effects& effects,
                         const std::string& by)
{
    const auto attempt = commons_->ids.next_attempt();
    effects.push_back(Record{
        {what, policy_.host, episode_, failed_boot_, learned_identity_, by, std::move(detail)},
        attempt});
    durable_ = true;
    if (then != Then::nothing) {
        waiting_.push_back({attempt, then});
    }
}

void HostMachine::on_recorded(Instant now, AttemptId attempt, Effects& effects)
{
    const auto answer = std::find_if(answers_.begin(), answers_.end(),
                                     [&](const auto& entry) { return entry.first == attempt; });
    if (answer != answers_.end()) {
        effects.push_back(answer->second);
        answers_.erase(answer);
    }
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& waiting) {
        return waiting.attempt == attempt;
    });
    if (found == waiting_.end()) {
        return; // of an episode that is over, or nothing hangs on it
    }
    const auto then = found->then;
    waiting_.erase(found);
    switch (then) {
    case Then::begin_fencing:
        begin_fencing(now, effects);
        break;
    case Then::confirm:
        toward_down(now, effects);
        break;
    case Then::force_down:
        intent_durable_ = true;
        toward_down(now, effects);
        break;
    case Then::clear:
        send_clear(now, effects);
        break;
    case Then::nothing:
        break;
    }
}

/// Ends the episode: nothing of it may act any more.
void HostMachine::close(Instant now, JournalEntry::What how, const std::string& why,
                        Effects& effects)
{
    KNELL_ASSERT(!drain_.unsure());
    if (durable_) {
        record(how, Then::nothing, why, effects);
    }
    effects.push_back(StandDown{policy_.host});
    effects.push_back(Watch{policy_.host, false});
    episode_ = EpisodeId{0};
    failed_boot_.reset();
    durable_ = told_failed_ = begun_ = confirmed_ = intent_durable_ = in_plan_ = false;
    nova_warned_ = false;
    overdue_.clear();
    if (service_) {
        service_->forced_down = false; // as far as our own doing goes
    }
    quiet_since_ = now;
    procedure_.reset();
    try_ = {};
    last_fault_.clear();
    certificate_.reset();
    flag_before_.reset();
    mark_.reset();
    proven_off_at_.reset();
    readmission_.reset();
    clearance_.reset();
    released_by_.clear();
    recalled_.reset();
    waiting_.clear();
    asked_.reset();
    power_ = {};
    sampling_.reset();
    retry_at_ = {};
    nova_rest_ = commons_->nova.retry;
    enter(now, suspicion_.seen() ? HostState::healthy : HostState::unseen, why);
}

void HostMachine::on_stall(Instant now, Effects& effects)
{
    if (word_ && now >= word_->reply_by()) {
        look_at_power(now, effects); // an answer may have come, and nobody listened
    }
    suspicion_.forget_silences(now);
    try_.dead_at = {};
    if (try_.speak_by) {
        try_.speak_by = now + introduction;
    }
    if (readmission_) {
        readmission_->on_look(now, {}); // nobody saw that it was well
    }
}

void HostMachine::on_probe(Instant now, const ProbeResult& result, Effects& effects)
{
    if (suspicion_.on_probe(result, commons_->vantage)) {
        on_beat(now, result, effects);
    }
    look(now, effects);
}

void HostMachine::on_agent_gone(Instant now, const AgentGone& gone, Effects& effects)
{
    if (!reported_ || (state_ != HostState::healthy && state_ != HostState::suspected)) {
        return;
    }
    suspicion_.on_agent_gone(gone.at);
    look(now, effects);
    notice(Notice::Weight::warning, "AGENT_GONE", gone.detail, effects);
}

void HostMachine::on_beat(Instant now, const ProbeResult& result, Effects& effects)
{
    try_.spoke = true;
    if (!suspicion_.dead(now)) {
        try_.recanted = true;
        commons_->gate.disapprove(episode_);
    }
    if (state_ == HostState::unseen && !recalled_) {
        enter(now, HostState::healthy, "beats");
        overdue_.clear();
        notice(Notice::Weight::info, "HOST_SEEN", "heard for the first time since start", effects);
        if (durable_) { // left open by an earlier process
            if (!drain_.unsure()) {
                notice(Notice::Weight::info, "EPISODE_CLOSED",
                       "the host lives, and Nova was not told otherwise", effects);
            }
            call_off(now, "lives after a restart of knelld", effects);
        }
    }
    if (result.report) {
        hear(now, *result.report, effects);
    } else if ((state_ == HostState::fenced && (begun_ || !insisted_)) ||
               (state_ == HostState::fencing && begun_)) {
        contradict(now, effects);
    }
}

void HostMachine::hear(Instant now, const AgentReport& report, Effects& effects)
{
    reported_ = report;
    if (report.system_uuid) {
        learned_identity_ = report.system_uuid;
    }
    switch (state_) {
    case HostState::maintenance:
        hear_in_maintenance(now, report, effects);
        break;
    case HostState::suspected:
    case HostState::held:
    case HostState::fence_failed:
        if (!drain_.unsure()) {         // else the flag is about the boot that failed before
            failed_boot_ = report.boot; // if it fails now, it is this boot that has failed
        }
        break;
    case HostState::fencing:
        if (!begun_) {
            failed_boot_ = report.boot;
        } else if (judge(now, report) == Boot::fresh) {
            come_back_early(now, effects);
        } else if (proven_off_at_) {
            dispute(now, effects);
        } else {
            contradict(now, effects);
        }
        break;
    case HostState::fenced:
        if (judge(now, report) == Boot::fresh) {
            come_back_early(now, effects);
        } else {
            dispute(now, effects);
        }
        break;
    case HostState::down:
    case HostState::returning:
    case HostState::parked:
        if (recalled_) {
            break;
        }
        switch (judge(now, report)) {
        case Boot::fresh:
            if (state_ == HostState::down && mark_) {
                enter(now, HostState::returning, "a new boot speaks");
                power_.on_since.reset();
                userspace_warned_ = false;
                retry_at_ = now; // it paced our looks at the flag, not the way back
                notice(Notice::Weight::info, "HOST_RETURNING",
                       "boot " + report.boot.get() + " speaks; it must be well for hold_down",
                       effects);
            }
            break;
        case Boot::old:
            dispute(now, effects);
            break;
        case Boot::unclear:
            why_ = "cannot tell whether this is a new boot; `knellctl host release` decides";
            break;
        }
        break;
    default:
        break;
    }
}

HostMachine::Boot HostMachine::judge(Instant now, const AgentReport& report) const
{
    if (failed_boot_) {
        return report.boot == *failed_boot_ ? Boot::old : Boot::fresh;
    }
    // Never heard before it failed: a boot younger than the proof of OFF is a new one.
    return proven_off_at_ && report.uptime < now - *proven_off_at_ ? Boot::fresh : Boot::unclear;
}

std::optional<SystemUuid> HostMachine::identity() const
{
    return policy_.identity ? policy_.identity : learned_identity_;
}

void HostMachine::watch_for_doubt(Instant now, Effects& effects)
{
    if (state_ == HostState::healthy && suspicion_.calm()) {
        overdue_.clear();
    }
    if (state_ == HostState::healthy && suspicion_.doubtful()) {
        episode_ = commons_->ids.next_episode();
        failed_boot_ = reported_ ? std::optional{reported_->boot} : std::nullopt;
        enter(now, HostState::suspected, suspicion_.evidence(now));
        notice(Notice::Weight::info, "HOST_SUSPECTED", suspicion_.evidence(now), effects);
        effects.push_back(Watch{policy_.host, true});
        const bool may_ask =
            policy_.identity_check == IdentityCheck::unchecked || identity().has_value();
        if (!policy_.devices.empty() && may_ask && !readiness_.refused(policy_.devices.front())) {
            preparing_ = commons_->ids.next_attempt();
            effects.push_back(
                Power{policy_.host,
                      {policy_.devices.front(), PowerAction::prepare, *preparing_,
                       now + std::min(policy_.fence.reply, prepare_most), identity()}});
        }
        return;
    }
    if (state_ != HostState::suspected && state_ != HostState::held) {
        return;
    }
    if (suspicion_.calm()) {
        notice(Notice::Weight::info, "HOST_RECOVERED", "every monitor is up again", effects);
        userspace_warned_ = false;
        call_off(now, "every monitor is up again", effects);
    } else if (suspicion_.dead(now)) {
        if (state_ != HostState::held || now >= retry_at_) {
            try_to_fence(now, effects);
        }
    } else {
        warn_of_userspace(now, effects);
        if (state_ == HostState::held) {
            in_plan_ = false;
            enter(now, HostState::suspected, suspicion_.evidence(now));
        }
        why_ = suspicion_.evidence(now);
    }
}

void HostMachine::warn_of_userspace(Instant now, Effects& effects)
{
    const auto since = suspicion_.userspace_silent_since();
    if (!userspace_warned_ && since && now - *since >= policy_.userspace.warning) {
        userspace_warned_ = true;
        notice(Notice::Weight::warning, "HOST_USERSPACE_SILENT",
               std::string{"the kernel answers but the agent is silent: look at the host; "} +
                   (state_ == HostState::returning ? "our flag stays until it is well"
                    : policy_.userspace.action == UserspacePolicy::Action::fence
                        ? "it will be fenced if it stays so"
                        : "it is not fenced for this"),
               effects);
    }
}

void HostMachine::look(Instant now, Effects& effects)
{
    if (state_ == HostState::healthy) {
        compute_.on_look(now, policy_.host, reported_, service_, effects);
    } else if (state_ != HostState::suspected) {
        compute_.forget();
    }
    if (member().in_doubt) {
        doubted_since_ = doubted_since_.value_or(now);
    } else if (suspicion_.beating() || episode_ == EpisodeId{0}) { // not: we were blind or stopped
        doubted_since_.reset();
    }
    weigh_word(now, effects);
    switch (state_) {
    case HostState::unseen:
        if (durable_ && !recalled_ && suspicion_.dead(now) && !rests_after_refusal(now, effects)) {
            enter(now, HostState::suspected, suspicion_.evidence(now));
            try_to_fence(now, effects);
        } else if (!durable_ && !unseen_told_ && now - since_ >= commons_->unseen_alarm) {
            unseen_told_ = true;
            notice(Notice::Weight::alarm, "HOST_UNSEEN",
                   (since_ == begun_at_ ? "never heard since start"
                                        : "not heard since it is watched anew") +
                       std::string{": it will not be fenced by itself until it was. Look at its "
                                   "addresses, its "
                                   "agent and its power"} +
                       (policy_.identity_check == IdentityCheck::required && !identity()
                            ? ". An order to fence it needs its BMC's `guid` in the inventory; if "
                              "you have seen it off: `knellctl host confirm-off`"
                            : ""),
                   effects);
        }
        break;
    case HostState::healthy:
    case HostState::suspected:
    case HostState::held:
        watch_for_doubt(now, effects);
        break;
    case HostState::fence_failed:
        if (suspicion_.calm() && suspicion_.beating()) {
            notice(Notice::Weight::info, "HOST_RECOVERED",
                   "every monitor is up again; it was never proven off", effects);
            call_off(now, "lives; it was never proven off", effects);
        } else if (now >= retry_at_ && suspicion_.dead(now)) {
            try_to_fence(now, effects);
        }
        break;
    case HostState::fencing:
        watch_the_fence(now, effects);
        break;
    case HostState::fenced:
        toward_down(now, effects);
        break;
    case HostState::down:
    case HostState::disputed:
    case HostState::parked:
        watch_the_dead(now, effects);
        break;
    case HostState::returning:
        toward_readmission(now, effects);
        break;
    case HostState::readmitting:
        watch_the_clearing(now, effects);
        break;
    case HostState::maintenance:
        watch_maintenance(now, effects);
        break;
    }
    look_at_devices(now, effects);
}

void HostMachine::on_time(Instant now, Effects& effects)
{
    if (procedure_ && begun_) {
        follow(now, procedure_->on_time(now), effects);
        keep_proof(now);
    }
    if (asked_ && now >= asked_->reply_by + answer_grace) {
        on_nova(now,
                {policy_.host, asked_->attempt, NovaOutcome::unknown, NovaRefusal::none,
                 std::nullopt, std::nullopt, "no answer in time", true},
                effects);
    }
    look(now, effects);
}

std::optional<Instant> HostMachine::deadline() const
{
    auto first = procedure_ && begun_ ? procedure_->deadline() : std::nullopt;
    if (asked_) {
        const auto give_up = asked_->reply_by + answer_grace;
        first = std::min(first.value_or(give_up), give_up);
    }
    if (word_) {
        first = std::min(first.value_or(word_->deadline()), word_->deadline());
    }
    return first;
}

} // namespace knell
