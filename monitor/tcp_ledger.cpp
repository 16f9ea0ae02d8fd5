// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/tcp_ledger.hpp"

#include "core/assert.hpp"

namespace knell::monitor {

std::string TcpLedger::fault_of(const std::vector<TcpTarget>& targets)
{
    for (const auto& target : targets) {
        const std::string who = name_of(target.subject) + ": ";
        if (!parse_address(target.address)) {
            return who + "\"" + target.address + "\" is not a numeric IP address";
        }
        if (target.port == 0) {
            return who + "a TCP port is from 1 to 65535";
        }
        const auto fault =
            ProbeLedger::fault_of(target.interval, target.patience, target.dense_interval);
        if (!fault.empty()) {
            return who + fault;
        }
        if (target.patience > target.interval) {
            return who + "the patience with TCP must not be longer than its interval, for the " +
                   "next connection is begun when the last one is over";
        }
    }
    return {};
}

TcpLedger::TcpLedger(const std::vector<TcpTarget>& targets, Instant start)
    : ProbeLedger{{.dense_most = 200, .one_by_one = true}}
{
    retarget(start, targets);
}

void TcpLedger::retarget(Instant now, const std::vector<TcpTarget>& targets)
{
    KNELL_ASSERT(fault_of(targets).empty());
    std::vector<ProbeTarget> wanted;
    wanted.reserve(targets.size());
    for (const auto& target : targets) {
        wanted.push_back({.subject = target.subject,
                          .address = {*parse_address(target.address), target.port},
                          .interval = target.interval,
                          .patience = target.patience,
                          .dense_interval = target.dense_interval});
    }
    ProbeLedger::retarget(now, std::move(wanted));
}

void TcpLedger::concluded(const ProbeId& probe, const TcpAnswer& answer, Events& events)
{
    switch (answer.kind) {
    case TcpAnswer::Kind::accepted:
        return answered(probe, answer.round_trip, "accepted", events);
    case TcpAnswer::Kind::refused:
        return answered(probe, answer.round_trip, "refused", events);
    case TcpAnswer::Kind::unreachable:
        return remark(probe, answer.detail);
    case TcpAnswer::Kind::fault:
        return void_probe(probe, answer.detail, events);
    }
}

} // namespace knell::monitor
