// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/readiness.hpp"

#include <algorithm>
#include <utility>

namespace knell {

namespace {

/// After a device did not answer, it is looked at again sooner than a healthy one.
constexpr Duration sooner = 1min;
constexpr Duration answer_grace = 1s;

/// What the device's owner should mend although it can be used.
std::string advice(const DeviceFacts& facts)
{
    std::string text;
    if (facts.cipher_zero == true) {
        text = "it accepts cipher suite 0: anybody can log in without a password";
    }
    if (facts.on_restore == "always-on") {
        text += std::string{text.empty() ? "" : "; "} +
                "it switches the host on when power returns, also after a fence";
    }
    return text;
}

} // namespace

Readiness::Readiness(const HostPolicy& policy, Ids& ids) : ids_{&ids}
{
    adopt(policy);
}

void Readiness::adopt(const HostPolicy& policy)
{
    timing_ = policy.fence;
    identity_check_ = policy.identity_check;
    auto before = std::exchange(devices_, {});
    for (const auto& id : policy.devices) {
        const auto known = std::find_if(before.begin(), before.end(),
                                        [&](const auto& one) { return one.shown.id == id; });
        if (known != before.end()) {
            devices_.push_back(std::move(*known));
        } else {
            Device device{{id, "unknown", "", {}, {}, {}}, State::unknown, false, {}, false};
            devices_.push_back(std::move(device));
        }
    }
    if (asked_ && find(asked_->device) == nullptr) {
        asked_.reset();
    }
}

void Readiness::begin(Instant now, Duration after)
{
    for (auto& device : devices_) {
        device.next = now + after;
    }
}

void Readiness::look_now(Instant now)
{
    for (auto& device : devices_) {
        device.refused = false;
        device.next = now;
        device.wanted = true;
    }
}

Readiness::Device* Readiness::find(const DeviceId& id)
{
    const auto found = std::find_if(devices_.begin(), devices_.end(),
                                    [&](const auto& one) { return one.shown.id == id; });
    return found == devices_.end() ? nullptr : &*found;
}

std::optional<PowerCommand> Readiness::due(Instant now, const std::optional<SystemUuid>& identity)
{
    if (asked_ && now > asked_->reply_by + answer_grace) {
        asked_.reset();
    }
    if (asked_) {
        return std::nullopt;
    }
    for (auto& device : devices_) {
        const bool never = timing_.inspect == Duration::zero() && !device.wanted;
        if (never || device.refused || now < device.next) {
            continue;
        }
        device.next = now + timing_.inspect;
        asked_ = {ids_->next_attempt(), device.shown.id, now, now + timing_.reply,
                  identity || identity_check_ == IdentityCheck::unchecked};
        return PowerCommand{device.shown.id, PowerAction::inspect, asked_->attempt,
                            asked_->reply_by, identity};
    }
    return std::nullopt;
}

void Readiness::settle(Device& device, State state, std::string why)
{
    device.state = state;
    device.shown.state = state == State::ready ? "ready" : "not ready";
    device.shown.why = std::move(why);
}

bool Readiness::on_reply(Instant now, const PowerReply& reply, const HostId& host, Effects& effects)
{
    if (!asked_ || asked_->attempt != reply.attempt) {
        return false;
    }
    const auto asked = *std::exchange(asked_, std::nullopt);
    auto* device = find(asked.device);
    if (device == nullptr || reply.fault == PowerFault::busy) {
        return true; // somebody needed it, or it has no session to spare: we do not know
    }
    const auto before = std::pair{device->state, device->shown.why};
    device->wanted = false;
    device->shown.looked_at = now;
    device->shown.latency = now - asked.at;
    if (reply.fault != PowerFault::none) {
        device->refused = reply.fault == PowerFault::wrong_credentials;
        device->next = now + std::min(timing_.inspect, sooner);
        settle(*device, State::not_ready, reply.detail);
    } else {
        device->shown.facts = reply.facts.value_or(DeviceFacts{});
        const bool powerless = device->shown.facts.may_power_off == false;
        settle(*device, powerless ? State::not_ready : State::ready,
               powerless ? "our user may not power it off: give it the privilege level OPERATOR"
                         : advice(device->shown.facts));
    }
    const bool ready = device->state == State::ready;
    if (ready) {
        ready_at_ = reply.attempt;
    }
    if (before == std::pair{device->state, device->shown.why}) {
        return true;
    }
    const auto why = device->shown.why.empty() ? "" : ": " + device->shown.why;
    effects.push_back(Notice{
        ready && why.empty() ? Notice::Weight::info : Notice::Weight::warning,
        ready ? "FENCE_READY" : "FENCE_NOT_READY", host, EpisodeId{0},
        device->shown.id.get() +
            (!ready        ? " could not power it off now"
             : asked.known ? " could power it off"
                           : " could power it off, once it can be compared whose it is") +
            why + (device->refused ? ". Not tried again until `knellctl host inspect`" : "")});
    return true;
}

void Readiness::learn(Instant now, const DeviceId& id, PowerFault fault, const std::string& detail)
{
    if (auto* device = find(id); device != nullptr && fault == PowerFault::wrong_credentials) {
        device->refused = true;
        device->shown.looked_at = now;
        settle(*device, State::not_ready, detail);
    }
}

bool Readiness::refused(const DeviceId& id) const
{
    return std::any_of(devices_.begin(), devices_.end(),
                       [&](const auto& one) { return one.shown.id == id && one.refused; });
}

bool Readiness::wanted() const
{
    return std::any_of(devices_.begin(), devices_.end(),
                       [](const auto& device) { return device.wanted; });
}

std::string Readiness::complaint(const std::optional<SystemUuid>& identity) const
{
    if (devices_.empty()) {
        return "it has no fence device";
    }
    if (identity_check_ == IdentityCheck::required && !identity) {
        return "its BMC cannot be told from another: set `guid` or run knell-agent";
    }
    std::string why;
    for (const auto& device : devices_) {
        if (device.state != State::not_ready) {
            return {};
        }
        why += (why.empty() ? "" : "; ") + device.shown.id.get() + ": " + device.shown.why;
    }
    return why;
}

std::vector<DeviceView> Readiness::view() const
{
    std::vector<DeviceView> views;
    for (const auto& device : devices_) {
        views.push_back(device.shown);
    }
    return views;
}

} // namespace knell
