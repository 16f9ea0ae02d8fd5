// SPDX-License-Identifier: GPL-3.0-or-later
#include "monitor/probe_rounds.hpp"

#include "monitor/readiness.hpp"

#include <algorithm>
#include <utility>

namespace knell::monitor {

ProbeRounds::ProbeRounds(boost::asio::io_context& loop, Sink sink)
    : loop_{loop}, timer_{loop}, sink_{std::move(sink)}
{
}

void ProbeRounds::round()
{
    // Read before the drain: only what was due before it is judged after it.
    const auto now = read_clock();
    ledger().wake(now);
    if (sleep_.slept() > Duration::zero()) {
        ledger().doubt(now, Family::v4, "this machine was suspended");
        ledger().doubt(now, Family::v6, "this machine was suspended");
    }
    if (drain(now, events_)) {
        ledger().judge(now, events_);
    }
    give_up(ledger().ended());
    while (const auto due = ledger().due(now)) {
        ask(*due, events_);
    }
    hand_over();
    if (const auto next = ledger().next_due()) {
        schedule(*next);
    }
    listen();
}

void ProbeRounds::readable()
{
    const auto now = read_clock();
    static_cast<void>(drain(now, events_));
    hand_over();
    // The next look at the sockets is a tick away, however many answers come.
    wake_soon();
}

void ProbeRounds::watch(const HostId& host, bool closely)
{
    ledger().watch(read_clock(), host, closely);
    wake_soon();
}

void ProbeRounds::wake_soon()
{
    const auto at_most = read_clock() + tick;
    schedule(std::min(ledger().next_due().value_or(at_most), at_most));
}

void ProbeRounds::hand_over()
{
    const auto ready = std::exchange(events_, {});
    for (const auto& event : ready) {
        sink_(event);
    }
}

void ProbeRounds::schedule(Instant at)
{
    const auto when = wake_up_for(at, read_clock());
    timer_.expires_at(std::chrono::steady_clock::time_point{when.time_since_epoch()});
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
        if (const auto alive = weak.lock(); alive && !error) {
            alive->round();
        }
    });
}

} // namespace knell::monitor
