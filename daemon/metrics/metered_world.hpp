// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/metrics/collector.hpp"
#include "daemon/world.hpp"

#include <functional>

namespace knell::metrics {

/// Hands every effect on to the world it is given, and tells the collector of those that will be
/// answered. Notices are not told: the daemon says some that are no effects, so the collector
/// hears them where they are said.
class MeteredWorld final : public World {
public:
    /// All three are borrowed or kept as long as this lives.
    MeteredWorld(World& world, Collector& collector, std::function<Instant()> clock)
        : world_{world}, collector_{collector}, clock_{std::move(clock)}
    {
    }

    void record(const Record& record) override
    {
        tell(Request::journal, record.attempt);
        world_.record(record);
    }
    void force_down(const ForceDown& order) override
    {
        tell(Request::force_down, order.attempt);
        world_.force_down(order);
    }
    void clear_forced_down(const ClearForcedDown& order) override
    {
        tell(Request::clear, order.attempt);
        world_.clear_forced_down(order);
    }
    void read_forced_down(const ReadForcedDown& order) override
    {
        tell(Request::read, order.attempt);
        world_.read_forced_down(order);
    }
    void sample_servers(const SampleServers& order) override
    {
        tell(Request::servers, order.attempt);
        world_.sample_servers(order);
    }
    void power(const Power& order) override { world_.power(order); }
    void stand_down(const StandDown& order) override { world_.stand_down(order); }
    void watch(const Watch& order) override { world_.watch(order); }
    void notify(const Notice& notice) override { world_.notify(notice); }
    void answer(const Answer& answer) override { world_.answer(answer); }

private:
    void tell(Request what, AttemptId attempt) { collector_.on_request(clock_(), what, attempt); }

    World& world_;
    Collector& collector_;
    std::function<Instant()> clock_;
};

} // namespace knell::metrics
