// SPDX-License-Identifier: GPL-3.0-or-later
// refused: Sight::Sight.* is private
#include "core/suspicion.hpp"

using namespace knell;

FailureVerdict conclude(const Suspicion& suspicion, Sight sight, Instant now)
{
#ifdef FORBIDDEN
    sight = Sight{HostId{"compute1"}};
#endif
    return suspicion.conclude(now, sight);
}
