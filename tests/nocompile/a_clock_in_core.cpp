// SPDX-License-Identifier: GPL-3.0-or-later
// refused: .now. is not a member of .knell::Timeline
#include "core/time.hpp"

knell::Instant what_time_is_it(knell::Instant told)
{
#ifdef FORBIDDEN
    told = knell::Timeline::now();
#endif
    return told;
}
