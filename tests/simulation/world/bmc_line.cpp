// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/bmc_line.hpp"

#include "core/assert.hpp"

#include <utility>

namespace knell::sim {

void BmcLine::execute(const PowerCommand& command, Handler on_reply)
{
    if (pending_) {
        truth_.tell(Crowded{command.device});
    }
    KNELL_ASSERT(!pending_);
    pending_ = Pending{command, std::move(on_reply)};
    const bool inspects = command.action == PowerAction::inspect;
    const auto line = fencing::ipmi::write_request(
        {command.action, command.attempt, command.identity, inspects ? Duration{1s} : Duration{}});
    const std::weak_ptr weak = alive_;
    bmcs_.ask(
        host_, line, life_->now(),
        [this, weak, attempt = command.attempt, life = std::weak_ptr{life_}](std::string said) {
            const auto lives = life.lock();
            if (!lives) {
                return;
            }
            lives->reach([this, weak, attempt, said = std::move(said)] {
                if (weak.expired() || !pending_ || pending_->command.attempt != attempt) {
                    return;
                }
                auto reply = fencing::ipmi::read_reply(said);
                KNELL_ASSERT(reply.has_value());
                answer(std::move(*reply));
            });
        });
    life_->at(command.reply_by, [this, weak, attempt = command.attempt] {
        if (!weak.expired() && pending_ && pending_->command.attempt == attempt) {
            answer({attempt, PowerState::unknown, PowerFault::silent,
                    "no answer within the command's patience; the helper was killed"});
        }
    });
}

void BmcLine::stand_down()
{
    if (!pending_) {
        return;
    }
    auto pending = std::exchange(pending_, std::nullopt);
    life_->after(0us, [weak = std::weak_ptr{alive_}, pending = std::move(*pending)] {
        if (!weak.expired()) {
            pending.on_reply({pending.command.attempt, PowerState::unknown, PowerFault::displaced,
                              "stood down before the device answered"});
        }
    });
}

void BmcLine::answer(PowerReply reply)
{
    auto pending = std::exchange(pending_, std::nullopt);
    pending->on_reply(std::move(reply));
}

} // namespace knell::sim
