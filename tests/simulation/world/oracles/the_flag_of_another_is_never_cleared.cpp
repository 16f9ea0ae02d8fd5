// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

namespace knell::sim {

namespace {

/// Judged where it counts, in Nova's database. Excused, and counted: somebody cleared our flag and
/// set his own between two looks of ours, or while our request was on its way, or set his when one
/// of ours might have taken effect (ADR 12); Nova has no way to say whose it is.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth) : Oracle{"the flag of another is never cleared", truth} {}

    void on_event(const Event& event) override
    {
        const auto* answer = std::get_if<NovaAnswer>(&event);
        if (answer != nullptr && answer->forced_down == false) {
            seen_clear_.insert(answer->host);
        }
    }
    void on_effect(const Effect& effect) override
    {
        if (const auto* put = std::get_if<ClearForcedDown>(&effect)) {
            clearing_since_.try_emplace(put->clearance.host(), now());
        } else if (const auto* down = std::get_if<ForceDown>(&effect)) {
            forced_at_[down->certificate.host()] = now();
        }
    }
    void on_fact(const Fact& fact) override
    {
        if (std::holds_alternative<Started>(fact)) {
            started_at_ = now();
        } else if (const auto* durable = std::get_if<Durable>(&fact);
                   durable != nullptr && (durable->entry.what == JournalEntry::What::readmitted ||
                                          durable->entry.what == JournalEntry::What::cancelled)) {
            forced_at_.erase(*durable->entry.host);
        }
        const auto* changed = std::get_if<FlagChanged>(&fact);
        if (changed == nullptr) {
            return;
        }
        const auto& host = changed->host;
        if (changed->hand == Hand::somebody) {
            (changed->set ? set_at_ : cleared_at_)[host] = now();
            seen_clear_.erase(host);
            return;
        }
        if (changed->hand == Hand::database || changed->set) {
            ours_.insert(host);
            return;
        }
        const bool anothers =
            changed->before.contains(Hand::somebody) && !changed->before.contains(Hand::knell);
        // Ours was cleared, and theirs set, and nothing that Nova told us since shows it.
        const bool unknowable = anothers && ours_.contains(host) && !seen_clear_.contains(host);
        const bool crossed =
            anothers && clearing_since_.contains(host) && set_at_[host] >= clearing_since_[host];
        const auto doubted = doubted_until(host);
        const bool expected = anothers && doubted && set_at_[host] <= *doubted;
        clearing_since_.erase(host);
        if (unknowable || crossed || expected) {
            return excuse(crossed    ? "set while our clearing was under way"
                          : expected ? "set when a request of ours might have taken effect"
                                     : "ours was cleared and theirs set between two looks");
        }
        judge(!anothers, host, "the flag was another's, and knelld cleared it");
    }

private:
    /// A request of this episode may take effect until then, as far as knelld knows.
    [[nodiscard]] std::optional<Instant> doubted_until(const HostId& host) const
    {
        const auto forced = forced_at_.find(host);
        if (forced == forced_at_.end()) {
            return std::nullopt;
        }
        const auto& nova = truth_.policy_now.nova;
        return std::max(forced->second + nova.reply, started_at_) + nova.request_lifetime;
    }

    std::set<HostId> ours_; ///< at some time
    std::set<HostId> seen_clear_;
    std::map<HostId, Instant> set_at_, cleared_at_, clearing_since_, forced_at_;
    Instant started_at_{};
};

} // namespace

std::unique_ptr<Oracle> the_flag_of_another_is_never_cleared(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
