// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "monitor/address.hpp"
#include "monitor/eyes_netlink.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace knell::monitor {

/// What we watch over one network: numeric IPv4 and IPv6 addresses of hosts and sentinels.
struct EyesTarget {
    NetworkId network;
    std::vector<std::string> addresses;
};

/// Decides what our own eyes are worth on each network, and says it when it changes. Pure.
///
/// Organ "carrier": a network is dark as soon as one interface that its addresses are routed over
/// is not working, or when none of them has a route. An address that has lost its route is still
/// counted with the interface that it had, for losing an interface loses its routes. A loopback
/// interface is never dark.
///
/// Organ "neighbours": dark on every network that has addresses of a family, other than over
/// loopback, while the kernel's neighbour table of that family overflows.
///
/// A network that nothing was ever said of is clear; one that is watched no more becomes so.
class EyesLedger {
public:
    /// What is wrong with these targets, for the operator; empty if nothing is.
    [[nodiscard]] static std::string fault_of(const std::vector<EyesTarget>& targets);

    /// From now on these, which must be without fault. What is known of their ways stays known.
    void watch(const std::vector<EyesTarget>& targets);

    /// Each address once. Each must be routed() before changes() is asked.
    [[nodiscard]] const std::vector<Address>& addresses() const noexcept { return addresses_; }
    /// The kernel was asked for the way to addresses()[address]; no interface: there is no way.
    void routed(std::size_t address, std::optional<int> interface);

    /// Of interfaces that no address is routed over, nothing is kept.
    void link(const LinkSeen& seen);
    void link_gone(int index);
    /// News were lost: of no interface is it known how it is.
    void forget_links();
    [[nodiscard]] std::vector<int> unknown_links() const;

    void neighbours(Family family, bool overflowing);

    /// What has changed since the last call.
    [[nodiscard]] std::vector<EyesReport> changes();
    /// What stands, one sentence each, as of the last changes().
    [[nodiscard]] std::vector<std::string> doubts() const;

private:
    struct Way {
        bool routed = false;
        int interface = 0; ///< the last one; 0: never any
    };
    struct Network {
        NetworkId id;
        std::vector<std::size_t> addresses; ///< places in addresses_
    };
    using Place = std::pair<NetworkId, std::string>; ///< network and organ

    void prune_links();
    [[nodiscard]] LinkState state_over(std::size_t address) const;
    [[nodiscard]] std::string carrier_doubt(const Network& network) const;
    [[nodiscard]] std::string neighbours_doubt(const Network& network) const;

    std::vector<Network> networks_;
    std::vector<Address> addresses_;
    std::vector<Way> ways_; ///< one for each of addresses_
    std::map<int, LinkSeen> links_;
    std::array<bool, 2> overflowing_{}; ///< IPv4, IPv6
    std::map<Place, std::string> standing_;
};

} // namespace knell::monitor
