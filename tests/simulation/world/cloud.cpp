// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/cloud.hpp"

#include <algorithm>
#include <cstdio>

namespace knell::sim {

namespace {

constexpr Duration looks_every = 1s;
constexpr unsigned guests_per_host = 2;

} // namespace

Cloud::Cloud(Truth& truth) : truth_{truth}, dice_{truth.options.wanted.seed, "cloud"}
{
    for (auto& [host, machine] : truth.machines) {
        char uuid[40];
        std::snprintf(uuid, sizeof uuid, "11111111-0000-4000-8000-%012u", machine.number);
        Service service;
        service.uuid = uuid;
        services_.emplace(host, std::move(service));
        for (unsigned i = 1; i <= guests_per_host; ++i) {
            const auto name = "guest" + std::to_string(machine.number) + "." + std::to_string(i);
            guests_.emplace(name, Guest{host});
            machine.running.insert(name);
        }
    }
    truth.cloud = this;
    truth.agenda.after(looks_every, [this] { look_after_guests(); });
}

bool Cloud::unfinished(const HostId& host) const
{
    return std::any_of(evacuations_.begin(), evacuations_.end(), [&](const auto& evacuation) {
        return evacuation.from == host && !evacuation.completed;
    });
}

void Cloud::set_flag(const HostId& host, bool set, Hand hand, const Word& word)
{
    auto& it = service(host);
    const auto before = it.hands;
    if (it.forced_down != set) {
        it.before = it.forced_down;
        it.changed_at = truth_.now();
    }
    it.forced_down = set;
    if (set) {
        it.hands.insert(hand);
        it.word = hand == Hand::knell ? word : it.word;
    } else {
        it.hands.clear();
    }
    truth_.say(host, std::string{"* Nova holds forced_down="} + (set ? "true" : "false") +
                         (hand == Hand::knell      ? ", by knelld"
                          : hand == Hand::database ? ", by its database"
                                                   : ", by somebody else"));
    truth_.tell(FlagChanged{host, set, hand, before, it.hands});
}

void Cloud::revert(const HostId& host, bool set, std::set<Hand> hands)
{
    set_flag(host, set, Hand::database);
    if (set) {
        hands.insert(Hand::database);
        service(host).hands = std::move(hands);
    }
}

void Cloud::on_compute_start(const HostId& host)
{
    // nova-compute destroys what was moved away, and only then are the evacuations completed.
    for (auto& evacuation : evacuations_) {
        evacuation.completed = evacuation.completed || (evacuation.from == host && !leaves_records);
    }
}

void Cloud::look_after_guests()
{
    truth_.agenda.after(looks_every, [this] { look_after_guests(); });
    if (!works) {
        return;
    }
    for (auto& [name, guest] : guests_) {
        const auto& home = truth_.machine(guest.home);
        if (guest.moving) {
            continue;
        }
        if (service(guest.home).forced_down) {
            evacuate(name, guest);
        } else if (home.nova_compute && !home.running.contains(name) &&
                   !service(guest.home).disabled) {
            start(name, guest.home, nullptr);
        }
    }
}

void Cloud::evacuate(const std::string& name, Guest& guest)
{
    std::vector<HostId> fit;
    for (const auto& [host, machine] : truth_.machines) {
        const auto& there = service(host);
        if (machine.nova_compute && !there.forced_down && !there.disabled && host != guest.home) {
            fit.push_back(host);
        }
    }
    if (fit.empty()) {
        return;
    }
    guest.moving = true;
    const auto& flagged = service(guest.home);
    const Evacuation evacuation{name, guest.home, dice_.one_of(fit), flagged.hands, flagged.word};
    truth_.agenda.after(dice_.between(500ms, 3s), [this, name, evacuation] {
        auto& it = guests_.at(name);
        it.moving = false;
        if (!truth_.machine(evacuation.to).nova_compute) {
            return; // it failed; the evacuator tries again
        }
        it.home = evacuation.to;
        evacuations_.push_back(evacuation);
        start(name, evacuation.to, &evacuation);
    });
}

void Cloud::start(const std::string& name, const HostId& host, const Evacuation* moved)
{
    GuestStarted started{name, host, {}, std::nullopt};
    if (moved != nullptr) {
        started.off = moved->from;
        started.hands = moved->hands;
        started.proven_at = moved->word.proven_at;
        started.believed_a_lie = moved->word.believed_a_lie;
    }
    for (const auto& [other, machine] : truth_.machines) {
        if (other != host && machine.running.contains(name)) {
            started.elsewhere.push_back(other);
            started.boot_since = machine.booted_at;
        }
    }
    truth_.machine(host).running.insert(name);
    truth_.tell(started);
}

} // namespace knell::sim
