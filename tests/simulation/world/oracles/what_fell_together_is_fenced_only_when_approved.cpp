// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace knell::sim {

namespace {

/// Counts for itself who is silent on every monitor, `fall` times in a row, out of what knelld was
/// told. Whom knelld may have reason not to count (planned work, an open episode, not heard since a
/// start) it does not count either.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth)
        : Oracle{"what fell together is fenced only when approved", truth}
    {
    }

    void on_event(const Event& event) override
    {
        if (const auto* result = std::get_if<ProbeResult>(&event)) {
            auto& silences = silences_[result->host][result->monitor];
            silences = result->pulse == Pulse::silent ? silences + 1 : 0;
            if (result->pulse == Pulse::beating) {
                heard_.insert(result->host);
            }
        } else if (const auto* goodbye = std::get_if<Goodbye>(&event)) {
            aside_.insert(goodbye->host);
        } else if (const auto* seen = std::get_if<ServicesSeen>(&event)) {
            for (const auto& service : seen->services) {
                if (service.disabled) {
                    aside_.insert(service.host);
                }
            }
        } else if (const auto* order = std::get_if<OperatorOrder>(&event)) {
            approved_.insert(order->hosts.begin(), order->hosts.end());
            if (order->what == OperatorOrder::What::begin_maintenance) {
                aside_.insert(*order->host);
            } else if (order->host) {
                forget(*order->host);
            }
        }
    }
    void on_effect(const Effect& effect) override
    {
        if (const auto* notice = std::get_if<Notice>(&effect)) {
            if (notice->id == "HOST_RECOVERED") {
                approved_.erase(*notice->host);
            }
        } else if (const auto* record = std::get_if<Record>(&effect)) {
            on_record(record->entry);
        }
    }
    void on_fact(const Fact& fact) override
    {
        if (std::holds_alternative<Started>(fact) || std::holds_alternative<Stopped>(fact) ||
            std::holds_alternative<Reloaded>(fact)) {
            silences_.clear();
        }
        if (std::holds_alternative<Started>(fact)) {
            heard_.clear();
        }
    }

private:
    void on_record(const JournalEntry& entry)
    {
        if (!entry.host) {
            return;
        }
        const auto& host = *entry.host;
        if (entry.what == JournalEntry::What::readmitted ||
            entry.what == JournalEntry::What::cancelled) {
            open_.erase(host);
            approved_.erase(host);
            forget(host);
        } else if (entry.what == JournalEntry::What::fencing) {
            if (open_.insert(host).second && entry.by == "knelld") {
                judge_fence(host);
            }
        } else if (entry.what == JournalEntry::What::fenced) {
            open_.insert(host); // on an operator's word
        }
    }
    void judge_fence(const HostId& host)
    {
        const auto& gate = truth_.policy_now.gate;
        std::map<DomainId, unsigned> of_domain;
        unsigned silent = 0;
        for (const auto& one : truth_.policy_now.hosts) {
            if (one.host != host && !counts(one)) {
                continue;
            }
            ++silent;
            for (const auto& domain : one.domains) {
                ++of_domain[domain];
            }
        }
        const bool many = gate.storm_hosts > 0 && silent >= gate.storm_hosts;
        const bool share = gate.storm_share > 0 && silent >= 2 &&
                           silent * 100 >= truth_.policy_now.hosts.size() * gate.storm_share;
        bool lost = false;
        for (const auto& domain : gate.domains) {
            lost = lost || (domain.action == DomainPolicy::Action::hold &&
                            of_domain[domain.id] >= std::max(domain.together, 2U) &&
                            depends(host, domain.id));
        }
        if (many || share || lost) {
            judge(approved_.contains(host), host,
                  std::to_string(silent) + " hosts are silent at the same time" +
                      (lost ? ", and its domain has failed" : ""));
        }
    }
    [[nodiscard]] bool counts(const HostPolicy& one) const
    {
        const auto silences = silences_.find(one.host);
        return heard_.contains(one.host) && !open_.contains(one.host) &&
               !aside_.contains(one.host) && one.precious.empty() && silences != silences_.end() &&
               std::all_of(one.monitors.begin(), one.monitors.end(), [&](const auto& monitor) {
                   const auto found = silences->second.find(monitor.id);
                   return found != silences->second.end() && found->second >= monitor.fall;
               });
    }
    [[nodiscard]] bool depends(const HostId& host, const DomainId& domain) const
    {
        const auto& domains = truth_.policy(host).domains;
        return std::find(domains.begin(), domains.end(), domain) != domains.end();
    }
    /// It is watched anew.
    void forget(const HostId& host)
    {
        silences_.erase(host);
        heard_.erase(host);
    }

    std::map<HostId, std::map<MonitorId, unsigned>> silences_; ///< in a row
    std::set<HostId> heard_;                                   ///< since the last start
    std::set<HostId> open_;                                    ///< fenced, and not yet back
    std::set<HostId> aside_;                                   ///< ever left alone, in this world
    std::set<HostId> approved_;
};

} // namespace

std::unique_ptr<Oracle> what_fell_together_is_fenced_only_when_approved(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
