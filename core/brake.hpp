// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "core/policy.hpp"
#include "core/view.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace knell {

/// All hosts at one moment, as far as losses that come together show in it.
struct Census {
    struct Member {
        const HostPolicy* policy;
        EpisodeId episode{0};
        bool in_doubt = false; ///< sinking or worse, not yet Down, and not for planned work
        bool down = false;     ///< by our hand, or on the way there
        Duration doubted{};    ///< for so long
    };
    std::vector<Member> members;
};

[[nodiscard]] bool depends_on(const std::vector<DomainId>& domains, const DomainId& domain);

/// Tells the loss of a host from the loss of something that many depend on. An old loss does not
/// count beside a new one, unless it was caught in a storm, or in the loss of its domain, itself:
/// it stays caught, and counts, until its host is heard again or an operator approves. Nothing
/// expires into fencing.
class Brake {
public:
    explicit Brake(const GatePolicy& policy);
    void adopt(const GatePolicy& policy);

    /// Before every decision, and now and then without one. Says what changed.
    void look(const Census& census, Effects& effects);

    /// Why this episode may not be fenced by itself; empty: it may.
    [[nodiscard]] std::string storm(EpisodeId episode) const;
    [[nodiscard]] std::string domain(EpisodeId episode) const;
    [[nodiscard]] unsigned down() const noexcept { return down_; }

    /// Why fencing is frozen at present; empty: it is not.
    [[nodiscard]] const std::string& storming() const noexcept { return storm_; }
    /// Budgets are the gate's, and left at 0.
    [[nodiscard]] std::vector<FleetView::Domain> domains() const;

private:
    struct Domain {
        DomainPolicy policy;
        unsigned hosts = 0;
        unsigned in_doubt = 0;
        std::string lost;
    };
    using Caught = std::map<EpisodeId, std::string>; ///< and why
    [[nodiscard]] bool counts(const Census::Member& member, const Caught& caught) const;
    [[nodiscard]] std::string names_of(const Census& census, const DomainId* domain) const;
    void count(const Census& census);
    void judge_storm(const Census& census, Effects& effects);
    void judge_domains(const Census& census, Effects& effects);
    void forget_what_is_over(const Census& census);

    GatePolicy policy_;
    std::map<DomainId, Domain> domains_;
    std::string storm_;
    Caught in_storm_;
    Caught in_lost_domain_;
    unsigned in_doubt_ = 0;
    unsigned down_ = 0;
};

} // namespace knell
