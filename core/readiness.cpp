// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/readiness.hpp"

#include <algorithm>
#include <utility>

namespace knell {

namespace {

/// After a device did not answer, it is looked at again sooner than a healthy one, then ever later.
constexpr Duration sooner = 1min;
constexpr unsigned doublings = 10;
/// Somebody waits for the look that it was too busy for.
constexpr Duration soonest = 5s;
/// So often in a row, and it is not busy but unusable.
constexpr unsigned busy_most = 3;

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

Readiness::Readiness(const HostPolicy& policy, Ids& ids, Turnstile& gate)
    : host_{policy.host}, ids_{&ids}, gate_{&gate}
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
            devices_.push_back({{id, "unknown", "", {}, {}, {}},
                                State::unknown,
                                {},
                                LoginMark{""},
                                {},
                                false,
                                0,
                                0,
                                false});
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

void Readiness::recall(Instant now, const Recollection::Refusals& past)
{
    for (const auto& [id, refusal] : past) {
        if (auto* device = find(id)) {
            device->refused_at = now - refusal.ago;
            device->recalled = true;
            device->login = refusal.login;
            settle(*device, State::not_ready,
                   "it refused our password while an earlier knelld ran");
        }
    }
}

void Readiness::compare(Instant now, const std::map<DeviceId, LoginMark>& logins, Effects& effects)
{
    for (auto& device : devices_) {
        const auto found = logins.find(device.shown.id);
        const auto login = found == logins.end() ? LoginMark{""} : found->second;
        if (device.refused_at && device.login != login) {
            forgive(device, "its login was changed", effects);
            device.next = now;
        }
        device.login = login;
    }
}

void Readiness::look_now(Instant now, const std::string& by, Effects& effects)
{
    for (auto& device : devices_) {
        if (device.refused_at) {
            forgive(device, by + " has it looked at", effects);
        }
        device.next = now;
        device.wanted = true;
        device.busy = 0;
    }
}

void Readiness::refuse(Instant now, Device& device, Effects& effects)
{
    device.refused_at = now;
    device.recalled = false;
    keep(JournalEntry::What::refused, device, device.login.get(), effects);
}

void Readiness::forgive(Device& device, std::string why, Effects& effects)
{
    device.refused_at.reset();
    device.recalled = false;
    settle(device, State::unknown, "");
    keep(JournalEntry::What::unrefused, device, std::move(why), effects);
}

/// Nothing waits for it: it decides only what the next knelld does.
void Readiness::keep(JournalEntry::What what, const Device& device, std::string detail,
                     Effects& effects)
{
    JournalEntry entry{what, host_};
    entry.by = device.shown.id.get();
    entry.detail = std::move(detail);
    effects.push_back(Record{std::move(entry), ids_->next_attempt()});
}

Readiness::Device* Readiness::find(const DeviceId& id)
{
    const auto found = std::find_if(devices_.begin(), devices_.end(),
                                    [&](const auto& one) { return one.shown.id == id; });
    return found == devices_.end() ? nullptr : &*found;
}

std::optional<PowerCommand> Readiness::due(Instant now, const std::optional<SystemUuid>& identity)
{
    give_up(now);
    if (asked_) {
        return std::nullopt;
    }
    for (auto& device : devices_) {
        const bool never = timing_.inspect == Duration::zero() && !device.wanted;
        if (never || device.refused_at || now < device.next) {
            continue;
        }
        auto pass = gate_->enter();
        if (!pass) {
            return std::nullopt;
        }
        device.next = now + timing_.inspect;
        asked_ = {ids_->next_attempt(),
                  device.shown.id,
                  now,
                  now + timing_.reply,
                  identity || identity_check_ == IdentityCheck::unchecked,
                  std::move(pass)};
        return PowerCommand{device.shown.id, PowerAction::inspect, asked_->attempt,
                            asked_->reply_by, identity};
    }
    return std::nullopt;
}

void Readiness::give_up(Instant now)
{
    if (asked_ && now > asked_->reply_by + answer_grace) {
        asked_.reset();
    }
}

void Readiness::settle(Device& device, State state, std::string why)
{
    device.state = state;
    device.shown.state = state == State::ready       ? "ready"
                         : state == State::not_ready ? "not ready"
                                                     : "unknown";
    device.shown.why = std::move(why);
}

/// We needed it for something else, or it has no session to spare just now.
bool Readiness::still_unknown(Instant now, Device& device, PowerFault fault) const
{
    device.busy = fault == PowerFault::busy ? device.busy + 1 : 0;
    if (fault != PowerFault::displaced && (device.busy == 0 || device.busy >= busy_most)) {
        return false;
    }
    const auto rest = device.wanted ? soonest : sooner;
    device.next =
        now + (timing_.inspect == Duration::zero() ? rest : std::min(timing_.inspect, rest));
    return true;
}

bool Readiness::on_reply(Instant now, const PowerReply& reply, Effects& effects)
{
    if (!asked_ || asked_->attempt != reply.attempt) {
        return false;
    }
    const auto asked = std::move(*std::exchange(asked_, std::nullopt));
    auto* device = find(asked.device);
    if (device == nullptr || still_unknown(now, *device, reply.fault)) {
        return true;
    }
    const auto before = std::pair{device->state, device->shown.why};
    device->wanted = false;
    device->shown.looked_at = now;
    device->shown.latency = now - asked.at;
    if (reply.fault != PowerFault::none) {
        if (reply.fault == PowerFault::wrong_credentials) {
            refuse(now, *device, effects);
        }
        device->next = now + std::min(timing_.inspect, sooner * (1U << device->failed));
        device->failed = std::min(device->failed + 1, doublings);
        settle(*device, State::not_ready,
               reply.detail + (reply.fault == PowerFault::busy
                                   ? ", at " + std::to_string(busy_most) + " looks in a row"
                                   : ""));
    } else {
        device->failed = 0;
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
        ready ? "FENCE_READY" : "FENCE_NOT_READY", host_, EpisodeId{0},
        device->shown.id.get() +
            (!ready        ? " could not power it off now"
             : asked.known ? " could power it off"
                           : " could power it off, once it can be compared whose it is") +
            why + (device->refused_at ? ". Not tried again until `knellctl host inspect`" : "")});
    return true;
}

void Readiness::learn(Instant now, const DeviceId& id, PowerFault fault, const std::string& detail,
                      Effects& effects)
{
    auto* device = find(id);
    if (device == nullptr) {
        return;
    }
    if (fault == PowerFault::wrong_credentials) {
        refuse(now, *device, effects);
        device->shown.looked_at = now;
        settle(*device, State::not_ready, detail);
    } else if (fault == PowerFault::none && device->refused_at) {
        forgive(*device, "it let us in", effects);
        device->next = now;
    }
}

bool Readiness::refused(const DeviceId& id) const
{
    return std::any_of(devices_.begin(), devices_.end(), [&](const auto& one) {
        return one.shown.id == id && one.refused_at.has_value();
    });
}

bool Readiness::seen_refused(const DeviceId& id) const
{
    return std::any_of(devices_.begin(), devices_.end(), [&](const auto& one) {
        return one.shown.id == id && one.refused_at.has_value() && !one.recalled;
    });
}

std::optional<Instant> Readiness::refused_at() const
{
    std::optional<Instant> last;
    for (const auto& device : devices_) {
        if (!device.refused_at) {
            return std::nullopt;
        }
        last = std::max(last.value_or(*device.refused_at), *device.refused_at);
    }
    return last;
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
