// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/fence_procedure.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <utility>

namespace knell {

namespace {

/// A power off that did not help is repeated ever more slowly, up to this; readings go on.
constexpr Duration off_rest_most = 5s;

/// Asking such a device again can only do harm: lock an account, or hit a stranger.
bool hopeless(PowerFault fault)
{
    return fault == PowerFault::wrong_credentials || fault == PowerFault::wrong_identity;
}

} // namespace

FenceProcedure::FenceProcedure(FencePermit permit, std::vector<DeviceId> devices,
                               FenceTiming timing, std::optional<SystemUuid> identity, Ids& ids)
    : permit_{std::move(permit)}, devices_{std::move(devices)}, timing_{timing},
      identity_{std::move(identity)}, ids_{&ids}
{
    KNELL_ASSERT(timing_.readings >= 2);
}

FenceProcedure::Next FenceProcedure::begin(Instant now)
{
    device_ = refusals_ = 0;
    return use_device(now);
}

FenceProcedure::Next FenceProcedure::confirm(Instant now)
{
    KNELL_ASSERT(settled_ && !pending_);
    device_until_ = now + timing_.per_device;
    return ask(now, PowerAction::read);
}

void FenceProcedure::contradict() noexcept
{
    settled_ = false;
    readings_ = 0;
}

void FenceProcedure::pause() noexcept
{
    contradict();
    pending_.reset();
    wake_at_.reset();
}

void FenceProcedure::postpone(Instant now, PowerAction then)
{
    pending_.reset();
    off_at_ = now;
    if (!heard_) {
        then = PowerAction::off;
        device_until_ = now + timing_.per_device; // it has not been asked yet
    }
    (void)rest(now, then);
}

FenceProcedure::Next FenceProcedure::on_reply(Instant now, const PowerReply& reply)
{
    // A reply to a question we no longer ask proves nothing, however welcome.
    if (!pending_ || reply.attempt != pending_->attempt) {
        return Nothing{};
    }
    const auto answered = std::exchange(pending_, std::nullopt)->action;
    if (reply.fault != PowerFault::none && reply.fault != PowerFault::displaced) {
        last_trouble_ = devices_[device_].get() + ": " + reply.detail;
    }
    if (hopeless(reply.fault)) {
        ++refusals_;
        ++device_;
        return use_device(now);
    }
    if (answered == PowerAction::off) {
        // Carried out or refused (an already-off chassis may refuse), only a reading will tell.
        const bool heard = reply.fault == PowerFault::none || reply.fault == PowerFault::refused;
        heard_ = heard_ || heard;
        if (heard && now < device_until_) {
            return ask(now, PowerAction::read);
        }
        return rest(now, heard ? PowerAction::read : PowerAction::off);
    }
    if (reply.fault == PowerFault::none && reply.state == PowerState::off) {
        return on_off_reading(now);
    }
    contradict();
    if (reply.state == PowerState::on && now >= off_at_ && now < device_until_) {
        return ask(now, PowerAction::off);
    }
    return rest(now, PowerAction::read);
}

FenceProcedure::Next FenceProcedure::on_off_reading(Instant now)
{
    KNELL_ASSERT(heard_);
    if (readings_++ == 0) {
        off_since_ = now;
    }
    // The first reading is at most as late as its arrival, the last at least as late as its
    // question: the gap between those is the shortest time the host can have been off.
    const bool enough = readings_ >= timing_.readings && asked_at_ - off_since_ >= timing_.settle;
    if (settled_ || enough) {
        settled_ = true;
        wake_at_.reset();
        return FenceCertificate{permit_.host(), permit_.episode(),
                                FenceCertificate::Grounds::powered_off, asked_at_,
                                devices_[device_].get()};
    }
    return rest(now, PowerAction::read);
}

FenceProcedure::Next FenceProcedure::on_time(Instant now)
{
    if (!wake_at_ || now < *wake_at_) {
        return Nothing{};
    }
    if (pending_) {
        contradict(); // silence breaks a run of off readings
        last_trouble_ = devices_[device_].get() + ": no answer in time";
        next_ = pending_->action;
        pending_.reset();
    }
    if (now >= device_until_) {
        ++device_;
        return use_device(now);
    }
    if (next_ == PowerAction::off && now < off_at_) {
        return rest(now, next_);
    }
    return ask(now, next_);
}

FenceCertificate FenceProcedure::confirmed_by(const std::string& operator_name, Instant now) const
{
    return {permit_.host(), permit_.episode(), FenceCertificate::Grounds::operator_word, now,
            operator_name};
}

FenceProcedure::Next FenceProcedure::use_device(Instant now)
{
    pending_.reset();
    contradict();
    heard_ = false;
    if (device_ >= devices_.size()) {
        device_ = 0;
        wake_at_.reset();
        return FenceFailure{last_trouble_.empty() ? "no fence device could prove the host off"
                                                  : last_trouble_,
                            refusals_ == devices_.size()};
    }
    device_until_ = now + timing_.per_device;
    off_rest_ = timing_.poll;
    return ask(now, PowerAction::off);
}

FenceProcedure::Next FenceProcedure::ask(Instant now, PowerAction action)
{
    asked_at_ = now;
    if (action == PowerAction::off) {
        off_at_ = now + off_rest_;
        off_rest_ = std::min(off_rest_ * 2, std::max(off_rest_most, timing_.poll));
    }
    wake_at_ = std::min(now + timing_.reply, device_until_);
    pending_ = PowerCommand{devices_[device_], action, ids_->next_attempt(), *wake_at_, identity_};
    return *pending_;
}

FenceProcedure::Next FenceProcedure::rest(Instant now, PowerAction then)
{
    next_ = then;
    wake_at_ = now + timing_.poll;
    if (then == PowerAction::off) {
        wake_at_ = std::max(*wake_at_, off_at_);
    }
    wake_at_ = std::min(*wake_at_, device_until_);
    return Nothing{};
}

} // namespace knell
