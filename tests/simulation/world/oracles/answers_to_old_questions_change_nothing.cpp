// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

#include <algorithm>

namespace knell::sim {

namespace {

/// It may be told of (a device's fault is worth a word however late), but nothing follows from it.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth) : Oracle{"answers to old questions change nothing", truth}
    {
    }

    void on_fact(const Fact& fact) override
    {
        const auto* old = std::get_if<OldAnswer>(&fact);
        if (old == nullptr) {
            return;
        }
        const bool acts =
            std::any_of(old->effects.begin(), old->effects.end(),
                        [](const auto& one) { return !std::holds_alternative<Notice>(one); });
        judge(!acts && !old->changed, old->host,
              acts ? "an answer given twice made knelld act" : "an answer given twice changed it");
    }
};

} // namespace

std::unique_ptr<Oracle> answers_to_old_questions_change_nothing(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
