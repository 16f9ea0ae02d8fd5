// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/planned_work.hpp"

#include <algorithm>

namespace knell {

namespace {

/// An operator needs so long to come back to a terminal; of short work, a fifth.
constexpr Duration longest_notice = 10min;

/// nova-compute disables itself when libvirt is gone, and says so with this word in front.
constexpr std::string_view disabled_by_nova = "AUTO:";

} // namespace

void PlannedWork::begin(Instant now, Kind kind, std::string by, std::string reason,
                        Duration lasting)
{
    work_ = {kind, std::move(by), std::move(reason), now, now + lasting};
}

bool PlannedWork::over(Instant now) const noexcept
{
    return work_ && now >= work_->until;
}

bool PlannedWork::ends_soon(Instant now)
{
    if (!work_ || work_->warned) {
        return false;
    }
    const auto ahead = std::min(longest_notice, (work_->until - work_->since) / 5);
    work_->warned = now >= work_->until - ahead && now < work_->until;
    return work_->warned;
}

std::optional<PlannedView> PlannedWork::view() const
{
    return work_ ? std::optional{PlannedView{work_->by, work_->reason, work_->until}}
                 : std::nullopt;
}

bool disabled_by_hand(const ServiceSeen& service)
{
    return service.disabled && service.disabled_reason.rfind(disabled_by_nova, 0) != 0;
}

} // namespace knell
