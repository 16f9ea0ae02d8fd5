// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

namespace knell::sim {

namespace {

/// Watched as healthy, and without a flag of ours. Demanded once chaos is over, by calm.cpp.
class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth) : Oracle{"every living host is in service in time", truth}
    {
    }

    void on_fact(const Fact& fact) override
    {
        const auto* demanded = std::get_if<Demanded>(&fact);
        if (demanded != nullptr && demanded->what == Demanded::What::in_service) {
            judge(demanded->met, demanded->host, demanded->detail);
        }
    }
};

} // namespace

std::unique_ptr<Oracle> every_living_host_is_in_service_in_time(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
