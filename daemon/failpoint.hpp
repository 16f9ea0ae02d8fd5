// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "core/event.hpp"

/// Points at which a test kills or stops this process, named after the effects themselves:
/// `after-power-off` (given away, its answer is not here yet) and `answered-power-off` (its answer
/// is here, and nothing was decided on it). Only in builds with KNELL_FAILPOINTS: a release holds
/// none of this.
///
/// A notice has two names: `after-notice` for whichever comes, `after-notice-HOST_FENCED` for one.
///
/// Environment: KNELL_FAILPOINT=after-force-down:kill (SIGKILL), :stop (SIGSTOP) or :spin
/// (a loop that never ends), when it is passed first; after-force-down#2:kill, when it is passed
/// for the second time. KNELL_FAILPOINTS_PASSED=FILE lists every point that is passed, notices by
/// their common name.
namespace knell::failpoint {

#ifdef KNELL_FAILPOINTS
void after(const Effect& effect);
void answered(const Event& event);
#else
inline void after(const Effect& /*effect*/) {}
inline void answered(const Event& /*event*/) {}
#endif

} // namespace knell::failpoint
