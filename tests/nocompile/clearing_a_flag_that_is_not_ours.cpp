// SPDX-License-Identifier: GPL-3.0-or-later
// refused: Clearance::Clearance.* is private
#include "core/effect.hpp"

using namespace knell;

Effect take_back(Clearance clearance, [[maybe_unused]] ForcedDown mark)
{
#ifdef FORBIDDEN
    clearance = Clearance{mark};
#endif
    return ClearForcedDown{std::move(clearance), AttemptId{1}, Instant{}};
}
