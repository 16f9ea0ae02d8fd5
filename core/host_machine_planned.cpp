// SPDX-License-Identifier: GPL-3.0-or-later
// Planned work: what somebody announced is left alone.
#include "core/host_machine.hpp"

#include <utility>

namespace knell {

namespace {

/// Beats that long after a goodbye mean that the shutdown was called off.
constexpr Duration goodbye_doubt = 30s;

std::string reason_of(const ServiceSeen& service)
{
    return service.disabled_reason.empty() ? "" : " (" + service.disabled_reason + ")";
}

} // namespace

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
    planned_.begin(now, PlannedWork::Kind::goodbye, "its agent", "the host is being shut down",
                   policy_.goodbye_grace);
    failed_boot_ = goodbye.boot;
    enter(now, HostState::maintenance, "shut down in order; left alone until a new boot speaks");
    notice(Notice::Weight::info, "HOST_GOODBYE",
           "shut down in order; it will not be fenced while goodbye_grace lasts", effects);
}

void HostMachine::hear_in_maintenance(Instant now, const AgentReport& report, Effects& effects)
{
    if (!planned_.is(PlannedWork::Kind::goodbye)) {
        return;
    }
    const bool called_off = report.boot == failed_boot_ && now - planned_.since() > goodbye_doubt;
    if (report.boot != failed_boot_ || called_off) {
        planned_.end();
        failed_boot_.reset();
        enter(now, HostState::healthy, "beats");
        notice(Notice::Weight::info, "HOST_RECOVERED",
               called_off ? "still beats; its shutdown was called off" : "back with a new boot",
               effects);
    }
}

void HostMachine::watch_maintenance(Instant now, Effects& effects)
{
    const bool goodbye = planned_.is(PlannedWork::Kind::goodbye);
    const bool silent = !suspicion_.beating();
    if (planned_.ends_soon(now)) {
        const auto left = std::chrono::duration_cast<std::chrono::seconds>(
            planned_.view()->until.value_or(now) - now);
        notice(silent ? Notice::Weight::warning : Notice::Weight::info, "MAINTENANCE_ENDING",
               "its planned work ends in " + std::to_string(left.count()) + " s. It " +
                   (!silent              ? "beats, and will be watched again"
                    : !suspicion_.seen() ? "was not heard since knelld started, and is not fenced "
                                           "by itself until it was"
                    : goodbye ? "is silent, and will be fenced like any other host that is"
                              : "is silent, and will be held for `knellctl plan approve` or a "
                                "longer `knellctl maintenance start`"),
               effects);
    }
    if (planned_.over(now)) {
        if (!goodbye) {
            (void)record_end("knelld", "its time was over", effects);
        }
        leave_maintenance(now, goodbye ? "goodbye_grace is over" : "its time was over", effects);
    }
}

AttemptId HostMachine::record_end(const std::string& by, const std::string& reason,
                                  Effects& effects)
{
    const auto attempt = commons_->ids.next_attempt();
    JournalEntry entry{JournalEntry::What::maintenance_ended, policy_.host, EpisodeId{0}};
    entry.by = by;
    entry.detail = reason;
    effects.push_back(Record{std::move(entry), attempt});
    return attempt;
}

void HostMachine::leave_maintenance(Instant now, const std::string& why, Effects& effects)
{
    // A site says with goodbye_grace how long a shutdown may take; an operator's window that
    // ends over a silent host may only have been too short. Nothing expires into fencing.
    const bool held = !planned_.is(PlannedWork::Kind::goodbye) && !suspicion_.beating();
    planned_.end();
    failed_boot_.reset();
    overdue_ = held ? "it was silent when its maintenance ended; `knellctl plan approve`" : "";
    enter(now, suspicion_.seen() ? HostState::healthy : HostState::unseen, why);
    notice(held ? Notice::Weight::warning : Notice::Weight::info, "MAINTENANCE_ENDED",
           why + (held ? "; it is silent and will not be fenced by itself" : "; it is watched"),
           effects);
}

/// The planned work that stands between a silent host and its fencing; empty: none does.
std::string HostMachine::left_alone() const
{
    if (!overdue_.empty()) {
        return overdue_;
    }
    if (commons_->gate.respects_disabled() && service_ && disabled_by_hand(*service_)) {
        return "its nova-compute is disabled by hand" + reason_of(*service_) +
               ": planned work; enable it, or `knellctl plan approve`";
    }
    return {};
}

