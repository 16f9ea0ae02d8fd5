// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/cables.hpp"

#include <algorithm>

namespace knell::sim {

Cables::Cables(Truth& truth) : truth_{truth}, dice_{truth.options.wanted.seed, "cables"}
{
    for (unsigned n = 0; n < truth.options.networks; ++n) {
        networks_.emplace_back("net" + std::to_string(n));
        ours_.push_back(Ours::whole);
    }
    truth.cables = this;
}

std::string Cables::address_of(const Machine& machine, std::size_t network)
{
    return "10." + std::to_string(network) + ".0." + std::to_string(machine.number);
}

std::string Cables::sentinel_address(std::size_t network, unsigned number)
{
    return "10." + std::to_string(network) + ".1." + std::to_string(number);
}

void Cables::mute_sentinel(std::size_t network, unsigned number, bool mute)
{
    if (mute) {
        mute_.emplace(network, number);
    } else {
        mute_.erase({network, number});
    }
}

void Cables::cut(const HostId& host, std::size_t network, bool cut)
{
    const auto& machine = truth_.machine(host);
    const std::pair where{machine.number, network};
    if (cut) {
        cut_.insert(where);
    } else if (cut_.erase(where) > 0) {
        mended_[machine.number] = truth_.now();
    }
    truth_.say(host,
               (cut ? "* cut off on " : "* no longer cut off on ") + networks_[network].get());
}

void Cables::break_switch(unsigned rack, std::size_t network, bool broken)
{
    if (broken) {
        broken_.emplace(rack, network);
    } else if (broken_.erase({rack, network}) > 0) {
        switch_mended_[rack] = truth_.now();
    }
    truth_.say("* the switch of rack" + std::to_string(rack) + " on " + networks_[network].get() +
               (broken ? " is dead" : " works again"));
}

void Cables::our_side(std::size_t network, Ours how)
{
    const auto before = std::exchange(ours_[network], how);
    if (before == how) {
        return;
    }
    if (how == Ours::whole) {
        ours_mended_ = truth_.now();
    }
    truth_.say("* our own side of " + networks_[network].get() +
               (how == Ours::whole        ? " is whole"
                : how == Ours::no_carrier ? " has no carrier"
                                          : " leads nowhere"));
    if (on_carrier && (before == Ours::no_carrier || how == Ours::no_carrier)) {
        on_carrier(network);
    }
}

bool Cables::whole(const Machine& machine, std::size_t network) const
{
    return !cut_.contains({machine.number, network}) && !broken_.contains({machine.rack, network});
}

Instant Cables::whole_since(const Machine& machine) const
{
    for (std::size_t n = 0; n < networks_.size(); ++n) {
        if (!whole(machine, n)) {
            return truth_.now();
        }
    }
    const auto own = mended_.find(machine.number);
    const auto racks = switch_mended_.find(machine.rack);
    return std::max(own == mended_.end() ? Instant{} : own->second,
                    racks == switch_mended_.end() ? Instant{} : racks->second);
}

Instant Cables::ours_broken_until() const
{
    const bool whole =
        std::all_of(ours_.begin(), ours_.end(), [](Ours how) { return how == Ours::whole; });
    return whole ? ours_mended_ : truth_.now();
}

std::vector<Duration> Cables::one_way()
{
    std::vector<Duration> copies;
    const int most = repeats && truth_.options.has(Fault::duplicates) && dice_.chance(0.05) ? 2 : 1;
    for (int i = 0; i < most; ++i) {
        if (!loses || !dice_.chance(truth_.options.loss)) {
            copies.push_back(200us + dice_.between(0us, delays ? truth_.options.jitter : 1ms));
        }
    }
    return copies;
}

std::vector<Duration> Cables::round_trips()
{
    std::vector<Duration> copies;
    for (const auto there : one_way()) {
        for (const auto back : one_way()) {
            copies.push_back(there + back);
        }
    }
    return copies;
}

} // namespace knell::sim
