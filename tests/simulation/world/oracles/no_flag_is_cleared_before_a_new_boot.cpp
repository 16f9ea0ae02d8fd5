// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <map>

namespace knell::sim {

namespace {

/// When knelld clears by itself; an operator may order it sooner.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth) : Oracle{"no flag is cleared before a new boot", truth} {}

    void on_effect(const Effect& effect) override
    {
        if (const auto* record = std::get_if<Record>(&effect)) {
            if (record->entry.what == JournalEntry::What::clearing) {
                clearing_by_[*record->entry.host] = record->entry.by;
            }
        } else if (const auto* put = std::get_if<ForceDown>(&effect)) {
            const auto& machine = truth_.machine(put->certificate.host());
            if (!machine.powered()) {
                failed_boot_[machine.id] = machine.boot;
            }
        } else if (const auto* clear = std::get_if<ClearForcedDown>(&effect)) {
            const auto& host = clear->clearance.host();
            const auto failed = failed_boot_.find(host);
            if (clearing_by_[host] != "knelld" || failed == failed_boot_.end()) {
                return;
            }
            judge(truth_.machine(host).boot > failed->second, host,
                  "it has not booted since it was off");
        }
    }

private:
    std::map<HostId, std::string> clearing_by_;
    std::map<HostId, unsigned> failed_boot_;
};

} // namespace

std::unique_ptr<Oracle> no_flag_is_cleared_before_a_new_boot(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
