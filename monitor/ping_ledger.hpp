// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/icmp_packet.hpp"
#include "monitor/probe_ledger.hpp"

#include <string>
#include <vector>

namespace knell::monitor {

/// The ledger of echo requests.
class PingLedger : public ProbeLedger {
public:
    /// What is wrong with these targets, for the operator; empty if nothing is.
    [[nodiscard]] static std::string fault_of(const std::vector<IcmpTarget>& targets);

    /// `targets` must be without fault. First probes are spread over the first interval.
    PingLedger(const std::vector<IcmpTarget>& targets, Instant start);

    /// `targets` must be without fault.
    void retarget(Instant now, const std::vector<IcmpTarget>& targets);

    /// A reply with our cookie came from `from`.
    void replied(const Address& from, const EchoProbe& probe, Instant arrived, Events& events);
    /// An ICMP error quoted this probe: remembered as the detail of its silence.
    void refused(const EchoProbe& probe, std::string why);
};

} // namespace knell::monitor
