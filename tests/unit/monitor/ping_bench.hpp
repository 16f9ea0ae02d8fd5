// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "monitor/ping_ledger.hpp"

#include <string>
#include <vector>

namespace knell::monitor {

constexpr Instant start{10s};
constexpr Duration interval = 200ms;
constexpr Duration patience = 150ms;

inline IcmpTarget host(const std::string& name, const std::string& address)
{
    return {HostProbe{HostId{name}, MonitorId{"icmp@mgmt"}}, address, interval, patience};
}

/// One ledger, driven as the monitor drives it.
struct PingBench {
    explicit PingBench(const std::vector<IcmpTarget>& targets = {host("compute1", "10.0.0.1")})
        : ledger{targets, start}
    {
    }

    /// Sends whatever is due; all of it leaves at `now`.
    std::vector<EchoProbe> send(Instant now)
    {
        std::vector<EchoProbe> sent;
        while (const auto due = ledger.due(now)) {
            ledger.sent(*due, now);
            sent.push_back({due->target, due->sequence, now});
        }
        return sent;
    }
    void judge(Instant now)
    {
        ledger.wake(now);
        ledger.judge(now, events);
    }
    /// Judges and sends at every millisecond of [from, to): when a probe of this target left.
    std::vector<Instant> departures(Instant from, Instant to, std::uint32_t target = 0)
    {
        std::vector<Instant> times;
        for (auto now = from; now < to; now += 1ms) {
            judge(now);
            for (const auto& probe : send(now)) {
                if (probe.target == target) {
                    times.push_back(now);
                }
            }
        }
        return times;
    }
    std::vector<Pulse> pulses()
    {
        std::vector<Pulse> all;
        for (const auto& event : events) {
            if (const auto* probe = std::get_if<ProbeResult>(&event)) {
                all.push_back(probe->pulse);
            } else {
                all.push_back(std::get<SentinelResult>(event).pulse);
            }
        }
        events.clear();
        return all;
    }

    PingLedger ledger;
    PingLedger::Events events;
    const Address address = *parse_address("10.0.0.1");
};

using Pulses = std::vector<Pulse>;

} // namespace knell::monitor
