// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/policy.hpp"
#include "tests/simulation/world/fault.hpp"

#include <cstdint>
#include <string>

namespace knell::sim {

/// What is asked of a run: enough to make the same world again.
struct Wanted {
    std::uint64_t seed = 1;
    unsigned hosts = 4;
    double hours = 0.12; ///< of chaos; the calm after it is as long as it needs to be
    Faults without{};    ///< of those that the seed draws

    /// The command that makes this world again.
    [[nodiscard]] std::string command() const;
};

/// What the seed makes of it: the kind of world, drawn before anything happens in it.
struct Options {
    Wanted wanted;
    Faults faults; ///< that this world has
    unsigned racks = 2;
    unsigned networks = 1;
    double loss = 0;   ///< of every packet, each way
    Duration jitter{}; ///< at most
    Duration boot_time{};
    Duration beats_every = 1s; ///< of the agents
    Duration dense = 100ms;    ///< between probes of a host in doubt
    Duration nova_lateness{};  ///< at most; less than policy.nova.request_lifetime
    Duration staleness{};      ///< of Nova's reads, at most
    std::string nova_version;  ///< the highest that it speaks
    Duration token_lifetime{};
    double pace = 1; ///< of the faults: how often they come
    Policy policy;

    [[nodiscard]] bool has(Fault fault) const { return faults.contains(fault); }
};

[[nodiscard]] Options draw(const Wanted& wanted);
/// One to a line.
[[nodiscard]] std::string write(const Options& options);

} // namespace knell::sim