void HostMachine::recall_planned(Instant now, const Recollection::Planned& past, Effects& effects)
{
    if (past.left <= Duration::zero()) {
        notice(Notice::Weight::warning, "MAINTENANCE_ENDED",
               "its maintenance by " + past.by + " ended while knelld did not watch it", effects);
        (void)record_end("knelld", "its time was over", effects);
        return;
    }
    planned_.begin(now, PlannedWork::Kind::order, past.by, past.reason, past.left);
    enter(now, HostState::maintenance, "maintenance by " + past.by + ": " + past.reason);
}

std::optional<Recollection::Planned> HostMachine::ordered_work(Instant now) const
{
    const auto work = planned_.view();
    if (!planned_.is(PlannedWork::Kind::order) || !work) {
        return std::nullopt;
    }
    return Recollection::Planned{work->by, work->reason, work->until.value_or(now) - now};
}

void HostMachine::order_maintenance(Instant now, const OperatorOrder& order, Effects& effects)
{
    const bool free = state_ == HostState::unseen || state_ == HostState::healthy ||
                      state_ == HostState::suspected || state_ == HostState::held ||
                      state_ == HostState::maintenance;
    if (!free || durable_ || recalled_) {
        return refuse(order, "it is " + std::string{name_of(state_)} + ": " + why_, effects);
    }
    if (episode_ != EpisodeId{0}) {
        close(now, JournalEntry::What::cancelled, "maintenance by " + order.by, effects);
    }
    overdue_.clear();
    planned_.begin(now, PlannedWork::Kind::order, order.by, order.reason, order.lasting);
    enter(now, HostState::maintenance, "maintenance by " + order.by + ": " + order.reason);
    const auto attempt = commons_->ids.next_attempt();
    JournalEntry entry{JournalEntry::What::maintenance, policy_.host, EpisodeId{0}};
    entry.by = order.by;
    entry.detail = order.reason;
    entry.lasting = order.lasting;
    effects.push_back(Record{std::move(entry), attempt});
    answers_.emplace_back(attempt, Answer{order.id, true, "it will be left alone until then"});
    notice(Notice::Weight::info, "MAINTENANCE_STARTED", order.by + ": " + order.reason, effects);
}

void HostMachine::order_end_maintenance(Instant now, const OperatorOrder& order, Effects& effects)
{
    if (state_ != HostState::maintenance) {
        return refuse(order, "it is not in maintenance but " + std::string{name_of(state_)},
                      effects);
    }
    answers_.emplace_back(record_end(order.by, order.reason, effects),
                          Answer{order.id, true, "it is watched again"});
    leave_maintenance(now, "ended by " + order.by, effects);
}

void HostMachine::on_service(Instant now, const ServiceSeen* seen, Instant asked_at,
                             Effects& effects)
{
    if (asked_at <= quiet_since_) {
        return;
    }
    if (seen == nullptr) {
        service_.reset();
        if (!std::exchange(missing_told_, true)) {
            notice(Notice::Weight::warning, "HOST_UNKNOWN_TO_NOVA",
                   "Nova lists no nova-compute of this name: it could be fenced, but not forced "
                   "down. Names are exact, as `openstack compute service list` shows them",
                   effects);
        }
        return;
    }
    missing_told_ = false;
    const auto before = std::exchange(service_, *seen);
    const bool was_forced = before && before->forced_down;
    if (episode_ != EpisodeId{0}) {
        if (mark_ && !seen->forced_down && was_forced) {
            retry_at_ = std::min(retry_at_, now); // look at the flag itself, at once
        }
        if (state_ == HostState::returning && !seen->forced_down && !asked_ && waiting_.empty()) {
            ask_nova(now, Errand::read, effects); // nothing else looks at it until it is well
        }
    } else if (seen->forced_down && !was_forced) {
        notice(Notice::Weight::warning, "FLAG_SET_BY_OTHERS",
               "Nova's forced_down was set, not by knell: respected, and never cleared by it",
               effects);
    } else if (!seen->forced_down && was_forced) {
        notice(Notice::Weight::info, "FLAG_GONE", "whoever set Nova's forced_down cleared it",
               effects);
    }
    if (disabled_by_hand(*seen) != (before && disabled_by_hand(*before))) {
        notice(Notice::Weight::info, seen->disabled ? "SERVICE_DISABLED" : "SERVICE_ENABLED",
               seen->disabled
                   ? "its nova-compute was disabled by hand" + reason_of(*seen) +
                         (commons_->gate.respects_disabled()
                              ? ": if it fails it is held, as planned work"
                              : ": taken for no reason to spare it (nova_disabled: ignore)")
                   : "its nova-compute is enabled again",
               effects);
    }
}

} // namespace knell
