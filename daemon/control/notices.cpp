// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/notices.hpp"

#include <algorithm>
#include <utility>

namespace knell::control {

void RecentNotices::add(TimedNotice notice)
{
    notices_.push_back(std::move(notice));
    if (notices_.size() > most) {
        notices_.pop_front();
    }
}

std::vector<TimedNotice> RecentNotices::of(const HostId& host, std::size_t limit) const
{
    std::vector<TimedNotice> found;
    for (auto each = notices_.rbegin(); each != notices_.rend() && found.size() < limit; ++each) {
        if (each->notice.host == host) {
            found.push_back(*each);
        }
    }
    std::reverse(found.begin(), found.end());
    return found;
}

} // namespace knell::control
