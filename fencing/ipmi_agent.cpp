// SPDX-License-Identifier: GPL-3.0-or-later
#include "fencing/ipmi_agent.hpp"

#include "core/assert.hpp"
#include "fencing/helper.hpp"
#include "fencing/ipmi/device_rules.hpp"
#include "fencing/ipmi/protocol.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace knell::fencing {
namespace {

using Clock = std::chrono::steady_clock;

/// The way back of knell::instant().
Clock::time_point clock_time(Instant instant)
{
    return Clock::time_point{instant.time_since_epoch()};
}

/// What the helper may share out. Whole milliseconds, as the protocol has them.
Duration patience_of(const PowerCommand& command)
{
    const auto left =
        std::chrono::floor<std::chrono::milliseconds>(clock_time(command.reply_by) - Clock::now());
    return std::clamp<Duration>(left, 1ms, ipmi::longest_patience);
}

PowerReply not_done(AttemptId attempt, PowerFault fault, std::string why)
{
    return {attempt, PowerState::unknown, fault, std::move(why)};
}

} // namespace

IpmiAgent::IpmiAgent(boost::asio::io_context& loop, IpmiDevice device, std::string helper)
    : loop_{loop}, device_{std::move(device)}, helper_path_{std::move(helper)}, deadline_{loop}
{
    KNELL_ASSERT(!ipmi::complaint_about(device_));
}

IpmiAgent::~IpmiAgent() = default;

void IpmiAgent::execute(const PowerCommand& command, Handler on_reply)
{
    KNELL_ASSERT(!pending_);
    pending_ = Pending{command, std::move(on_reply)};
    if (clock_time(command.reply_by) <= Clock::now()) {
        answer_later("the deadline had passed before the device was asked");
        return;
    }
    std::string why;
    if (!helper_ && !start_helper(why)) {
        answer_later(std::move(why));
        return;
    }
    ask(command);
}

void IpmiAgent::stand_down()
{
    // One that is to change the power may still be opening its session, and would do it then.
    if (pending_ && changes_power(pending_->command.action)) {
        helper_.reset();
    } else if (helper_) {
        Helper::dismiss(std::exchange(helper_, nullptr));
    }
    if (pending_) {
        answer_later("stood down before the device answered", PowerFault::displaced);
    }
}

int IpmiAgent::helper_pid() const noexcept
{
    return helper_ ? helper_->pid() : 0;
}

bool IpmiAgent::start_helper(std::string& why)
{
    // The helper's handlers never run after its Helper is gone, and we own it.
    helper_ = Helper::start(loop_, {helper_path_, "--serve"},
                            {[this](std::string_view line) { on_line(line); },
                             [this](std::string reason) { on_end(std::move(reason)); }},
                            why);
    if (!helper_) {
        return false;
    }
    if (!helper_->send(ipmi::write_device(device_))) {
        helper_.reset();
        why = "the helper does not listen";
        return false;
    }
    return true;
}

void IpmiAgent::ask(const PowerCommand& command)
{
    deadline_.expires_at(clock_time(command.reply_by));
    deadline_.async_wait([this, life = std::weak_ptr{life_},
                          attempt = command.attempt](boost::system::error_code error) {
        const bool still_waiting =
            !error && !life.expired() && pending_ && pending_->command.attempt == attempt;
        if (still_waiting) {
            on_deadline();
        }
    });
    const bool inspecting = command.action == PowerAction::inspect;
    if (!helper_->send(ipmi::write_request({command.action, command.attempt, command.identity,
                                            inspecting ? patience_of(command) : Duration{}}))) {
        helper_.reset();
        answer_later("the helper does not listen");
    }
}

void IpmiAgent::on_line(std::string_view line)
{
    auto reply = ipmi::read_reply(line);
    if (!reply) {
        give_up("nonsense from the helper: " + reply.error().text);
        return;
    }
    // An answer to a question that we no longer ask proves nothing, however welcome.
    if (!pending_ || reply->attempt != pending_->command.attempt) {
        return;
    }
    if (reply->state != PowerState::unknown && pending_->command.action != PowerAction::read) {
        give_up("nonsense from the helper: a power state that was not asked for");
        return;
    }
    if (reply->facts && pending_->command.action != PowerAction::inspect) {
        give_up("nonsense from the helper: facts that were not asked for");
        return;
    }
    answer(std::move(*reply));
}

void IpmiAgent::on_end(std::string why)
{
    give_up(std::move(why));
}

void IpmiAgent::on_deadline()
{
    give_up("no answer within the command's patience; the helper was killed");
}

void IpmiAgent::give_up(std::string why)
{
    helper_.reset();
    if (pending_) {
        answer(not_done(pending_->command.attempt, PowerFault::silent, std::move(why)));
    }
}

/// The handler may ask the next question at once, or destroy this agent.
void IpmiAgent::answer(PowerReply reply)
{
    deadline_.cancel();
    auto pending = std::exchange(pending_, std::nullopt);
    pending->on_reply(std::move(reply));
}

void IpmiAgent::answer_later(std::string why, PowerFault fault)
{
    deadline_.cancel();
    auto pending = std::exchange(pending_, std::nullopt);
    boost::asio::post(loop_, [life = std::weak_ptr{life_}, on_reply = std::move(pending->on_reply),
                              reply = not_done(pending->command.attempt, fault, std::move(why))] {
        if (!life.expired()) {
            on_reply(reply);
        }
    });
}

} // namespace knell::fencing
