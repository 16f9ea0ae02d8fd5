// SPDX-License-Identifier: GPL-3.0-or-later
// Inside of Fleet: nobody else includes this.
#pragma once

#include "core/fleet.hpp"
#include "core/host_machine.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace knell {

struct Fleet::House {
    House(const Policy& policy, Recollection recollection);

    [[nodiscard]] HostMachine* find(const HostId& host);
    void learn_networks(const Policy& policy);
    void take_census(Effects& effects);
    void begin(Instant now, Effects& effects);
    void recall(Instant now, Effects& effects);
    void await(Instant now, const Moves& moves);
    void tell_of_the_unheard(Instant now, Effects& effects);

    /// Of hosts, that of those is left that have not been in the inventory since `begun_at`, when
    /// it was so long ago; and what an operator has planned for one that a reload took out.
    Recollection past;
    Instant begun_at{};
    Vantage vantage;
    FenceGate gate;
    Ids ids;
    Turnstile looks;
    Commons commons;
    std::map<HostId, HostMachine> hosts; ///< ordered: iteration is part of determinism
    std::map<std::pair<HostId, MonitorId>, NetworkId> networks;
    std::map<HostId, std::set<MonitorId>> awaited; ///< moved by a reload; perhaps not heard since
    Instant awaited_since{};
    std::vector<std::pair<AttemptId, Answer>> answers; ///< given once the order is durable
    Instant census_at{};
    Instant round_at{}; ///< when all hosts were looked at last
    /// None of them wants to be woken sooner. Nothing: to be found out. There are very many probes,
    /// and each is about one host.
    std::optional<Instant> hosts_due;
};

/// What follows from the mode, for operators.
[[nodiscard]] std::string meaning_of(Mode mode);

/// First looks at the fence devices of a fleet are this far apart.
constexpr Duration device_stagger = 100ms;

/// How often each network shows that we can see it, at worst.
[[nodiscard]] std::map<NetworkId, Duration> pace_of(const Policy& policy);

} // namespace knell
