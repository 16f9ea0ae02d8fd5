// SPDX-License-Identifier: GPL-3.0-or-later
// refused: ForcedDown::ForcedDown.* is private
#include "core/forced_down.hpp"

using namespace knell;

ForcedDown ours(ForcedDown mark)
{
#ifdef FORBIDDEN
    mark = ForcedDown{HostId{"compute1"}, EpisodeId{1}};
#endif
    return mark;
}
