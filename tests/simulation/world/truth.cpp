// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/truth.hpp"

#include "monitor/heartbeat_key.hpp"

#include <algorithm>
#include <cstdio>

namespace knell::sim {

namespace {

constexpr Duration agent_starts_after = 1s;
constexpr Duration compute_starts_after = 3s;

} // namespace

void Oracle::judge(bool kept, const HostId& host, const std::string& detail)
{
    ++judged_;
    if (!kept) {
        breaches_.push_back({std::string{sentence_}, host, now(), detail});
    }
}

Instant Oracle::now() const
{
    return truth_.now();
}

Truth::Truth(Options drawn) : options{std::move(drawn)}, policy_now{options.policy}
{
    const Secret site{std::string(monitor::heartbeat_key_size, 's')};
    unsigned number = 0;
    for (const auto& host : options.policy.hosts) {
        ++number;
        char guid[40];
        std::snprintf(guid, sizeof guid, "00000000-0000-4000-8000-%012u", number);
        machines.emplace(host.host, Machine{.id = host.host,
                                            .number = number,
                                            .rack = number % options.racks,
                                            .guid = SystemUuid{guid},
                                            .key = monitor::derive_heartbeat_key(site, host.host),
                                            .booted_at = now() - 5h,
                                            .healthy_since = now() - 5h,
                                            .running = {}});
    }
    oracles = all_oracles(*this);
}

Truth::~Truth() = default;

void Truth::tell(const Fact& fact)
{
    for (const auto& oracle : oracles) {
        oracle->on_fact(fact);
    }
}

const HostPolicy& Truth::policy(const HostId& host) const
{
    return *std::find_if(policy_now.hosts.begin(), policy_now.hosts.end(),
                         [&](const auto& one) { return one.host == host; });
}

const Breach* Truth::breach() const
{
    const Breach* first = nullptr;
    for (const auto& oracle : oracles) {
        for (const auto& breach : oracle->breaches()) {
            if (first == nullptr || breach.at < first->at) {
                first = &breach;
            }
        }
    }
    return first;
}

void Truth::switch_on(const HostId& host)
{
    auto& it = machine(host);
    if (std::exchange(it.button, true) || !it.fed) {
        return;
    }
    boot(it);
}

void Truth::switch_off(const HostId& host)
{
    auto& it = machine(host);
    if (std::exchange(it.button, false) && it.fed) {
        darken(it);
    }
}

void Truth::feed(unsigned rack, bool power)
{
    for (auto& [id, it] : machines) {
        if (it.rack != rack || std::exchange(it.fed, power) == power || !it.button) {
            continue;
        }
        if (power) {
            boot(it);
        } else {
            darken(it);
        }
    }
}

void Truth::panic(const HostId& host)
{
    auto& it = machine(host);
    if (!it.kernel) {
        return;
    }
    it.kernel = it.agent = it.nova_compute = false;
    it.running.clear();
    ++it.life;
    say(host, "* its kernel stops");
}

void Truth::hang_agent(const HostId& host, bool hangs)
{
    auto& it = machine(host);
    if (!it.kernel || it.agent != hangs) {
        return;
    }
    it.agent = !hangs;
    say(host, hangs ? "* its user space hangs" : "* its user space goes on");
    if (!hangs) {
        it.healthy_since = now();
        on_agent_start(host);
    }
}

void Truth::darken(Machine& it)
{
    it.kernel = it.agent = it.nova_compute = false;
    it.running.clear();
    ++it.life;
    it.dark_since = now();
    say(it.id, "* dark");
}

void Truth::boot(Machine& it)
{
    ++it.boot;
    say(it.id, "* boots for the " + std::to_string(it.boot) + ". time");
    const auto when = [this, &it, life = ++it.life](Duration pause, auto act) {
        agenda.after(pause, [&it, life, act] {
            if (it.life == life && it.powered()) {
                act();
            }
        });
    };
    when(options.boot_time, [this, &it] {
        it.kernel = true;
        it.booted_at = now();
        tell(Booted{it.id, it.boot});
    });
    when(options.boot_time + agent_starts_after, [this, &it] {
        it.agent = true;
        it.healthy_since = now();
        on_agent_start(it.id);
    });
    when(options.boot_time + compute_starts_after, [this, &it] {
        it.nova_compute = true;
        on_compute_start(it.id);
    });
}

} // namespace knell::sim
