// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/world/agenda.hpp"
#include "tests/simulation/world/chronicle.hpp"
#include "tests/simulation/world/machine.hpp"
#include "tests/simulation/world/options.hpp"
#include "tests/simulation/world/oracle.hpp"

#include <functional>
#include <map>
#include <string>

namespace knell::sim {

class Cables;
class Cloud;

/// What everything in the world stands on: time, the machines, the log, and those who judge.
class Truth {
public:
    explicit Truth(Options options);
    ~Truth();
    Truth(const Truth&) = delete;
    Truth& operator=(const Truth&) = delete;

    [[nodiscard]] Instant now() const noexcept { return agenda.now(); }
    void say(std::string text) { chronicle.say(now(), std::nullopt, std::move(text)); }
    void say(const HostId& host, std::string text) { chronicle.say(now(), host, std::move(text)); }
    void tell(const Fact& fact);
    [[nodiscard]] Machine& machine(const HostId& host) { return machines.at(host); }
    [[nodiscard]] const Machine& machine(const HostId& host) const { return machines.at(host); }
    [[nodiscard]] const HostPolicy& policy(const HostId& host) const;
    /// The first breach of any oracle, or none.
    [[nodiscard]] const Breach* breach() const;

    // Power, and what follows from it.
    void switch_on(const HostId& host);
    void switch_off(const HostId& host);
    void feed(unsigned rack, bool power); ///< what was on boots again by itself
    void panic(const HostId& host);
    void hang_agent(const HostId& host, bool hangs);

    const Options options;
    Agenda agenda;
    Chronicle chronicle;
    std::map<HostId, Machine> machines;
    Policy policy_now; ///< what knelld is to go by; reloads change it
    Oracles oracles;

    std::function<void(const HostId&)> on_agent_start;
    std::function<void(const HostId&)> on_compute_start;

    /// Others of the world, for oracles to look at; set by the world.
    const Cables* cables = nullptr;
    const Cloud* cloud = nullptr;

private:
    void darken(Machine& machine);
    void boot(Machine& machine);
};

} // namespace knell::sim
