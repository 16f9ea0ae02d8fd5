// SPDX-License-Identifier: GPL-3.0-or-later
// The power outside of a fence: of the dead, and what was asked before it was needed.
#include "core/host_machine.hpp"

#include <algorithm>

namespace knell {

namespace {

/// Firmware takes its time, and memory is tested; an agent speaks right after the boot.
constexpr Duration boot_most = 15min;

} // namespace

/// What the journal says of refused passwords holds for the logins as they were then.
void HostMachine::compare_logins(Instant now, const Recollection::Refusals& past, Effects& effects)
{
    readiness_.recall(now, past);
    readiness_.compare(now, commons_->logins, effects);
}

/// While nobody needs them, or an operator wants it.
void HostMachine::look_at_devices(Instant now, Effects& effects)
{
    readiness_.give_up(now);
    const bool idle =
        episode_ == EpisodeId{0} && (state_ == HostState::unseen || state_ == HostState::healthy);
    const bool needed = state_ == HostState::fencing || state_ == HostState::fenced;
    if (!(idle || (readiness_.wanted() && !needed)) || !commons_->gate.hold().empty()) {
        return;
    }
    if (auto command = readiness_.due(now, identity())) {
        effects.push_back(Power{policy_.host, std::move(*command)});
    }
}

/// While Nova holds it for down, or may: does the power stay off?
void HostMachine::watch_power(Instant now, Effects& effects)
{
    if (policy_.devices.empty() || state_ != HostState::down ||
        !(procedure_ || recalled_ || mark_)) {
        return;
    }
    if (auto command = power_.watch.due(now, policy_, readiness_, identity(), commons_->ids)) {
        effects.push_back(Power{policy_.host, std::move(*command)});
    }
    const bool hopeless = readiness_.refused_at().has_value();
    if (power_.watch.goes_dark(hopeless)) {
        notice(
            Notice::Weight::warning, "POWER_UNREAD",
            std::string{"its power cannot be read any more"} +
                (power_.watch.trouble().empty() ? "" : " (" + power_.watch.trouble() + ")") +
                ": that somebody switches it on would not be seen. " +
                (hopeless ? "Not tried again until `knellctl host inspect`" : "knell keeps trying"),
            effects);
    }
    if (power_.on_since && now - *power_.on_since >= boot_most) {
        power_.on_since.reset();
        notice(Notice::Weight::alarm, "POWER_ON_UNEXPLAINED",
               "it has been on for " + std::to_string(boot_most / 1min) +
                   " min, and no new boot speaks: nobody knows what runs on it. Look at its "
                   "console, and keep its servers' disks away from it; our flag stays",
               effects);
    }
}

/// Nova knows that it was off: whoever evacuates may begin, and the host may boot.
void HostMachine::switch_on(Instant now, Effects& effects)
{
    if (power_.switch_on != PowerOfTheDead::SwitchOn::wanted || now < power_.switch_on_at ||
        state_ != HostState::down || !mark_ || commons_->gate.stopped()) {
        return;
    }
    const auto device = power_.watch.device(policy_, readiness_);
    if (!device) {
        return; // each has refused our password, and that was told
    }
    power_.switch_on = PowerOfTheDead::SwitchOn::asked;
    power_.switching_on = PowerCommand{*device, PowerAction::on, commons_->ids.next_attempt(),
                                       now + policy_.fence.reply, identity()};
    effects.push_back(Power{policy_.host, *power_.switching_on});
}

void HostMachine::on_switched_on(Instant now, const PowerReply& reply, Effects& effects)
{
    const auto device = std::exchange(power_.switching_on, std::nullopt)->device;
    readiness_.learn(now, device, reply.fault, reply.detail, effects);
    if (reply.fault == PowerFault::none) {
        power_.switch_on = PowerOfTheDead::SwitchOn::done;
        power_.came_back = true;
        notice(Notice::Weight::info, "HOST_SWITCHED_ON",
               "it boots again; our flag stays until the new boot is well", effects);
        return;
    }
    power_.switch_on = PowerOfTheDead::SwitchOn::wanted;
    power_.switch_on_at = now + policy_.fence.retry;
    if (reply.fault == PowerFault::displaced) {
        return; // a hold withdrew it
    }
    power_.watch.pass_over();
    const auto trouble = device.get() + ": " + reply.detail;
    const auto told = std::find(power_.troubles.begin(), power_.troubles.end(), trouble);
    if (told == power_.troubles.end()) {
        power_.troubles.push_back(trouble);
        notice(Notice::Weight::warning, "SWITCH_ON_FAILED",
               trouble + (readiness_.refused_at()
                              ? "; not tried again until `knellctl host inspect`"
                              : "; knell tries again"),
               effects);
    }
}

/// The answers to what was asked besides the procedure. False: it is none of them.
bool HostMachine::on_power_outside_of_a_fence(Instant now, const PowerReply& reply,
                                              Effects& effects)
{
    if (preparing_ == reply.attempt) {
        preparing_.reset();
        readiness_.learn(now, policy_.devices.front(), reply.fault, reply.detail, effects);
        return !procedure_;
    }
    if (power_.switching_on && power_.switching_on->attempt == reply.attempt) {
        on_switched_on(now, reply, effects);
        return true;
    }
    const auto device = power_.watch.on_reply(reply);
    if (!device) {
        return false;
    }
    readiness_.learn(now, *device, reply.fault, reply.detail, effects);
    const bool heard = reply.fault == PowerFault::none;
    try_.last_read = reply.state;
    if (power_.watch.lights_up()) {
        notice(Notice::Weight::info, "POWER_READ_AGAIN",
               std::string{"its power can be read again, and it is "} +
                   (reply.state == PowerState::on ? "ON" : "off"),
               effects);
    }
    if (heard && reply.state == PowerState::on && mark_ && !power_.came_back) {
        power_.came_back = true;
        power_.on_since = now;
        const bool word =
            certificate_ && certificate_->grounds() == FenceCertificate::Grounds::operator_word;
        notice(Notice::Weight::warning, "POWER_CAME_BACK",
               (word ? "it reads ON: switched on again, and not by knell, or never off, as " +
                           certificate_->witness() + " had said"
                     : std::string{"it is switched on again, and not by knell"}) +
                   "; our flag stays until a new boot is well",
               effects);
    } else if (heard && reply.state == PowerState::off) {
        power_.came_back = false;
        power_.on_since.reset();
    }
    return true;
}

} // namespace knell
