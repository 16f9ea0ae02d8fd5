// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/power_watch.hpp"

#include <algorithm>
#include <utility>

namespace knell {

namespace {

/// A BMC that restarts is away for a minute or two, and is no news.
constexpr unsigned failed_most = 12;

} // namespace

void PowerWatch::begin(Instant at, const HostPolicy& policy, const std::string& witness)
{
    const auto found = std::find(policy.devices.begin(), policy.devices.end(), DeviceId{witness});
    if (found != policy.devices.end()) {
        device_ = static_cast<std::size_t>(found - policy.devices.begin());
    }
    next_ = at;
}

std::optional<PowerCommand> PowerWatch::due(Instant now, const HostPolicy& policy,
                                            const Readiness& readiness,
                                            const std::optional<SystemUuid>& identity, Ids& ids)
{
    if (asked_ && now > asked_->reply_by + answer_grace) {
        fail(asked_->device.get() + ": no answer in time");
    }
    if (asked_ || now < next_) {
        return std::nullopt;
    }
    const auto whom = device(policy, readiness);
    if (!whom) {
        return std::nullopt;
    }
    next_ = now + policy.fence.watch;
    asked_ = PowerCommand{*whom, PowerAction::read, ids.next_attempt(), now + policy.fence.reply,
                          identity};
    return asked_;
}

std::optional<DeviceId> PowerWatch::on_reply(const PowerReply& reply)
{
    if (!asked_ || asked_->attempt != reply.attempt) {
        return std::nullopt;
    }
    const auto whom = asked_->device;
    if (reply.fault == PowerFault::none) {
        asked_.reset();
        failed_ = 0;
    } else {
        fail(whom.get() + ": " + reply.detail);
    }
    return whom;
}

std::optional<DeviceId> PowerWatch::device(const HostPolicy& policy,
                                           const Readiness& readiness) const
{
    const auto all = policy.devices.size();
    for (std::size_t ahead = 0; ahead < all; ++ahead) {
        const auto& one = policy.devices[(device_ + ahead) % all];
        if (!readiness.refused(one)) {
            return one;
        }
    }
    return std::nullopt;
}

void PowerWatch::fail(std::string trouble)
{
    asked_.reset();
    ++failed_;
    trouble_ = std::move(trouble);
    pass_over();
}

bool PowerWatch::goes_dark(bool hopeless)
{
    return (failed_ >= failed_most || hopeless) && !std::exchange(dark_, true);
}

bool PowerWatch::lights_up()
{
    return failed_ == 0 && std::exchange(dark_, false);
}

} // namespace knell
