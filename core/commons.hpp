// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/fence_gate.hpp"
#include "core/ids.hpp"
#include "core/turnstile.hpp"
#include "core/vantage.hpp"

#include <functional>
#include <map>

namespace knell {

/// What all hosts share. Owned by Fleet.
struct Commons {
    NovaTiming nova;
    Vantage& vantage;
    FenceGate& gate;
    Ids& ids;
    Turnstile& looks;                     ///< at fence devices that nobody needs just now
    std::map<DeviceId, LoginMark> logins; ///< as configured
    Duration unseen_alarm{};
    std::function<void(Effects&)> take_census; ///< the gate's brake looks at all hosts anew
    Instant now{};                             ///< when core was entered last
};

} // namespace knell
