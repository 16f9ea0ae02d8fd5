// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/property/device_world.hpp"

#include <algorithm>

namespace knell::test {

namespace {

const HostId the_host{"compute1"};
const SystemUuid the_machine{"4c4c4544-0042-4810-8051-b4c04f395931"};

FencePermit permit(Instant now)
{
    const HostPolicy policy{the_host};
    FenceGate gate{{Mode::armed, 1, 1min}, std::nullopt};
    auto leave =
        gate.admit(now, Suspicion{policy}.ordered_by(now, "a test"), {policy, EpisodeId{7}, ""});
    return std::get<FencePermit>(std::move(leave));
}

} // namespace

DeviceWorld::DeviceWorld(EveryChoice& choice, FenceTiming timing, unsigned choices, Tally& tally)
    : choice_{choice}, timing_{timing}, choices_{choices}, tally_{tally},
      procedure_{permit(now_), {DeviceId{"bmc"}, DeviceId{"pdu"}}, timing, the_machine, ids_},
      devices_{DeviceId{"bmc"}, DeviceId{"pdu"}}
{
}

std::string DeviceWorld::play()
{
    ++tally_.worlds;
    take(procedure_.begin(now_));
    for (int step = 0; !over_ && complaint_.empty(); ++step) {
        require(step < 400, "it does not end");
        if (open_ && held_back_ && pick(2) == 1) { // an old reply, at the worst moment
            deliver(*std::exchange(held_back_, std::nullopt));
        } else if (open_ && !mute_) {
            on_command(*open_);
        } else {
            time_passes();
        }
    }
    return complaint_.empty() ? "" : complaint_ + " (choices " + choice_.name() + ")";
}

unsigned DeviceWorld::pick(unsigned n)
{
    if (choices_ == 0) {
        return 0;
    }
    --choices_;
    return choice_.of(n);
}

void DeviceWorld::require(bool true_as_it_should_be, const std::string& complaint)
{
    if (!true_as_it_should_be && complaint_.empty()) {
        complaint_ = complaint;
    }
}

void DeviceWorld::break_run()
{
    run_ = 0;
    certified_ = false;
}

bool DeviceWorld::too_late(Duration delay) const
{
    return now_ + delay > open_->reply_by;
}

/// Power comes back for a moment, while nobody reads it.
void DeviceWorld::blip()
{
    if (!on_) {
        off_from_ = now_ + 50ms;
    }
}

void DeviceWorld::take(FenceProcedure::Next next)
{
    if (const auto* command = std::get_if<PowerCommand>(&next)) {
        judge_command(*command);
        open_ = *command;
        mute_ = false;
    } else if (std::get_if<FenceFailure>(&next)) {
        ++tally_.failures;
        require(device_ == 1, "it gave up before the second device was tried");
        require(gone_ || now_ - device_since_ >= timing_.per_device, "it gave up too early");
        over_ = true;
    }
}

void DeviceWorld::judge_command(const PowerCommand& command)
{
    const auto at = static_cast<std::size_t>(
        std::find(devices_.begin(), devices_.end(), command.device) - devices_.begin());
    if (!any_command_ || at != device_) {
        require(at == (any_command_ ? device_ + 1 : 0), "devices out of order");
        require(!any_command_ || gone_ || now_ - device_since_ >= timing_.per_device,
                "it left a device before its time");
        device_ = at;
        device_since_ = now_;
        off_commanded_ = gone_ = false;
        off_is_due_ = true;
        off_gap_ = timing_.poll;
        off_due_at_ = now_;
        rests_from_.reset();
        break_run();
        tally_.second_device += at == 1 ? 1U : 0U;
        require(command.action == PowerAction::off, "power off must go first, unconditionally");
    }
    any_command_ = true;
    require(!gone_, "a device that refused us for good was asked again");
    require(off_is_due_ == (command.action == PowerAction::off),
            off_is_due_ ? "it was not powered off, or read on; off must follow"
                        : "powered off again without need");
    require(command.action != PowerAction::off || now_ >= off_due_at_,
            "powered off again too soon");
    require(now_ - device_since_ < timing_.per_device, "the device is out of time and is asked on");
    require(!rests_from_ || now_ - *rests_from_ >= timing_.poll, "no rest between readings");
    require(command.reply_by == std::min(now_ + timing_.reply, device_since_ + timing_.per_device),
            "its patience is not `reply`, nor what is left for this device");
    require(command.identity == the_machine, "the identity must go with every command");
    rests_from_.reset();
    if (command.action == PowerAction::off) {
        off_commanded_ = true;
        off_is_due_ = false;
        off_due_at_ = now_ + off_gap_;
        off_gap_ = std::min(off_gap_ * 2, std::max(timing_.poll, Duration{5s}));
    }
}

DeviceWorld::Flight DeviceWorld::flight(const PowerCommand& command, PowerState state,
                                        PowerFault fault)
{
    return {{command.attempt, state, fault, "as the test has it"}, now_, !on_, off_from_};
}

void DeviceWorld::on_command(const PowerCommand& command)
{
    if (command.action == PowerAction::off) {
        carry_out_off(command);
    } else {
        answer_read(command);
    }
}

void DeviceWorld::carry_out_off(const PowerCommand& command)
{
    enum { done, lost, done_in_silence, refused, busy, only_said, held_back, hopeless, ways };
    const auto way = pick(ways);
    if (on_ && (way == done || way == done_in_silence || way == held_back)) {
        on_ = false;
        off_from_ = now_;
    }
    auto reply = flight(command, PowerState::unknown, PowerFault::none);
    switch (way) {
    case lost:
    case done_in_silence:
        mute_ = true;
        return;
    case held_back:
        if (std::exchange(may_hold_back_, false)) {
            held_back_ = reply;
            mute_ = true;
            return;
        }
        break;
    case only_said:
        reply.reply.state = PowerState::off; // nonsense: only a reading can tell
        break;
    case refused:
        reply.reply.fault = PowerFault::refused;
        break;
    case busy:
        reply.reply.fault = PowerFault::busy;
        break;
    case hopeless:
        reply.reply.fault = PowerFault::wrong_credentials;
        break;
    default:
        break;
    }
    if (too_late(100ms)) {
        mute_ = true;
        return;
    }
    now_ += 100ms;
    deliver(reply);
}

void DeviceWorld::answer_read(const PowerCommand& command)
{
    enum { honest, silent_blip, held_back, then_pressed, busy_blip, slow, heard, hopeless, ways };
    const auto way = pick(ways);
    auto reply = flight(command, on_ ? PowerState::on : PowerState::off, PowerFault::none);
    if (way == silent_blip || (way == held_back && may_hold_back_)) {
        if (way == held_back) {
            may_hold_back_ = false;
            held_back_ = reply;
        } else {
            blip();
        }
        mute_ = true;
        return;
    }
    if (way == busy_blip) {
        // The state that comes with a fault is nonsense, however welcome.
        reply.reply.fault = PowerFault::busy;
        reply.reply.state = PowerState::off;
        blip();
    } else if (way == hopeless) {
        reply.reply.fault = PowerFault::wrong_identity;
        reply.reply.state = PowerState::unknown;
    }
    const Duration delay = way == slow ? 1900ms : 100ms;
    if (too_late(delay)) {
        mute_ = true;
        return;
    }
    now_ += delay;
    if (way == then_pressed) {
        on_ = true;
    }
    deliver(reply);
    if (way == heard && !over_) { // whatever the device says: the host was heard
        procedure_.contradict();
        break_run();
        off_from_ = now_;
    }
}

void DeviceWorld::deliver(const Flight& flight)
{
    const bool in_time = open_ && open_->attempt == flight.reply.attempt;
    if (in_time) {
        heed(flight);
    }
    const auto fault = flight.reply.fault;
    auto next = procedure_.on_reply(now_, flight.reply);
    const auto* certificate = std::get_if<FenceCertificate>(&next);
    if (!in_time) {
        require(std::get_if<FenceProcedure::Nothing>(&next) != nullptr,
                "a reply to a question we no longer ask changed something");
        return;
    }
    const bool reading = flight.reply.state == PowerState::off && fault == PowerFault::none;
    const bool due =
        reading &&
        (certified_ || (run_ >= timing_.readings && flight.asked - run_since_ >= timing_.settle));
    require(due == (certificate != nullptr),
            due ? "a certificate was due and did not come" : "a certificate too early");
    if (certificate) {
        judge_certificate(*certificate, flight);
        confirm_or_stop();
        return;
    }
    take(std::move(next));
}

/// What the answer to the open question means for the judge.
void DeviceWorld::heed(const Flight& flight)
{
    const auto fault = flight.reply.fault;
    const bool was_reading = open_->action == PowerAction::read;
    open_.reset();
    gone_ = fault == PowerFault::wrong_credentials || fault == PowerFault::wrong_identity;
    if (was_reading) {
        rests_from_ = now_;
        if (fault != PowerFault::none || flight.reply.state != PowerState::off) {
            break_run();
            off_is_due_ = fault == PowerFault::none && flight.reply.state == PowerState::on &&
                          now_ >= off_due_at_;
            if (off_is_due_) {
                rests_from_.reset(); // while that is known, and not later
            }
        } else if (run_++ == 0) {
            run_since_ = now_;
        }
    } else if (fault == PowerFault::busy) {
        rests_from_ = now_;
        off_is_due_ = true;
    }
}

void DeviceWorld::judge_certificate(const FenceCertificate& certificate, const Flight& flight)
{
    ++(certified_ ? tally_.renewals : tally_.certificates);
    require(certificate.host() == the_host && certificate.episode() == EpisodeId{7},
            "a certificate for another host or episode");
    require(certificate.grounds() == FenceCertificate::Grounds::powered_off, "other grounds");
    require(certificate.verified_at() == flight.asked, "verified_at is not the last question");
    require(flight.truly_off, "the last reading was not made while it was off");
    require(off_commanded_, "this device was never told to power it off");
    require(certificate.witness() == devices_[device_].get(), "another device is the witness");
    require(certified_ || flight.asked - flight.off_from >= timing_.settle,
            "it had not been off for `settle`");
    require(!procedure_.deadline(), "a finished procedure wants to be woken");
}

void DeviceWorld::confirm_or_stop()
{
    certified_ = true;
    require(procedure_.settled() && !procedure_.awaits(), "a certificate, and yet not settled");
    if (!complaint_.empty() || confirms_left_-- == 0) {
        over_ = true;
        return;
    }
    now_ += 5s;
    if (pick(2) == 1) {
        on_ = true; // somebody presses the button between certificate and use
    }
    rests_from_.reset();
    device_since_ = now_;
    take(procedure_.confirm(now_));
}

void DeviceWorld::time_passes()
{
    const auto at = procedure_.deadline();
    require(at.has_value(), "it waits for nothing and has not ended");
    if (!at) {
        return;
    }
    if (now_ < *at) { // woken for nothing, just before the time
        auto early = procedure_.on_time(*at - 1us);
        require(std::get_if<FenceProcedure::Nothing>(&early) != nullptr, "it acted too early");
    }
    now_ = std::max(now_, *at);
    if (open_) { // nobody answered
        break_run();
        off_is_due_ = off_is_due_ || open_->action == PowerAction::off;
        open_.reset();
        rests_from_.reset();
    }
    take(procedure_.on_time(now_));
}

} // namespace knell::test
