// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/confirmation.hpp"

#include <algorithm>
#include <utility>

namespace knell {

namespace {

/// Somebody waits for the answer: a device that takes longer is none that can be asked.
constexpr Duration longest_look = 20s;

} // namespace

Confirmation::Confirmation(OperatorOrder order, EpisodeId episode)
    : order_{std::move(order)}, episode_{episode}
{
}

std::vector<PowerCommand> Confirmation::ask(Instant now, const HostPolicy& policy,
                                            const Readiness& readiness,
                                            const std::optional<SystemUuid>& identity, Ids& ids)
{
    questions_.clear();
    reply_by_ = now + std::min(policy.fence.reply, longest_look);
    std::vector<PowerCommand> commands;
    for (const auto& device : policy.devices) {
        if (readiness.seen_refused(device)) { // what an earlier knelld saw is no look at the power
            questions_.push_back({device, std::nullopt, PowerState::unknown,
                                  device.get() + " refused our password and is not asked"});
            continue;
        }
        const auto attempt = ids.next_attempt();
        questions_.push_back(
            {device, attempt, PowerState::unknown, device.get() + " gave no answer"});
        commands.push_back({device, PowerAction::read, attempt, reply_by_, identity});
    }
    return commands;
}

std::optional<DeviceId> Confirmation::on_reply(const PowerReply& reply)
{
    const auto asked = std::find_if(questions_.begin(), questions_.end(),
                                    [&](const auto& one) { return one.attempt == reply.attempt; });
    if (asked == questions_.end()) {
        return std::nullopt;
    }
    asked->attempt.reset();
    if (reply.fault == PowerFault::none) {
        asked->state = reply.state;
    }
    asked->finding =
        asked->device.get() + (asked->state == PowerState::on    ? " reads ON"
                               : asked->state == PowerState::off ? " reads off"
                                                                 : ": " + reply.detail);
    return asked->device;
}

std::optional<DeviceId> Confirmation::denied_by() const
{
    const auto on = std::find_if(questions_.begin(), questions_.end(),
                                 [](const auto& one) { return one.state == PowerState::on; });
    return on == questions_.end() ? std::nullopt : std::optional{on->device};
}

bool Confirmation::open(Instant now) const
{
    return now < deadline() && std::any_of(questions_.begin(), questions_.end(),
                                           [](const auto& one) { return one.attempt.has_value(); });
}

Instant Confirmation::deadline() const noexcept
{
    return reply_by_ + answer_grace;
}

std::string Confirmation::findings() const
{
    std::string text;
    for (const auto& one : questions_) {
        text += (text.empty() ? "" : "; ") + one.finding;
    }
    return text;
}

} // namespace knell
