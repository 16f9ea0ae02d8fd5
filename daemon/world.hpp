// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"

namespace knell {

/// Everything outside the decisions. The daemon's world starts the work and
/// delivers an Event later, never from within a call; a simulation's world does
/// so in virtual time.
class World {
public:
    virtual ~World() = default;

    /// Answered by Recorded when durable. A journal that fails ends the process.
    virtual void record(const Record& record) = 0;
    virtual void power(const Power& order) = 0;
    virtual void stand_down(const StandDown& order) = 0;
    virtual void force_down(const ForceDown& order) = 0;
    virtual void clear_forced_down(const ClearForcedDown& order) = 0;
    virtual void read_forced_down(const ReadForcedDown& order) = 0;
    virtual void sample_servers(const SampleServers& order) = 0;
    virtual void watch(const Watch& order) = 0;
    virtual void notify(const Notice& notice) = 0;
    virtual void answer(const Answer& answer) = 0;
};

} // namespace knell
