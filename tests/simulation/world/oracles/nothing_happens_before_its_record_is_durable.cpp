// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <map>
#include <set>
#include <utility>

namespace knell::sim {

namespace {

class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth)
        : Oracle{"nothing happens before its record is durable", truth}
    {
    }

    void on_fact(const Fact& fact) override
    {
        if (const auto* durable = std::get_if<Durable>(&fact)) {
            durable_.emplace(durable->entry.what, durable->entry.episode);
        }
    }
    void on_effect(const Effect& effect) override
    {
        if (const auto* record = std::get_if<Record>(&effect)) {
            if (record->entry.what == JournalEntry::What::fencing) {
                fencing_.insert_or_assign(*record->entry.host, record->entry.episode);
            }
        } else if (const auto* power = std::get_if<Power>(&effect)) {
            if (power->command.action == PowerAction::off) {
                const auto episode = fencing_.find(power->host);
                judge(episode != fencing_.end() &&
                          known(JournalEntry::What::fencing, episode->second),
                      power->host, "power off without its record");
            }
        } else if (const auto* put = std::get_if<ForceDown>(&effect)) {
            judge(known(JournalEntry::What::forcing_down, put->certificate.episode()),
                  put->certificate.host(), "Nova is told without its record");
        } else if (const auto* clear = std::get_if<ClearForcedDown>(&effect)) {
            judge(known(JournalEntry::What::clearing, clear->clearance.episode()),
                  clear->clearance.host(), "the flag is cleared without its record");
        }
    }

private:
    [[nodiscard]] bool known(JournalEntry::What what, EpisodeId episode) const
    {
        return durable_.contains({what, episode});
    }
    std::set<std::pair<JournalEntry::What, EpisodeId>> durable_;
    std::map<HostId, EpisodeId> fencing_;
};

} // namespace

std::unique_ptr<Oracle> nothing_happens_before_its_record_is_durable(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
