// SPDX-License-Identifier: GPL-3.0-or-later
// Inside of Fleet: nobody else includes this.
#pragma once

#include "core/fleet.hpp"
#include "core/host_machine.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace knell {

struct Fleet::House {
    House(const Policy& policy, Recollection recollection);

    [[nodiscard]] HostMachine* find(const HostId& host);
    void learn_networks(const Policy& policy);
    void take_census(Effects& effects);
    void recall(Instant now, Effects& effects);

    Recollection past;
    Vantage vantage;
    FenceGate gate;
    Ids ids;
    Turnstile looks;
    Commons commons;
    std::map<HostId, HostMachine> hosts; ///< ordered: iteration is part of determinism
    std::map<std::pair<HostId, MonitorId>, NetworkId> networks;
    /// Planned work of hosts that a reload took out of the inventory, and when they went: it is
    /// theirs again when they come back, as it would be after a restart.
    std::map<HostId, std::pair<Instant, Recollection::Planned>> set_aside;
    std::vector<std::pair<AttemptId, Answer>> answers; ///< given once the order is durable
    Instant census_at{};
    Instant round_at{}; ///< when all hosts were looked at last
};

/// What follows from the mode, for operators.
[[nodiscard]] std::string meaning_of(Mode mode);

/// First looks at the fence devices of a fleet are this far apart.
constexpr Duration device_stagger = 100ms;

/// How often each network shows that we can see it, at worst.
[[nodiscard]] std::map<NetworkId, Duration> pace_of(const Policy& policy);

} // namespace knell
