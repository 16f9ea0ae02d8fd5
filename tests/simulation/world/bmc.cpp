// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/bmc.hpp"

#include "core/assert.hpp"

namespace knell::sim {

namespace {

constexpr Duration way = 5ms;         ///< of a packet, and what the firmware thinks
constexpr Duration takes_off = 300ms; ///< from the command until the machine is dark

PowerReply reply(AttemptId attempt, PowerFault fault, std::string detail)
{
    return {attempt, PowerState::unknown, fault, std::move(detail)};
}

} // namespace

Bmcs::Bmcs(Truth& truth) : truth_{truth}, dice_{truth.options.wanted.seed, "bmcs"}
{
    for (const auto& [host, machine] : truth.machines) {
        bmcs_.emplace(host, Bmc{DeviceId{"bmc" + std::to_string(machine.number)}, host, host});
    }
}

void Bmcs::ask(const HostId& host, std::string line, Instant asked_at,
               std::function<void(std::string)> answer)
{
    const auto slow = dice_.between(0us, of(host).slowness);
    truth_.agenda.after(way + slow / 2, [this, host, line = std::move(line), asked_at, slow,
                                         answer = std::move(answer)] {
        auto& bmc = of(host);
        const auto request = fencing::ipmi::read_request(line);
        KNELL_ASSERT(request.has_value());
        // It has the power of the rack in which the machine that it controls stands.
        if (bmc.stuck || !truth_.machine(bmc.wired).fed) {
            return;
        }
        const auto reply = perform(bmc, *request, asked_at);
        if (on_command) {
            on_command(bmc, request->action, reply);
        }
        if (bmc.mute) {
            return;
        }
        auto said = fencing::ipmi::write_reply(reply);
        truth_.agenda.after(way + slow / 2, [said = std::move(said), answer] { answer(said); });
    });
}

PowerReply Bmcs::perform(Bmc& bmc, const fencing::ipmi::Request& request, Instant asked_at)
{
    if (bmc.busy) {
        return reply(request.attempt, PowerFault::busy, "no session slot is free");
    }
    if (bmc.locked) {
        return reply(request.attempt, PowerFault::wrong_credentials, "the password is refused");
    }
    if (request.identity && *request.identity != truth_.machine(bmc.wired).guid) {
        return reply(request.attempt, PowerFault::wrong_identity,
                     "it belongs to the system " + truth_.machine(bmc.wired).guid.get());
    }
    return act(bmc, request, asked_at);
}

PowerReply Bmcs::act(Bmc& bmc, const fencing::ipmi::Request& request, Instant asked_at)
{
    const auto& machine = truth_.machine(bmc.wired);
    switch (request.action) {
    case PowerAction::off:
        if (!machine.button && !bmc.lies) {
            return reply(request.attempt, PowerFault::refused, "it is off already");
        }
        if (!bmc.deaf) {
            truth_.agenda.after(takes_off, [this, id = bmc.id, meant = bmc.meant, hit = bmc.wired] {
                truth_.tell(SwitchedOff{id, meant, hit, truth_.machine(hit).kernel});
                truth_.switch_off(hit);
            });
        }
        return reply(request.attempt, PowerFault::none, "switched off");
    case PowerAction::on:
        truth_.switch_on(bmc.wired);
        return reply(request.attempt, PowerFault::none, "switched on");
    case PowerAction::read: {
        PowerReply read{request.attempt,
                        machine.button && !bmc.lies ? PowerState::on : PowerState::off,
                        PowerFault::none, "as it reads"};
        truth_.tell(Reading{bmc.meant, request.attempt, asked_at, read.state,
                            !truth_.machine(bmc.meant).powered(), bmc.lies});
        return read;
    }
    case PowerAction::prepare:
        break;
    case PowerAction::inspect: {
        auto facts = reply(request.attempt, PowerFault::none, "session open");
        facts.facts = bmc.facts;
        return facts;
    }
    }
    return reply(request.attempt, PowerFault::none, "session open");
}

} // namespace knell::sim
