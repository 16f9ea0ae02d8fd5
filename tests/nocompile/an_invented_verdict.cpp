// SPDX-License-Identifier: GPL-3.0-or-later
// refused: FailureVerdict::FailureVerdict.* is private
#include "core/verdict.hpp"

using namespace knell;

FailureVerdict accuse(FailureVerdict verdict)
{
#ifdef FORBIDDEN
    verdict = FailureVerdict{HostId{"compute1"}, FailureVerdict::Source::monitors, Instant{},
                             "it looked dead"};
#endif
    return verdict;
}
