// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/simulation/world/datacentre.hpp"

#include <functional>
#include <set>

namespace knell::sim {

/// After chaos: nothing is broken any more but the hosts that died in it, and operators do what
/// knell tells them to. Then all must come right, and in time:
///
///   1. who is dead is forced down, within `patience`;
///   2. revived, everybody is in service, within `patience`;
///   3. a host that dies now is forced down within `soon`, with nothing but its plan to approve;
///   4. and is in service again.
class Calm {
public:
    explicit Calm(Datacentre& world);

    void live();

    /// All waits that one host can meet one after another (see the .cpp).
    [[nodiscard]] Duration patience() const;
    /// From death to Nova's flag when nothing is in the way.
    [[nodiscard]] Duration soon() const;

private:
    void operate(); ///< every few seconds, for every host
    void attend(const HostId& host);
    void clear_by_hand(const HostId& host);
    [[nodiscard]] bool forced_down(const HostId& host) const;
    [[nodiscard]] bool in_service(const HostId& host) const;
    using Fits = bool (Calm::*)(const HostId&) const;
    void demand(Demanded::What what, const std::set<HostId>& hosts, Duration within, Fits fits);

    Datacentre& world_;
    Dice dice_;
    std::map<HostId, Instant> ordered_at_;
    std::map<HostId, Instant> approved_at_; ///< first
    bool reviving_ = false;
    bool over_ = false;
};

} // namespace knell::sim
