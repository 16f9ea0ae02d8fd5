// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fence_gate.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <utility>

namespace knell {

namespace {

/// One lost answer delays no fence: the next two tries, 1 s and 3 s after it, would end this.
constexpr Duration nova_patience = 3s;

constexpr const char* by_hand = "; it frees itself with time, or `knellctl plan approve`";

} // namespace

FenceGate::FenceGate(GatePolicy policy, std::optional<ModeOrder> order)
    : policy_{std::move(policy)}, order_{std::move(order)}, brake_{policy_}
{
}

void FenceGate::adopt(const GatePolicy& policy)
{
    policy_ = policy;
    brake_.adopt(policy_);
}

bool FenceGate::stopped() const
{
    return mode() != Mode::armed || !hold_.empty();
}

std::variant<FencePermit, FenceGate::Refusal> FenceGate::admit(Instant now, FailureVerdict verdict,
                                                               const FenceCandidate& candidate)
{
    KNELL_ASSERT(verdict.host() == candidate.policy.host);
    for (auto& finding : findings(now, verdict.source(), candidate)) {
        if (!finding.closed.empty()) {
            return Refusal{std::move(finding.closed), finding.approvable};
        }
    }
    std::erase_if(spent_, [&](const auto& spent) { return !within(now, spent); });
    if (verdict.source() == FailureVerdict::Source::monitors) {
        count(now, &candidate.policy, candidate.episode);
    }
    return FencePermit{std::move(verdict), candidate.episode};
}

std::vector<FenceGate::Finding> FenceGate::findings(Instant now, FailureVerdict::Source source,
                                                    const FenceCandidate& candidate) const
{
    std::vector<Finding> all;
    all.push_back({"mode",
                   mode() == Mode::armed ? ""
                                         : "observing only, by " + mode_by() +
                                               "; `knellctl arm` would let it be fenced",
                   false});
    all.push_back({"hold", hold_.empty() ? "" : "everything is on hold, " + hold_, false});
    if (source == FailureVerdict::Source::operator_order) {
        return all;
    }
    const auto& host = candidate.policy;
    all.push_back({"precious",
                   host.precious.empty() ? ""
                                         : "it is never fenced automatically: " + host.precious +
                                               "; `knellctl host fence`",
                   false});
    const bool paid_for = paid(now, candidate.episode);
    const bool approved = approved_.count(candidate.episode) > 0;
    const auto brake = [&](std::string_view gate, std::string closed) {
        all.push_back({gate, approved ? "" : std::move(closed), true});
    };
    brake("planned", candidate.planned);
    brake("nova", nobody_to_tell(now));
    const auto caught = [](std::string why) {
        return why.empty() ? why : why + "; `knellctl plan show`";
    };
    brake("storm", caught(brake_.storm(candidate.episode)));
    brake("domain", caught(brake_.domain(candidate.episode)));
    brake("domain budget", paid_for ? "" : over_domain_budget(now, candidate));
    brake("budget", paid_for ? "" : over_budget(now));
    brake("down at once", paid_for ? "" : too_many_down());
    return all;
}

bool FenceGate::paid(Instant now, EpisodeId episode) const
{
    return std::any_of(spent_.begin(), spent_.end(), [&](const auto& spent) {
        return spent.episode == episode && within(now, spent);
    });
}

std::string FenceGate::over_budget(Instant now) const
{
    return budget_used(now) < policy_.budget
               ? std::string{}
               : "the budget of " + std::to_string(policy_.budget) + " fences is spent" + by_hand;
}

std::string FenceGate::over_domain_budget(Instant now, const FenceCandidate& candidate) const
{
    for (const auto& domain : brake_.domains()) {
        if (depends_on(candidate.policy.domains, domain.id) &&
            budget_used(now, domain.id) >= domain.budget) {
            return "the budget of " + std::to_string(domain.budget) + " fences in " +
                   domain.id.get() + " is spent" + by_hand;
        }
    }
    return {};
}

std::string FenceGate::too_many_down() const
{
    if (policy_.down_most == 0 || brake_.down() < policy_.down_most) {
        return {};
    }
    return std::to_string(brake_.down()) +
           " hosts are down by knell's hand already, as many as may be; readmit one, or `knellctl "
           "plan approve`";
}

void FenceGate::on_nova_turn(Instant now, const NovaTurned& turned, Effects& effects)
{
    if (!turned.answers) {
        nova_lost_ = NovaLost{nova_lost_ ? nova_lost_->since : now, turned.detail,
                              nova_lost_ && nova_lost_->told};
        return;
    }
    if (nova_lost_ && nova_lost_->told) {
        effects.push_back(Notice{Notice::Weight::info, "NOVA_ANSWERS", std::nullopt, EpisodeId{0},
                                 turned.detail});
    }
    nova_lost_.reset();
}

void FenceGate::watch_nova(Instant now, Effects& effects)
{
    if (nova_lost_ && now - nova_lost_->since >= nova_patience &&
        !std::exchange(nova_lost_->told, true)) {
        effects.push_back(Notice{Notice::Weight::warning, "NOVA_LOST", std::nullopt, EpisodeId{0},
                                 nova_lost_->why});
    }
}

/// Its servers would stop, and stay stopped.
std::string FenceGate::nobody_to_tell(Instant now) const
{
    if (policy_.nova_lost == GatePolicy::NovaLost::fence || !nova_lost_ ||
        now - nova_lost_->since < nova_patience) {
        return {};
    }
    return "Nova does not answer (" + nova_lost_->why +
           "): fencing gains nothing until its flag can be set; it goes on when Nova answers, or "
           "`knellctl plan approve`";
}

bool FenceGate::within(Instant now, const Spent& spent) const
{
    return now - spent.at < policy_.budget_window;
}

unsigned FenceGate::budget_used(Instant now) const
{
    return static_cast<unsigned>(std::count_if(
        spent_.begin(), spent_.end(), [&](const auto& spent) { return within(now, spent); }));
}

unsigned FenceGate::budget_used(Instant now, const DomainId& domain) const
{
    return static_cast<unsigned>(
        std::count_if(spent_.begin(), spent_.end(), [&](const auto& spent) {
            return within(now, spent) && depends_on(spent.domains, domain);
        }));
}

FencePermit FenceGate::admit_word(FailureVerdict verdict, EpisodeId episode) const
{
    KNELL_ASSERT(verdict.source() == FailureVerdict::Source::operator_order);
    return {std::move(verdict), episode};
}

void FenceGate::count(Instant at, const HostPolicy* policy, EpisodeId episode)
{
    if (paid(at, episode)) {
        return; // one fence, however often it is tried
    }
    spent_.push_back({at, episode, policy == nullptr ? std::vector<DomainId>{} : policy->domains});
}

} // namespace knell
