// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/world/dice.hpp"
#include "tests/simulation/world/truth.hpp"

#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace knell::sim {

/// The networks between knelld and the hosts. A packet goes through if everything on its way is
/// whole when it leaves; then it may be lost, slow, or come twice.
class Cables {
public:
    /// How our own side of a network is.
    enum class Ours { whole, no_carrier, dead_behind };

    explicit Cables(Truth& truth);

    [[nodiscard]] const std::vector<NetworkId>& networks() const noexcept { return networks_; }
    [[nodiscard]] static std::string address_of(const Machine& machine, std::size_t network);
    [[nodiscard]] static std::string sentinel_address(std::size_t network, unsigned number = 1);

    void cut(const HostId& host, std::size_t network, bool cut);
    void break_switch(unsigned rack, std::size_t network, bool broken);
    void mute_sentinel(std::size_t network, unsigned number, bool mute);
    [[nodiscard]] bool sentinel_answers(std::size_t network, unsigned number) const
    {
        return !mute_.contains({network, number});
    }
    void our_side(std::size_t network, Ours how);
    [[nodiscard]] Ours our_side(std::size_t network) const { return ours_[network]; }
    /// Told when the carrier of our own interface changes.
    std::function<void(std::size_t network)> on_carrier;

    /// Whether the host's own way is whole, ours left aside, and since when.
    [[nodiscard]] bool whole(const Machine& machine, std::size_t network) const;
    [[nodiscard]] Instant whole_since(const Machine& machine) const;
    /// When our own side was last broken on some network; now, if it is.
    [[nodiscard]] Instant ours_broken_until() const;
    [[nodiscard]] bool reaches(const Machine& machine, std::size_t network) const
    {
        return whole(machine, network) && ours_[network] == Ours::whole;
    }
    /// How long each copy of a packet is on its way there and back, or one way.
    [[nodiscard]] std::vector<Duration> round_trips();
    [[nodiscard]] std::vector<Duration> one_way();

    bool loses = true; ///< chaos ends that, and the next two
    bool delays = true;
    bool repeats = true;

private:
    Truth& truth_;
    Dice dice_;
    std::vector<NetworkId> networks_;
    std::vector<Ours> ours_;
    std::set<std::pair<unsigned, std::size_t>> cut_;    ///< by number of the machine
    std::set<std::pair<unsigned, std::size_t>> broken_; ///< by rack
    std::set<std::pair<std::size_t, unsigned>> mute_;   ///< sentinels
    std::map<unsigned, Instant> mended_;
    std::map<unsigned, Instant> switch_mended_;
    Instant ours_mended_{};
};

} // namespace knell::sim
