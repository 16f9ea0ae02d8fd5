// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/brake.hpp"
#include "core/event.hpp"
#include "core/policy.hpp"
#include "core/verdict.hpp"

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace knell {

/// Whom the gate is asked about.
struct FenceCandidate {
    const HostPolicy& policy;
    EpisodeId episode;
    std::string planned; ///< the planned work that left it silent; empty: none
};

/// May fencing start now? Asked with a verdict, answers with a permit or with
/// the reason why not.
class FenceGate {
public:
    /// An operator's word, which stands until the next one, whatever the configuration says.
    struct ModeOrder {
        Mode mode = Mode::observe;
        std::string by;
    };
    FenceGate(GatePolicy policy, std::optional<ModeOrder> order);

    struct Refusal {
        std::string why;         ///< and what would change it
        bool approvable = false; ///< an operator's approval of the plan would
    };
    [[nodiscard]] std::variant<FencePermit, Refusal> admit(Instant now, FailureVerdict verdict,
                                                           const FenceCandidate& candidate);
    /// For an operator's word that the host is off: nothing will be powered off on this permit.
    [[nodiscard]] FencePermit admit_word(FailureVerdict verdict, EpisodeId episode) const;

    /// One question that the gate asks, and its answer.
    struct Finding {
        std::string_view gate; ///< "mode", "hold", "precious", "planned", "storm", ...
        std::string closed;    ///< why it is closed, and what would open it; empty: open
        bool approvable = false;
    };
    /// All of them, in order. An operator's own order passes all but mode and hold.
    [[nodiscard]] std::vector<Finding> findings(Instant now, FailureVerdict::Source source,
                                                const FenceCandidate& candidate) const;

    void set_mode(Mode mode, std::string by) { order_ = ModeOrder{mode, std::move(by)}; }
    /// Everything stops until `why` is empty again.
    void set_hold(std::string why) { hold_ = std::move(why); }
    void on_nova_turn(Instant now, const NovaTurned& turned, Effects& effects);
    /// Says it once Nova has been silent for longer than a lost answer or two.
    void watch_nova(Instant now, Effects& effects);
    /// Brake and budgets let this episode pass, on an operator's word.
    void approve(EpisodeId episode) { approved_.insert(episode); }
    /// Its host answers, and is by its rule not dead: what it may die of now, nobody has looked at.
    void disapprove(EpisodeId episode) { approved_.erase(episode); }
    /// A fence of an earlier process counts against the budgets of this one.
    void count(Instant at, const HostPolicy* policy, EpisodeId episode);
    /// What operators have ordered stays: the hold, and the mode.
    void adopt(const GatePolicy& policy);

    [[nodiscard]] Brake& brake() noexcept { return brake_; }
    [[nodiscard]] const Brake& brake() const noexcept { return brake_; }
    [[nodiscard]] Mode mode() const noexcept { return order_ ? order_->mode : policy_.mode; }
    [[nodiscard]] std::string mode_by() const { return order_ ? order_->by : "the configuration"; }
    [[nodiscard]] const std::string& hold() const noexcept { return hold_; }
    /// No command that changes the power of any host may leave.
    [[nodiscard]] bool stopped() const;
    [[nodiscard]] bool respects_disabled() const noexcept { return policy_.respect_disabled; }
    [[nodiscard]] unsigned budget() const noexcept { return policy_.budget; }
    [[nodiscard]] unsigned budget_used(Instant now) const;
    [[nodiscard]] unsigned budget_used(Instant now, const DomainId& domain) const;

private:
    struct Spent {
        Instant at;
        EpisodeId episode; ///< a second try of the same episode costs nothing
        std::vector<DomainId> domains;
    };
    [[nodiscard]] bool within(Instant now, const Spent& spent) const;
    [[nodiscard]] bool paid(Instant now, EpisodeId episode) const; ///< by an earlier try
    [[nodiscard]] std::string over_budget(Instant now) const;
    [[nodiscard]] std::string over_domain_budget(Instant now,
                                                 const FenceCandidate& candidate) const;
    [[nodiscard]] std::string too_many_down() const;
    [[nodiscard]] std::string nobody_to_tell(Instant now) const;

    GatePolicy policy_;
    std::optional<ModeOrder> order_;
    std::string hold_;
    struct NovaLost {
        Instant since;
        std::string why;
        bool told = false;
    };
    std::optional<NovaLost> nova_lost_; ///< nothing known against it: it is taken to answer
    Brake brake_;
    std::deque<Spent> spent_; ///< automatic permits
    std::set<EpisodeId> approved_;
};

} // namespace knell
