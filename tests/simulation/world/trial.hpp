// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/world/options.hpp"
#include "tests/simulation/world/oracle.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace knell::sim {

/// What became of one world.
struct Outcome {
    Options options;
    std::optional<Breach> breach;   ///< the first promise that was not kept
    std::vector<std::string> story; ///< of it: the last lines about its host
    std::uint64_t fingerprint = 0;  ///< of the whole log
    std::uint64_t events = 0;
    double host_hours = 0; ///< simulated
};

/// How often each oracle had something to judge, over many worlds.
struct Tally {
    struct Count {
        std::uint64_t judged = 0;
        Excuses excused;
    };
    std::map<std::string, Count, std::less<>> oracles;
    std::uint64_t worlds = 0;
    std::uint64_t events = 0;
    double host_hours = 0;

    /// Of those that never had anything to judge.
    [[nodiscard]] std::vector<std::string> idle() const;
    /// All of it, a line each.
    void tell(std::ostream& out) const;
};

/// Chaos, then calm. `story`: where the whole log goes, if anywhere.
[[nodiscard]] Outcome live_through(const Wanted& wanted, Tally& tally,
                                   std::ostream* story = nullptr);

/// The least of a failing world that still breaks the same promise: fewer faults, fewer hosts,
/// less time.
[[nodiscard]] Wanted minimise(const Wanted& failing);

} // namespace knell::sim
