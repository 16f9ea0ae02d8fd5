// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/brake.hpp"

#include <algorithm>

namespace knell {

namespace {

constexpr unsigned fewest_in_a_storm = 2;
constexpr unsigned most_named = 10;

} // namespace

bool depends_on(const std::vector<DomainId>& domains, const DomainId& domain)
{
    return std::find(domains.begin(), domains.end(), domain) != domains.end();
}

Brake::Brake(const GatePolicy& policy)
{
    adopt(policy);
}

void Brake::adopt(const GatePolicy& policy)
{
    policy_ = policy;
    std::map<DomainId, Domain> after;
    for (const auto& domain : policy_.domains) {
        const auto known = domains_.find(domain.id);
        auto kept = known == domains_.end() ? Domain{domain, 0, 0, {}} : known->second;
        kept.policy = domain;
        after.emplace(domain.id, std::move(kept));
    }
    domains_ = std::move(after);
}

bool Brake::counts(const Census::Member& member, const Caught& caught) const
{
    return member.in_doubt &&
           (member.doubted < policy_.storm_within || caught.count(member.episode) > 0);
}

std::string Brake::names_of(const Census& census, const DomainId* domain) const
{
    std::string names;
    unsigned named = 0;
    unsigned more = 0;
    for (const auto& member : census.members) {
        const bool here = domain == nullptr || depends_on(member.policy->domains, *domain);
        if (!here || !counts(member, domain == nullptr ? in_storm_ : in_lost_domain_)) {
            continue;
        }
        if (named == most_named) {
            ++more;
            continue;
        }
        names += (named++ == 0 ? "" : ", ") + member.policy->host.get();
    }
    return names + (more == 0 ? "" : " and " + std::to_string(more) + " more");
}

void Brake::look(const Census& census, Effects& effects)
{
    count(census);
    judge_storm(census, effects);
    judge_domains(census, effects);
    forget_what_is_over(census);
}

void Brake::count(const Census& census)
{
    in_doubt_ = down_ = 0;
    for (auto& [id, domain] : domains_) {
        domain.hosts = domain.in_doubt = 0;
    }
    for (const auto& member : census.members) {
        in_doubt_ += counts(member, in_storm_) ? 1U : 0U;
        down_ += member.down ? 1U : 0U;
        for (const auto& id : member.policy->domains) {
            const auto found =
                domains_
                    .try_emplace(
                        id, Domain{DomainPolicy{id, DomainPolicy::Action::hold, 2, 1}, 0, 0, {}})
                    .first;
            ++found->second.hosts;
            found->second.in_doubt += counts(member, in_lost_domain_) ? 1U : 0U;
        }
    }
}

void Brake::judge_storm(const Census& census, Effects& effects)
{
    const auto all = static_cast<unsigned>(census.members.size());
    const bool many = policy_.storm_hosts > 0 && in_doubt_ >= policy_.storm_hosts;
    const bool large_share = policy_.storm_share > 0 && in_doubt_ >= fewest_in_a_storm &&
                             in_doubt_ * 100 >= all * policy_.storm_share;
    const bool storms = many || large_share;
    if (storms) {
        const auto text = std::to_string(in_doubt_) + " of " + std::to_string(all) +
                          " hosts are silent at the same time";
        for (const auto& member : census.members) {
            if (counts(member, in_storm_) && member.episode != EpisodeId{0}) {
                in_storm_.try_emplace(member.episode, text);
            }
        }
        if (storm_.empty()) {
            effects.push_back(Notice{Notice::Weight::alarm, "FENCING_FROZEN", std::nullopt,
                                     EpisodeId{0},
                                     text + " (" + names_of(census, nullptr) +
                                         "): look for what they share; `knellctl plan show`"});
        }
        storm_ = text;
    } else if (!storm_.empty()) {
        storm_.clear();
        effects.push_back(Notice{Notice::Weight::warning, "FENCING_THAWED", std::nullopt,
                                 EpisodeId{0},
                                 "the storm is over; the hosts that are still silent from it wait "
                                 "for `knellctl plan approve`"});
    }
}

void Brake::judge_domains(const Census& census, Effects& effects)
{
    for (auto& [id, domain] : domains_) {
        const bool lost = domain.policy.action == DomainPolicy::Action::hold && domain.hosts > 1 &&
                          domain.in_doubt >= domain.policy.together;
        if (!lost) {
            domain.lost.clear();
            continue;
        }
        const auto text = std::to_string(domain.in_doubt) + " of the " +
                          std::to_string(domain.hosts) + " hosts of " + id.get() +
                          " are silent at the same time";
        for (const auto& member : census.members) {
            if (counts(member, in_lost_domain_) && member.episode != EpisodeId{0} &&
                depends_on(member.policy->domains, id)) {
                in_lost_domain_.try_emplace(member.episode, text);
            }
        }
        if (domain.lost.empty()) {
            effects.push_back(Notice{Notice::Weight::alarm, "DOMAIN_LOST", std::nullopt,
                                     EpisodeId{0},
                                     text + " (" + names_of(census, &id) +
                                         "): one event, not several; `knellctl plan show`"});
        }
        domain.lost = text;
    }
}

void Brake::forget_what_is_over(const Census& census)
{
    std::set<EpisodeId> open;
    for (const auto& member : census.members) {
        open.insert(member.episode);
    }
    const auto over = [&](const auto& one) { return open.count(one.first) == 0; };
    std::erase_if(in_storm_, over);
    std::erase_if(in_lost_domain_, over);
}

std::string Brake::storm(EpisodeId episode) const
{
    const auto caught = in_storm_.find(episode);
    return caught == in_storm_.end() ? storm_ : caught->second;
}

std::string Brake::domain(EpisodeId episode) const
{
    const auto caught = in_lost_domain_.find(episode);
    return caught == in_lost_domain_.end() ? std::string{} : caught->second;
}

std::vector<FleetView::Domain> Brake::domains() const
{
    std::vector<FleetView::Domain> views;
    for (const auto& [id, domain] : domains_) {
        views.push_back({id, domain.hosts, domain.in_doubt, domain.policy.budget, 0, domain.lost});
    }
    return views;
}

} // namespace knell
