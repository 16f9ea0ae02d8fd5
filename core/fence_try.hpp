// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/power.hpp"
#include "core/time.hpp"

#include <optional>

namespace knell {

/// A kernel that boots answers so much sooner than its agent speaks, at most.
inline constexpr Duration introduction = 30s;

/// What was heard and sent since the permit of one try to fence a host. Dies with the next one.
struct FenceTry {
    bool commanded = false; ///< a power off has left: the next one is another
    bool spoke = false;     ///< the host was heard
    bool recanted = false;  ///< it was heard, and by its rule not dead for a while
    bool withdrawn = false; ///< a power off that had not left was called back, for it was heard
    bool proven = false;    ///< a certificate was issued: a power off after it is news
    bool denied = false;    ///< it answered although its device had just read off
    bool calmed = false;    ///< it was calm, and by its rule not dead since
    PowerState last_read = PowerState::unknown;
    Instant dead_at{}; ///< when its silence was last seen, with proof that we could see
    std::optional<Instant> speak_by{}; ///< proven off, it answers: its agent may say which boot
};

} // namespace knell
