// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/probe_ledger.hpp"

#include <string>
#include <vector>

namespace knell::monitor {

/// What one attempt to connect showed.
struct TcpAnswer {
    enum class Kind {
        accepted,    ///< somebody listens there
        refused,     ///< with RST: nobody listens, but the kernel lives
        unreachable, ///< an ICMP error, or the kernel's own timeout: no more than silence
        fault        ///< our own
    };
    Kind kind = Kind::fault;
    Duration round_trip{}; ///< of `accepted` and `refused`
    std::string detail;    ///< of the others

    friend bool operator==(const TcpAnswer&, const TcpAnswer&) = default;
};

/// The ledger of connections begun. One per target at a time, unless it is watched closely.
class TcpLedger : public ProbeLedger {
public:
    /// What is wrong with these targets, for the operator; empty if nothing is.
    [[nodiscard]] static std::string fault_of(const std::vector<TcpTarget>& targets);

    /// `targets` must be without fault. First probes are spread over the first interval.
    TcpLedger(const std::vector<TcpTarget>& targets, Instant start);

    /// `targets` must be without fault.
    void retarget(Instant now, const std::vector<TcpTarget>& targets);

    /// `unreachable` may come more than once, and something better after it.
    void concluded(const ProbeId& probe, const TcpAnswer& answer, Events& events);
};

} // namespace knell::monitor
