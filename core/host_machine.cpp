// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/host_machine.hpp"

#include "core/assert.hpp"

#include <algorithm>

namespace knell {

namespace {

/// Whom we ask keeps `reply_by` himself; an answer that is not there so much later never comes.
constexpr Duration answer_grace = 1s;

/// Beats that long after a goodbye mean that the shutdown was called off.
constexpr Duration goodbye_doubt = 30s;

} // namespace

std::string_view name_of(HostState state) noexcept
{
    switch (state) {
    case HostState::unseen:
        return "Unseen";
    case HostState::healthy:
        return "Healthy";
    case HostState::suspected:
        return "Suspected";
    case HostState::held:
        return "Held";
    case HostState::fencing:
        return "Fencing";
    case HostState::fence_failed:
        return "FenceFailed";
    case HostState::fenced:
        return "Fenced";
    case HostState::down:
        return "Down";
    case HostState::returning:
        return "Returning";
    case HostState::readmitting:
        return "Readmitting";
    case HostState::disputed:
        return "Disputed";
    case HostState::maintenance:
        return "Maintenance";
    }
    return {};
}

HostMachine::HostMachine(HostPolicy policy, Commons& commons)
    : policy_{std::move(policy)}, commons_{&commons}, suspicion_{policy_}, nova_rest_{
                                                                               commons.nova.retry}
{
}

void HostMachine::enter(Instant now, HostState state, std::string why)
{
    if (state != state_) {
        since_ = now;
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
        return;
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
        ask_nova(now, Errand::clear, effects);
        break;
    case Then::nothing:
        break;
    }
}

/// Ends the episode: nothing of it may act any more.
void HostMachine::close(Instant now, JournalEntry::What how, const std::string& why,
                        Effects& effects)
{
    if (durable_) {
        record(how, Then::nothing, why, effects);
    }
    effects.push_back(StandDown{policy_.host});
    episode_ = EpisodeId{0};
    failed_boot_.reset();
    durable_ = told_failed_ = begun_ = confirmed_ = intent_durable_ = false;
    procedure_.reset();
    last_fault_.clear();
    certificate_.reset();
    flag_before_.reset();
    mark_.reset();
    proven_off_at_.reset();
    readmission_.reset();
    clearance_.reset();
    recalled_.reset();
    waiting_.clear();
    asked_.reset();
    watching_.reset();
    sampling_.reset();
    retry_at_ = lands_until_ = {};
    nova_rest_ = commons_->nova.retry;
    nova_warned_ = power_came_back_ = false;
    enter(now, suspicion_.seen() ? HostState::healthy : HostState::unseen, why);
}

void HostMachine::on_stall(Instant now)
{
    suspicion_.forget_silences(now);
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

void HostMachine::on_beat(Instant now, const ProbeResult& result, Effects& effects)
{
    spoke_ = true;
    if (state_ == HostState::unseen && !recalled_) {
        enter(now, HostState::healthy, "beats");
        notice(Notice::Weight::info, "HOST_SEEN", "heard for the first time since start", effects);
        if (durable_) { // left open by an earlier process, before Nova was told
            notice(Notice::Weight::info, "EPISODE_CLOSED",
                   "the host lives, and Nova was not told otherwise", effects);
            call_off(now, "lives after a restart of knelld", effects);
        }
    }
    if (result.report) {
        hear(now, *result.report, effects);
    } else if (state_ == HostState::fenced || (state_ == HostState::fencing && begun_)) {
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
        end_maintenance(now, report, effects);
        break;
    case HostState::suspected:
    case HostState::held:
    case HostState::fence_failed:
        failed_boot_ = report.boot; // if it fails now, it is this boot that has failed
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
        if (recalled_) {
            break;
        }
        switch (judge(now, report)) {
        case Boot::fresh:
            if (state_ == HostState::down && mark_) {
                enter(now, HostState::returning, "a new boot speaks");
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

void HostMachine::on_goodbye(Instant now, const Goodbye& goodbye, Effects& effects)
{
    const bool watching = state_ == HostState::unseen || state_ == HostState::healthy ||
                          state_ == HostState::suspected || state_ == HostState::held;
    if (!watching || durable_ || (reported_ && reported_->boot != goodbye.boot)) {
        return;
    }
    if (episode_ != EpisodeId{0}) {
        close(now, JournalEntry::What::cancelled, "said goodbye", effects);
    }
    goodbye_at_ = now;
    failed_boot_ = goodbye.boot;
    enter(now, HostState::maintenance, "shut down in order; left alone until a new boot speaks");
    notice(Notice::Weight::info, "HOST_GOODBYE",
           "shut down in order; it will not be fenced while goodbye_grace lasts", effects);
}

void HostMachine::end_maintenance(Instant now, const AgentReport& report, Effects& effects)
{
    const bool called_off = report.boot == failed_boot_ && now - goodbye_at_ > goodbye_doubt;
    if (report.boot != failed_boot_ || called_off) {
        failed_boot_.reset();
        enter(now, HostState::healthy, "beats");
        notice(Notice::Weight::info, "HOST_RECOVERED",
               called_off ? "still beats; its shutdown was called off" : "back with a new boot",
               effects);
    }
}

void HostMachine::watch_for_doubt(Instant now, Effects& effects)
{
    if (state_ == HostState::healthy && suspicion_.doubtful()) {
        episode_ = commons_->ids.next_episode();
        failed_boot_ = reported_ ? std::optional{reported_->boot} : std::nullopt;
        enter(now, HostState::suspected, suspicion_.evidence(now));
        notice(Notice::Weight::info, "HOST_SUSPECTED", suspicion_.evidence(now), effects);
        const bool may_ask =
            policy_.identity_check == IdentityCheck::unchecked || identity().has_value();
        if (!policy_.devices.empty() && may_ask) {
            effects.push_back(
                Power{policy_.host,
                      {policy_.devices.front(), PowerAction::prepare, commons_->ids.next_attempt(),
                       now + policy_.fence.reply, identity()}});
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
        try_to_fence(now, effects);
    } else {
        warn_of_userspace(now, effects);
        if (state_ == HostState::held) {
            enter(now, HostState::suspected, suspicion_.evidence(now));
        }
        why_ = suspicion_.evidence(now);
    }
}

void HostMachine::warn_of_userspace(Instant now, Effects& effects)
{
    const auto since = suspicion_.userspace_silent_since();
    if (!userspace_warned_ && since && now - *since >= policy_.userspace_warning) {
        userspace_warned_ = true;
        notice(Notice::Weight::warning, "HOST_USERSPACE_SILENT",
               "the kernel answers ICMP but the agent is silent: look at the host; it is not "
               "fenced for this",
               effects);
    }
}

void HostMachine::look(Instant now, Effects& effects)
{
    switch (state_) {
    case HostState::unseen:
        if (durable_ && !recalled_ && suspicion_.dead(now)) {
            enter(now, HostState::suspected, suspicion_.evidence(now));
            try_to_fence(now, effects);
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
        break;
    case HostState::fenced:
        toward_down(now, effects);
        break;
    case HostState::down:
    case HostState::disputed:
        watch_the_dead(now, effects);
        break;
    case HostState::returning:
    case HostState::readmitting:
        toward_readmission(now, effects);
        break;
    case HostState::maintenance:
        if (now - goodbye_at_ >= policy_.goodbye_grace) {
            // Nothing is fenced for having said goodbye: it is suspected like any other host.
            enter(now, suspicion_.seen() ? HostState::healthy : HostState::unseen,
                  "goodbye_grace is over");
        }
        break;
    }
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
                 std::nullopt, std::nullopt, "no answer in time"},
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
    return first;
}

HostView HostMachine::view() const
{
    HostView view{policy_.host,
                  name_of(state_),
                  since_,
                  why_,
                  episode_,
                  std::nullopt,
                  identity(),
                  mark_.has_value(),
                  reported_ && reported_->nova_compute,
                  suspicion_.view()};
    if (reported_) {
        view.boot = reported_->boot;
    }
    return view;
}

} // namespace knell
