// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <map>
#include <set>

namespace knell::sim {

namespace {

/// What is durable of one is of one host only, and nothing of it comes after its end.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth) : Oracle{"episodes are never reused", truth} {}

    void on_fact(const Fact& fact) override
    {
        const auto* durable = std::get_if<Durable>(&fact);
        if (durable == nullptr || durable->entry.episode == EpisodeId{0} || !durable->entry.host) {
            return;
        }
        const auto& entry = durable->entry;
        const auto known = hosts_.try_emplace(entry.episode, *entry.host).first;
        judge(known->second == *entry.host && !over_.contains(entry.episode), *entry.host,
              "episode " + std::to_string(entry.episode.get()) + " was another's, or over");
        if (entry.what == JournalEntry::What::readmitted ||
            entry.what == JournalEntry::What::cancelled) {
            over_.insert(entry.episode);
        }
    }

private:
    std::map<EpisodeId, HostId> hosts_;
    std::set<EpisodeId> over_;
};

} // namespace

std::unique_ptr<Oracle> episodes_are_never_reused(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
