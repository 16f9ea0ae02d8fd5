// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/engine.hpp"

#include "core/assert.hpp"
#include "core/overloaded.hpp"
#include "daemon/failpoint.hpp"

namespace knell {

void Engine::deliver(Instant now, const Event& event)
{
    failpoint::answered(event);
    perform(fleet_.on_event(now, event));
}

void Engine::perform(const Effects& effects)
{
    KNELL_ASSERT(!performing_);
    performing_ = true;
    for (const auto& effect : effects) {
        std::visit(Overloaded{
                       [&](const Record& e) { world_.record(e); },
                       [&](const Power& e) { world_.power(e); },
                       [&](const StandDown& e) { world_.stand_down(e); },
                       [&](const ForceDown& e) { world_.force_down(e); },
                       [&](const ClearForcedDown& e) { world_.clear_forced_down(e); },
                       [&](const ReadForcedDown& e) { world_.read_forced_down(e); },
                       [&](const SampleServers& e) { world_.sample_servers(e); },
                       [&](const Watch& e) { world_.watch(e); },
                       [&](const Notice& e) { world_.notify(e); },
                       [&](const Answer& e) { world_.answer(e); },
                   },
                   effect);
        failpoint::after(effect);
    }
    performing_ = false;
}

} // namespace knell
