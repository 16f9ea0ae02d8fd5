// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/chaos.hpp"

namespace knell::sim {

Chaos::Chaos(Datacentre& world) : world_{world}, truth_{world.truth}
{
    for (const auto& [host, machine] : truth_.machines) {
        hosts_.push_back(host);
    }
    for (const auto fault : truth_.options.faults) {
        dice_.emplace(fault, Dice{truth_.options.wanted.seed, name_of(fault)});
    }
    world_.cables.loses = world_.cables.delays = world_.cables.repeats = true;
}

void Chaos::begin()
{
    truth_.say("--- chaos");
    for (auto& [fault, dice] : dice_) {
        const auto first = dice.between(10s, 90s);
        truth_.agenda.after(Duration{static_cast<Duration::rep>(static_cast<double>(first.count()) /
                                                                truth_.options.pace)},
                            [this, which = fault] { strike(which); });
    }
}

void Chaos::end()
{
    truth_.say("--- calm");
    over_ = true;
    for (const auto& [number, undo] : std::exchange(undo_, {})) {
        undo();
    }
    world_.cables.loses = world_.cables.delays = world_.cables.repeats = false;
}

const HostId& Chaos::any_host(Dice& dice)
{
    return dice.one_of(hosts_);
}

void Chaos::spell(Duration lasting, Act undo)
{
    const auto number = ++spells_;
    undo_.emplace(number, std::move(undo));
    truth_.agenda.after(lasting, [this, number] {
        if (auto found = undo_.extract(number)) {
            found.mapped()();
        }
    });
}

void Chaos::death(Duration lasting, Act revive)
{
    truth_.agenda.after(lasting, [this, revive = std::move(revive)] {
        if (!over_) {
            revive();
        }
    });
}

void Chaos::strike(Fault fault)
{
    if (over_) {
        return;
    }
    auto& dice = dice_.at(fault);
    act(fault, dice);
    const bool often = fault == Fault::old_answers || fault == Fault::operators;
    const auto pause = often ? dice.between(3s, 30s) : dice.between(30s, 180s);
    truth_.agenda.after(Duration{static_cast<Duration::rep>(static_cast<double>(pause.count()) /
                                                            truth_.options.pace)},
                        [this, fault] { strike(fault); });
}

void Chaos::act(Fault fault, Dice& dice)
{
    const auto host = any_host(dice);
    const auto lasting = dice.between(5s, 120s);
    const auto rack = static_cast<unsigned>(dice.below(truth_.options.racks));
    const auto network = dice.below(truth_.options.networks);
    switch (fault) {
    case Fault::power_cut:
        truth_.switch_off(host);
        return death(lasting, [this, host] { world_.revive(host); });
    case Fault::panic:
        truth_.panic(host);
        return death(lasting, [this, host] { world_.revive(host); });
    case Fault::userspace:
        truth_.hang_agent(host, true);
        return spell(lasting, [this, host] { truth_.hang_agent(host, false); });
    case Fault::cables: {
        const bool all = dice.chance(0.6);
        for (std::size_t n = 0; n < truth_.options.networks; ++n) {
            if (all || n == network) {
                world_.cables.cut(host, n, true);
            }
        }
        return death(lasting, [this, host] { world_.revive(host); });
    }
    case Fault::rack_power:
        truth_.feed(rack, false);
        truth_.say("* rack" + std::to_string(rack) + " has no power");
        return spell(lasting, [this, rack] { truth_.feed(rack, true); });
    case Fault::rack_switch:
        world_.cables.break_switch(rack, network, true);
        return spell(lasting,
                     [this, rack, network] { world_.cables.break_switch(rack, network, false); });
    case Fault::our_eyes: {
        const auto how = dice.chance(0.5) ? Cables::Ours::no_carrier : Cables::Ours::dead_behind;
        const bool all = dice.chance(0.5);
        for (std::size_t n = 0; n < truth_.options.networks; ++n) {
            if (all || n == network) {
                world_.cables.our_side(n, how);
                spell(lasting, [this, n] { world_.cables.our_side(n, Cables::Ours::whole); });
            }
        }
        return;
    }
    case Fault::foreign_flags:
        return meddle(dice);
    case Fault::flag_races:
        if (world_.running()) {
            at_some_deed(dice, [this, &dice] { meddle(dice); });
        }
        return;
    case Fault::operators:
        return operate(dice);
    case Fault::strangers_power:
        if (truth_.machine(host).kernel && dice.chance(0.5)) { // an orderly shutdown
            world_.agents.say_goodbye(host);
            truth_.agenda.after(5s, [this, host] { truth_.switch_off(host); });
            return death(lasting, [this, host] { world_.revive(host); });
        }
        return world_.revive(host);
    case Fault::jitter:
    case Fault::loss:
    case Fault::duplicates:
        return; // of every packet, all the time
    default:
        act_on_bmc(fault, dice);
        act_on_nova(fault, dice);
        act_on_knelld(fault, dice);
    }
}

void Chaos::act_on_bmc(Fault fault, Dice& dice)
{
    const auto host = any_host(dice);
    const auto lasting = dice.between(10s, 150s);
    auto& bmc = world_.bmcs.of(host);
    const auto set = [&](bool& what) {
        what = true;
        truth_.say(host, "* its BMC: " + std::string{name_of(fault)});
        spell(lasting, [&what] { what = false; });
    };
    switch (fault) {
    case Fault::bmc_miswired: {
        auto& other = world_.bmcs.of(any_host(dice));
        std::swap(bmc.wired, other.wired);
        truth_.say("* " + bmc.id.get() + " controls " + bmc.wired.get() + ", " + other.id.get() +
                   " " + other.wired.get());
        return spell(lasting, [this] {
            for (auto& [meant, one] : world_.bmcs.all()) {
                one.wired = meant;
            }
        });
    }
    case Fault::bmc_lies:
        return set(bmc.lies);
    case Fault::bmc_deaf:
        return set(bmc.deaf);
    case Fault::bmc_stuck:
        return set(bmc.stuck);
    case Fault::bmc_sessions:
        return set(bmc.busy);
    case Fault::bmc_locked:
        return set(bmc.locked);
    case Fault::bmc_slow:
        bmc.slowness = dice.between(1s, 8s);
        truth_.say(host, "* its BMC is slow");
        return spell(lasting, [&bmc] { bmc.slowness = {}; });
    default:
        return;
    }
}

void Chaos::act_on_nova(Fault fault, Dice& dice)
{
    const auto set = [&](bool& what) {
        what = true;
        truth_.say("* " + std::string{name_of(fault)});
        spell(dice.between(5s, 90s), [this, &what, fault] {
            what = false;
            truth_.say("* no longer " + std::string{name_of(fault)});
        });
    };
    switch (fault) {
    case Fault::nova_gone:
        set(world_.weather.gone);
        world_.cloud.works = false;
        return spell(10s, [this] { world_.cloud.works = true; });
    case Fault::nova_lossy:
        return set(world_.weather.lossy);
    case Fault::nova_late:
        return set(world_.weather.late);
    case Fault::nova_stale:
        return set(world_.weather.stale);
    case Fault::nova_forgets:
        return set(world_.weather.forgets);
    case Fault::nova_ill:
        return set(world_.weather.ill);
    case Fault::nova_cell:
        return set(world_.weather.hidden);
    case Fault::evacuations:
        return set(world_.cloud.leaves_records);
    default:
        return;
    }
}

void Chaos::pause(void (Datacentre::*how)(Duration), Dice& dice)
{
    const auto rest = dice.chance(0.5) ? dice.between(200ms, 5s) : dice.between(5s, 120s);
    const bool anywhere = dice.chance(0.5);
    if (anywhere || !world_.running()) {
        return (world_.*how)(rest);
    }
    at_some_deed(dice, [this, how, rest] { (world_.*how)(rest); });
}

void Chaos::at_some_deed(Dice& dice, Act act)
{
    const auto number = 1 + static_cast<unsigned>(dice.below(40));
    world_.knelld().at_effect(number, [this, act = std::move(act)] {
        if (!over_) {
            act();
        }
    });
}

void Chaos::act_on_knelld(Fault fault, Dice& dice)
{
    switch (fault) {
    case Fault::disk_full:
        world_.disk.health = Disk::Health::full;
        return spell(dice.between(1s, 60s), [this] { world_.disk.health = Disk::Health::well; });
    case Fault::disk_slow:
        world_.disk.latency = dice.between(50ms, 8s);
        return spell(dice.between(10s, 60s), [this] { world_.disk.latency = 1ms; });
    case Fault::disk_fails:
        world_.disk.health = Disk::Health::fails;
        return spell(dice.between(1s, 20s), [this] { world_.disk.health = Disk::Health::well; });
    case Fault::crash:
        if (world_.running()) {
            world_.knelld().die_at(1 + static_cast<unsigned>(dice.below(40)), dice.chance(0.5));
        }
        return;
    case Fault::reboot:
        return world_.reboot_machine(
            dice.chance(0.7) ? Duration{} : dice.between(0us, Duration{2h}) - Duration{1h});
    case Fault::stop:
        return pause(&Datacentre::stop_knelld, dice);
    case Fault::sleep:
        return pause(&Datacentre::suspend_machine, dice);
    case Fault::reload: {
        if (!world_.running() || world_.knelld().stopped()) {
            return;
        }
        auto policy = truth_.policy_now;
        policy.gate.budget = 1 + static_cast<unsigned>(dice.below(4));
        policy.nova.retry_most = dice.between(4s, 8s);
        if (dice.chance(0.5)) {
            dice.one_of(policy.hosts).hold_down = dice.between(5s, 20s);
        }
        const auto refusals = world_.knelld().reload(policy);
        return truth_.say(refusals.empty() ? "* reloaded" : "* not reloaded: " + refusals.front());
    }
    case Fault::old_answers:
        if (world_.running()) {
            world_.knelld().repeat_an_answer();
        }
        return;
    default:
        return;
    }
}

/// Another tool, or a person, sets the flag or clears it; on a host that runs, too.
void Chaos::meddle(Dice& dice)
{
    const auto& host = any_host(dice);
    const auto& service = world_.cloud.service(host);
    if (service.forced_down) {
        if (!world_.cloud.unfinished(host)) {
            world_.cloud.set_flag(host, false, Hand::somebody);
        }
        return;
    }
    world_.cloud.set_flag(host, true, Hand::somebody);
    spell(dice.between(5s, 60s), [this, host] {
        const auto& hands = world_.cloud.service(host).hands;
        if (hands.contains(Hand::somebody) && !hands.contains(Hand::knell)) {
            world_.cloud.set_flag(host, false, Hand::somebody);
        }
    });
}

void Chaos::operate(Dice& dice)
{
    using What = Datacentre::What;
    const auto host = any_host(dice);
    auto& machine = truth_.machine(host);
    switch (dice.below(12)) {
    case 0:
        return world_.order(dice.chance(0.7) ? What::arm : What::disarm);
    case 1:
        return world_.order(dice.chance(0.3) ? What::hold : What::unhold);
    case 2:
        return world_.order(What::fence, host, dice.chance(0.3));
    case 3:
        if (!machine.powered()) { // they look first, and leave it off until Nova knows
            machine.vouched_off = true;
            truth_.agenda.after(40s, [&machine] { machine.vouched_off = false; });
            world_.order(What::confirm_off, host, dice.chance(0.3));
        } else { // and he who does not look errs
            world_.order(What::confirm_off, host);
        }
        return;
    case 4:
        return world_.order(What::release, host, dice.chance(0.2));
    case 5:
        return world_.order(What::readmit);
    case 6:
    case 7:
        return world_.order(What::approve, host);
    case 8:
        return world_.order(What::begin_maintenance, host, false, dice.between(10s, 120s));
    case 9:
        return world_.order(What::end_maintenance, host);
    case 10: {
        auto& service = world_.cloud.service(host);
        service.disabled = !service.disabled;
        service.disabled_reason = service.disabled ? "kernel update" : "";
        return spell(40s, [&service] {
            service.disabled = false;
            service.disabled_reason.clear();
        });
    }
    default:
        return world_.order(What::inspect, host);
    }
}

} // namespace knell::sim
