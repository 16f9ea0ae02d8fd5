// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/eyes.hpp"

#include "core/assert.hpp"
#include "core/overloaded.hpp"
#include "monitor/readiness.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace knell::sim {

namespace {

constexpr std::array<std::uint8_t, 16> seal_key{7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};
constexpr std::size_t socket_buffer = 2000; ///< packets

std::vector<monitor::IcmpTarget> ping_targets(const Truth& truth)
{
    std::vector<monitor::IcmpTarget> targets;
    const auto number_of = [](const NetworkId& network) {
        return static_cast<std::size_t>(network.get().back() - '0');
    };
    for (const auto& host : truth.policy_now.hosts) {
        for (const auto& monitor : host.monitors) {
            if (monitor.kind == MonitorKind::icmp) {
                targets.push_back(
                    {monitor::HostProbe{host.host, monitor.id},
                     Cables::address_of(truth.machine(host.host), number_of(monitor.network)),
                     monitor.interval, monitor.interval, truth.options.dense});
            }
        }
    }
    std::map<NetworkId, unsigned> sentinels;
    for (const auto& sentinel : truth.policy_now.vantage.sentinels) {
        targets.push_back(
            {sentinel.id,
             Cables::sentinel_address(number_of(sentinel.network), ++sentinels[sentinel.network]),
             sentinel.interval, sentinel.interval, truth.options.dense});
    }
    return targets;
}

std::vector<monitor::HeartbeatPeer> peers(const Truth& truth)
{
    std::vector<monitor::HeartbeatPeer> all;
    for (const auto& host : truth.policy_now.hosts) {
        const auto& machine = truth.machine(host.host);
        monitor::HeartbeatPeer peer{host.host, machine.key, {}};
        for (const auto& monitor : host.monitors) {
            if (monitor.kind == MonitorKind::heartbeat) {
                const auto network = static_cast<std::size_t>(monitor.network.get().back() - '0');
                peer.paths.push_back(
                    {monitor.id, Cables::address_of(machine, network), monitor.interval});
            }
        }
        all.push_back(std::move(peer));
    }
    return all;
}

/// What a host's kernel answers to an echo request.
monitor::EchoBytes answer_to(monitor::EchoBytes request)
{
    request[0] = 0;
    request[2] = request[3] = 0;
    const auto sum = monitor::internet_checksum(request);
    request[2] = static_cast<std::uint8_t>(sum >> 8);
    request[3] = static_cast<std::uint8_t>(sum & 0xff);
    return request;
}

} // namespace

Eyes::Eyes(std::shared_ptr<Life> life, Truth& truth, Cables& cables, Agents& agents, Dice& dice,
           monitor::Sink sink)
    : life_{std::move(life)}, truth_{truth}, cables_{cables}, agents_{agents}, sink_{std::move(
                                                                                   sink)},
      seal_{seal_key}, pings_{ping_targets(truth), truth.now()}, beats_{peers(truth), [&dice] {
                                                                            return dice.bytes16();
                                                                        }}
{
    std::vector<monitor::EyesTarget> networks;
    for (std::size_t n = 0; n < cables_.networks().size(); ++n) {
        networks.push_back({cables_.networks()[n], {Cables::sentinel_address(n)}});
    }
    carriers_.watch(networks);
    for (std::size_t n = 0; n < networks.size(); ++n) {
        carriers_.routed(n, static_cast<int>(n) + 1);
    }
}

void Eyes::start()
{
    tell_of_carriers();
    schedule(ping_timer_, &Eyes::ping_round, life_->now());
    schedule(beat_timer_, &Eyes::beat_round, life_->now());
}

void Eyes::retarget()
{
    pings_.retarget(life_->now(), ping_targets(truth_));
    beats_.retarget(peers(truth_));
    schedule(ping_timer_, &Eyes::ping_round, life_->now());
}

void Eyes::watch(const HostId& host, bool closely)
{
    pings_.watch(life_->now(), host, closely);
    if (const auto next = pings_.next_due()) {
        schedule(ping_timer_, &Eyes::ping_round, *next);
    }
}

void Eyes::look_at_carrier()
{
    life_->after(20ms, [this] { tell_of_carriers(); });
}

void Eyes::tell_of_carriers()
{
    for (std::size_t n = 0; n < cables_.networks().size(); ++n) {
        const bool carrier = cables_.our_side(n) != Cables::Ours::no_carrier;
        carriers_.link({static_cast<int>(n) + 1, "eth" + std::to_string(n),
                        carrier ? monitor::LinkState::working : monitor::LinkState::no_carrier});
    }
    for (const auto& report : carriers_.changes()) {
        sink_(report);
    }
}

