// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

namespace knell::sim {

namespace {

/// Demanded once chaos is over (see calm.cpp for whom, and by when).
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth) : Oracle{"every dead host is forced down in time", truth}
    {
    }

    void on_fact(const Fact& fact) override
    {
        const auto* demanded = std::get_if<Demanded>(&fact);
        if (demanded != nullptr && demanded->what == Demanded::What::forced_down) {
            judge(demanded->met, demanded->host, demanded->detail);
        }
    }
};

} // namespace

std::unique_ptr<Oracle> every_dead_host_is_forced_down_in_time(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
