// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/eyes_ledger.hpp"

#include <set>
#include <unordered_map>

namespace knell::monitor {
namespace {

const std::string carrier = "carrier";
const std::string neighbours_organ = "neighbours";

std::string name_of(const LinkSeen& link)
{
    return link.name.empty() ? "interface " + std::to_string(link.index) : link.name;
}

/// Why one cannot see over this interface; empty if one can.
std::string darkness_of(const LinkSeen& link)
{
    switch (link.state) {
    case LinkState::working:
    case LinkState::loopback:
        break;
    case LinkState::unknown:
        return "the kernel does not say how " + name_of(link) + " is";
    case LinkState::down:
        return name_of(link) + " is administratively down";
    case LinkState::no_carrier:
        return name_of(link) + " has no carrier";
    case LinkState::dormant:
        return name_of(link) + " has carrier but is not operational";
    case LinkState::gone:
        return name_of(link) + " is gone";
    }
    return {};
}

} // namespace

std::string EyesLedger::fault_of(const std::vector<EyesTarget>& targets)
{
    std::set<NetworkId> seen;
    for (const auto& target : targets) {
        if (!seen.insert(target.network).second) {
            return "the network " + target.network.get() + " is given twice to our own eyes.";
        }
        for (const auto& address : target.addresses) {
            if (!parse_address(address)) {
                return "\"" + address + "\" on the network " + target.network.get() +
                       " is no IP address. Names are not resolved.";
            }
        }
    }
    return {};
}

void EyesLedger::watch(const std::vector<EyesTarget>& targets)
{
    std::unordered_map<Address, Way> known;
    for (std::size_t i = 0; i < addresses_.size(); ++i) {
        known.emplace(addresses_[i], ways_[i]);
    }
    std::unordered_map<Address, std::size_t> places;
    networks_.clear();
    addresses_.clear();
    ways_.clear();
    for (const auto& target : targets) {
        Network network{target.network, {}};
        for (const auto& text : target.addresses) {
            const auto address = *parse_address(text);
            const auto [place, fresh] = places.emplace(address, addresses_.size());
            if (fresh) {
                addresses_.push_back(address);
                ways_.push_back(known[address]);
            }
            network.addresses.push_back(place->second);
        }
        networks_.push_back(std::move(network));
    }
}

void EyesLedger::routed(std::size_t address, std::optional<int> interface)
{
    Way& way = ways_.at(address);
    way.routed = interface.has_value();
    if (interface) {
        way.interface = *interface;
        links_.try_emplace(*interface, LinkSeen{*interface, {}, LinkState::unknown});
    }
}

void EyesLedger::link(const LinkSeen& seen)
{
    const auto known = links_.find(seen.index);
    if (known != links_.end()) {
        const std::string name = known->second.name;
        known->second = seen;
        if (seen.name.empty()) {
            known->second.name = name;
        }
    }
}

void EyesLedger::link_gone(int index)
{
    link({index, {}, LinkState::gone});
}

void EyesLedger::forget_links()
{
    for (auto& [index, link] : links_) {
        link.state = LinkState::unknown;
    }
}

std::vector<int> EyesLedger::unknown_links() const
{
    std::vector<int> all;
    for (const auto& [index, link] : links_) {
        if (link.state == LinkState::unknown) {
            all.push_back(index);
        }
    }
    return all;
}

void EyesLedger::neighbours(Family family, bool overflowing)
{
    overflowing_[family == Family::v6] = overflowing;
}

void EyesLedger::prune_links()
{
    std::set<int> used;
    for (const auto& way : ways_) {
        used.insert(way.interface);
    }
    std::erase_if(links_, [&](const auto& link) { return !used.contains(link.first); });
}

LinkState EyesLedger::state_over(std::size_t address) const
{
    const auto link = links_.find(ways_[address].interface);
    return link == links_.end() ? LinkState::unknown : link->second.state;
}

std::string EyesLedger::carrier_doubt(const Network& network) const
{
    bool routed = network.addresses.empty();
    for (const auto place : network.addresses) {
        const Way& way = ways_[place];
        routed = routed || way.routed;
        if (const auto link = links_.find(way.interface); link != links_.end()) {
            if (auto darkness = darkness_of(link->second); !darkness.empty()) {
                return darkness;
            }
        }
    }
    return routed ? "" : "no route to " + to_string(addresses_[network.addresses.front()]);
}

std::string EyesLedger::neighbours_doubt(const Network& network) const
{
    for (const auto place : network.addresses) {
        const auto family = addresses_[place].family;
        if (overflowing_[family == Family::v6] && state_over(place) != LinkState::loopback) {
            const std::string name = family == Family::v4 ? "ipv4" : "ipv6";
            return "the kernel's neighbour table overflowed: raise net." + name +
                   ".neigh.default.gc_thresh3";
        }
    }
    return {};
}

std::vector<EyesReport> EyesLedger::changes()
{
    prune_links();
    std::map<Place, std::string> now;
    for (const auto& network : networks_) {
        if (auto doubt = carrier_doubt(network); !doubt.empty()) {
            now.emplace(Place{network.id, carrier}, std::move(doubt));
        }
        if (auto doubt = neighbours_doubt(network); !doubt.empty()) {
            now.emplace(Place{network.id, neighbours_organ}, std::move(doubt));
        }
    }
    std::vector<EyesReport> changed;
    for (const auto& [place, doubt] : standing_) {
        if (!now.contains(place)) {
            changed.push_back({place.first, place.second, true, {}});
        }
    }
    for (const auto& [place, doubt] : now) {
        const auto before = standing_.find(place);
        if (before == standing_.end() || before->second != doubt) {
            changed.push_back({place.first, place.second, false, doubt});
        }
    }
    standing_ = std::move(now);
    return changed;
}

std::vector<std::string> EyesLedger::doubts() const
{
    std::vector<std::string> all;
    for (const auto& [place, doubt] : standing_) {
        all.push_back(place.first.get() + ": " + doubt);
    }
    return all;
}

} // namespace knell::monitor
