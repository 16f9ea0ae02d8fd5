// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/agents.hpp"

namespace knell::sim {

Agents::Agents(Truth& truth, Cables& cables)
    : truth_{truth}, cables_{cables}, dice_{truth.options.wanted.seed, "agents"}
{
}

void Agents::start(const HostId& host)
{
    const auto& machine = truth_.machine(host);
    const auto known = running_.find(host);
    if (known == running_.end() || known->second.boot != machine.boot) {
        agent::BeatSession::Identity identity{host, dice_.bytes16(), dice_.bytes16(),
                                              monitor::parse_uuid(machine.guid.get())};
        running_.insert_or_assign(
            host, Running{{identity, machine.key, cables_.networks().size()}, machine.boot, 0});
    }
    auto& it = running_.at(host);
    it.turn = ++turns_;
    truth_.agenda.after(dice_.between(0us, truth_.options.beats_every),
                        [this, host, turn = it.turn] { beat(host, turn); });
}

agent::Health Agents::health(const Machine& machine) const
{
    return {machine.nova_compute, true};
}

Duration Agents::uptime(const Machine& machine) const
{
    return truth_.now() - machine.booted_at;
}

void Agents::beat(const HostId& host, unsigned turn)
{
    auto& it = running_.at(host);
    const auto& machine = truth_.machine(host);
    if (it.turn != turn || it.boot != machine.boot || !machine.kernel) {
        return;
    }
    if (!machine.agent) { // its user space hangs
        return;
    }
    for (std::size_t n = 0; n < cables_.networks().size(); ++n) {
        send(machine, n, it.session.beat(n, uptime(machine), health(machine)));
    }
    truth_.agenda.after(truth_.options.beats_every, [this, host, turn] { beat(host, turn); });
}

void Agents::say_goodbye(const HostId& host)
{
    const auto& machine = truth_.machine(host);
    if (!machine.healthy()) {
        return;
    }
    for (std::size_t n = 0; n < cables_.networks().size(); ++n) {
        send(machine, n, running_.at(host).session.goodbye(n, uptime(machine), health(machine)));
    }
}

void Agents::receive(const HostId& host, std::size_t network, const Packet& packet)
{
    const auto& machine = truth_.machine(host);
    const auto it = running_.find(host);
    if (!machine.healthy() || it == running_.end() || it->second.boot != machine.boot) {
        return;
    }
    if (it->second.session.challenged(network, packet)) {
        send(machine, network, it->second.session.beat(network, uptime(machine), health(machine)));
    }
}

void Agents::send(const Machine& machine, std::size_t network, const Packet& packet)
{
    if (!cables_.reaches(machine, network)) {
        return;
    }
    for (const auto way : cables_.one_way()) {
        truth_.agenda.after(
            way, [this, host = machine.id, network, packet] { deliver(host, network, packet); });
    }
}

} // namespace knell::sim
