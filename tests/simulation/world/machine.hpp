// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/secret.hpp"
#include "core/strong.hpp"
#include "core/time.hpp"

#include <set>
#include <string>

namespace knell::sim {

/// One compute host as it truly is.
struct Machine {
    HostId id;
    unsigned number;
    unsigned rack;
    SystemUuid guid;
    Secret key; ///< of its heartbeats

    bool button = true; ///< switched on
    bool fed = true;    ///< its rack has power
    bool kernel = true;
    bool agent = true;
    bool nova_compute = true;
    unsigned boot = 1;             ///< the present one, or the last
    unsigned life = 0;             ///< changes with every loss of power and every panic
    Instant booted_at{};           ///< when the present boot's kernel began
    Instant dark_since{};          ///< of the last loss of power
    Instant healthy_since{};       ///< kernel and agent
    bool echoed = false;           ///< somebody answers pings at its address, whatever it does
    bool vouched_off = false;      ///< an operator said so; nobody switches it on until Nova knows
    std::set<std::string> running; ///< guests

    [[nodiscard]] bool powered() const { return button && fed; }
    [[nodiscard]] bool healthy() const { return kernel && agent; }
};

} // namespace knell::sim
