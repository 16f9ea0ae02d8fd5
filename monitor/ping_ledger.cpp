// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/ping_ledger.hpp"

#include "core/assert.hpp"

#include <algorithm>

namespace knell::monitor {

std::string PingLedger::fault_of(const std::vector<IcmpTarget>& targets)
{
    for (const auto& target : targets) {
        const std::string who = name_of(target.subject) + ": ";
        if (!parse_address(target.address)) {
            return who + "\"" + target.address + "\" is not a numeric IP address";
        }
        const auto fault =
            ProbeLedger::fault_of(target.interval, target.patience, target.dense_interval);
        if (!fault.empty()) {
            return who + fault;
        }
    }
    return {};
}

PingLedger::PingLedger(const std::vector<IcmpTarget>& targets, Instant start)
    : ProbeLedger{{.dense_most = 1000, .one_by_one = false}}
{
    retarget(start, targets);
}

void PingLedger::retarget(Instant now, const std::vector<IcmpTarget>& targets)
{
    KNELL_ASSERT(fault_of(targets).empty());
    std::vector<ProbeTarget> wanted;
    wanted.reserve(targets.size());
    for (const auto& target : targets) {
        wanted.push_back({.subject = target.subject,
                          .address = {*parse_address(target.address), 0},
                          .interval = target.interval,
                          .patience = target.patience,
                          .dense_interval = target.dense_interval});
    }
    ProbeLedger::retarget(now, std::move(wanted));
}

void PingLedger::replied(const Address& from, const EchoProbe& probe, Instant arrived,
                         Events& events)
{
    const ProbeId id{probe.target, probe.sequence};
    if (sent_at(id) != probe.sent_at || address(probe.target).address != from) {
        ++counters_.foreign;
        return;
    }
    answered(id, std::max(arrived - probe.sent_at, Duration::zero()), {}, events);
}

void PingLedger::refused(const EchoProbe& probe, std::string why)
{
    const ProbeId id{probe.target, probe.sequence};
    if (sent_at(id) == probe.sent_at) {
        remark(id, std::move(why));
    }
}

} // namespace knell::monitor
