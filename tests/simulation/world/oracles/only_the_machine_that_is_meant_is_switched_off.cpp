// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

namespace knell::sim {

namespace {

class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth)
        : Oracle{"only the machine that is meant is switched off", truth}
    {
    }

    void on_fact(const Fact& fact) override
    {
        if (const auto* off = std::get_if<SwitchedOff>(&fact)) {
            judge(off->meant == off->hit, off->meant,
                  off->device.get() + " switched off " + off->hit.get());
        }
    }
};

} // namespace

std::unique_ptr<Oracle> only_the_machine_that_is_meant_is_switched_off(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