void Eyes::schedule(Timer& timer, Round round, Instant at)
{
    const auto when = monitor::wake_up_for(at, life_->now());
    if (when >= timer.at) {
        return;
    }
    timer.at = when;
    life_->at(when, [this, &timer, round, turn = ++timer.turn] {
        if (timer.turn == turn) {
            timer.at = Instant::max();
            (this->*round)();
        }
    });
}

void Eyes::hand_over(const std::vector<Event>& events)
{
    for (const auto& event : events) {
        sink_(event);
    }
}

void Eyes::ping_round()
{
    const auto now = life_->now();
    std::vector<Event> events;
    pings_.wake(now);
    drain_echoes(events);
    pings_.judge(now, events);
    while (const auto due = pings_.due(now)) {
        ask(*due);
    }
    hand_over(events);
    if (const auto next = pings_.next_due()) {
        schedule(ping_timer_, &Eyes::ping_round, *next);
    }
}

void Eyes::drain_echoes(std::vector<Event>& events)
{
    for (const auto& echo : std::exchange(echoes_, {})) {
        std::visit(Overloaded{[&](const monitor::EchoReply& reply) {
                                  pings_.replied(echo.from, reply.probe, echo.arrived, events);
                              },
                              [](const auto&) {}},
                   seal_.read(monitor::Family::v4, echo.bytes));
    }
}

void Eyes::ask(const monitor::ProbeId& probe)
{
    const auto now = life_->now();
    const auto& to = pings_.address(probe.target).address;
    const auto bytes = seal_.request(to.family, 1, {probe.target, probe.sequence, now});
    pings_.sent(probe, now);
    const auto network = static_cast<std::size_t>(to.bytes[1]);
    bool answers = cables_.our_side(network) == Cables::Ours::whole;
    if (to.bytes[2] == 0) {
        const auto& machine = truth_.machine(HostId{"compute" + std::to_string(to.bytes[3])});
        answers =
            answers && ((machine.kernel && cables_.whole(machine, network)) || machine.echoed);
    } else {
        answers = answers && cables_.sentinel_answers(network, to.bytes[3]);
    }
    if (!answers) {
        return;
    }
    for (const auto way : cables_.round_trips()) {
        // To the socket, which is there whether its process runs or not.
        truth_.agenda.after(way, [this, weak = std::weak_ptr{life_}, to, bytes] {
            const auto lives = weak.lock();
            if (!lives || echoes_.size() >= socket_buffer) {
                return;
            }
            echoes_.push_back({to, answer_to(bytes), lives->now()});
            if (!lives->stopped()) {
                std::vector<Event> events;
                drain_echoes(events);
                hand_over(events);
            }
        });
    }
}

void Eyes::beat_round()
{
    const auto now = life_->now();
    std::vector<Event> events;
    beats_.wake(now);
    if (std::exchange(overflowed_, false)) {
        beats_.doubt(now, "our heartbeat receive buffer overflowed");
    }
    drain_beats(now, events);
    beats_.judge(now, events);
    hand_over(events);
    schedule(beat_timer_, &Eyes::beat_round, beats_.next_due().value_or(now + 1s));
}

void Eyes::receive(const HostId& host, std::size_t network, const Agents::Packet& packet)
{
    if (heard_.size() >= socket_buffer) {
        overflowed_ = true;
        return;
    }
    heard_.push_back({host, network, packet});
    if (life_->stopped()) {
        return;
    }
    const auto now = life_->now();
    std::vector<Event> events;
    drain_beats(now, events);
    hand_over(events);
    if (const auto next = beats_.next_due()) {
        schedule(beat_timer_, &Eyes::beat_round, *next);
    }
}

void Eyes::drain_beats(Instant now, std::vector<Event>& events)
{
    for (const auto& beat : std::exchange(heard_, {})) {
        const auto from =
            *monitor::parse_address(Cables::address_of(truth_.machine(beat.host), beat.network));
        const auto challenge = beats_.receive(now, from, beat.packet, events);
        if (!challenge || !cables_.reaches(truth_.machine(beat.host), beat.network)) {
            continue;
        }
        for (const auto way : cables_.one_way()) {
            truth_.agenda.after(way,
                                [&agents = agents_, host = beat.host, network = beat.network,
                                 bytes = *challenge] { agents.receive(host, network, bytes); });
        }
    }
}

void Eyes::wake()
{
    schedule(ping_timer_, &Eyes::ping_round, life_->now());
    schedule(beat_timer_, &Eyes::beat_round, life_->now());
}

} // namespace knell::sim
