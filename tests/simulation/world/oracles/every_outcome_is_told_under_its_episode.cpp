// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <set>
#include <tuple>

namespace knell::sim {

namespace {

/// At least once, before the journal says so, whoever is killed in between; and under one id: the
/// word, the host and the episode, which outlives restarts.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth) : Oracle{"every outcome is told under its episode", truth}
    {
    }

    void on_effect(const Effect& effect) override
    {
        const auto* notice = std::get_if<Notice>(&effect);
        if (notice != nullptr && notice->host) {
            told_.emplace(std::string{notice->id}, *notice->host, notice->episode);
        }
    }
    void on_fact(const Fact& fact) override
    {
        const auto* durable = std::get_if<Durable>(&fact);
        if (durable == nullptr) {
            return;
        }
        const auto& entry = durable->entry;
        const auto told = [&](const char* id) {
            return told_.contains({id, *entry.host, entry.episode});
        };
        switch (entry.what) {
        case JournalEntry::What::fenced:
            return judge(told("HOST_FENCED"), *entry.host, "nobody was told that it is off");
        case JournalEntry::What::forced_down:
            return judge(told("HOST_FORCED_DOWN"), *entry.host,
                         "nobody was told that its servers can be evacuated");
        case JournalEntry::What::disputed:
            return judge(told("HOST_DISPUTED"), *entry.host, "nobody was told of the dispute");
        case JournalEntry::What::readmitted:
            return judge(told("HOST_READMITTED") || told("FLAG_CLEARED_BY_OTHERS"), *entry.host,
                         "nobody was told that it is in service");
        default:
            return;
        }
    }

private:
    std::set<std::tuple<std::string, HostId, EpisodeId>> told_;
};

} // namespace

std::unique_ptr<Oracle> every_outcome_is_told_under_its_episode(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
