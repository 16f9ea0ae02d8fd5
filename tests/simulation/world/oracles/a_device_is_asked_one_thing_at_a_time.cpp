// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/oracles/all.hpp"
#include "tests/simulation/world/truth.hpp"

namespace knell::sim {

namespace {

class Watcher final : public Oracle {
public:
    explicit Watcher(const Truth& truth) : Oracle{"a device is asked one thing at a time", truth} {}

    void on_effect(const Effect& effect) override
    {
        if (const auto* power = std::get_if<Power>(&effect)) {
            judge(true, power->host, {});
        }
    }
    void on_fact(const Fact& fact) override
    {
        if (const auto* crowded = std::get_if<Crowded>(&fact)) {
            judge(false, HostId{crowded->device.get()}, "it was asked two things at once");
        }
    }
};

} // namespace

std::unique_ptr<Oracle> a_device_is_asked_one_thing_at_a_time(const Truth& truth)
{
    return std::make_unique<Watcher>(truth);
}

} // namespace knell::sim
