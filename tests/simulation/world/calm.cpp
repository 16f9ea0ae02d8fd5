// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/calm.hpp"

#include <algorithm>

namespace knell::sim {

namespace {

constexpr Duration rounds_every = 5s;
constexpr Duration between_orders = 25s;
constexpr Duration restart = 45s;     ///< of our machine, at most
constexpr Duration flag_watch = 30s;  ///< HostMachine's
constexpr Duration evacuations = 15s; ///< and between its tries while evacuations are unfinished
constexpr Duration agent_and_compute = 5s;

} // namespace

Calm::Calm(Datacentre& world) : world_{world}, dice_{world.truth.options.wanted.seed, "calm"} {}

Duration Calm::soon() const
{
    Duration silence{};
    const auto& host = world_.truth.options.policy.hosts.front();
    for (const auto& monitor : host.monitors) {
        silence = std::max(silence, monitor.interval * (monitor.fall + 2));
    }
    const auto proof = host.fence.settle + host.fence.poll * (host.fence.readings + 3);
    return silence + proof + rounds_every + between_orders + 3s;
}

Duration Calm::patience() const
{
    const auto& policy = world_.truth.options.policy;
    const auto& host = policy.hosts.front();
    // A fence that began in chaos must first run out of patience with its device, and rest.
    const auto stale = host.fence.per_device + host.fence.retry + host.fence.reply;
    const auto nova = policy.nova.reply + policy.nova.retry_most * 2 +
                      policy.nova.request_lifetime + flag_watch + evacuations;
    return restart + soon() + stale + nova + host.hold_down + world_.truth.options.boot_time * 2 +
           agent_and_compute + between_orders * 2;
}

void Calm::live()
{
    using What = Datacentre::What;
    auto& truth = world_.truth;
    (void)world_.run_until([&] { return world_.running() && !world_.knelld().stopped(); }, 150s);
    world_.order(What::unhold);
    world_.order(What::arm);
    operate();

    std::set<HostId> dead;
    std::set<HostId> all;
    for (const auto& [host, machine] : truth.machines) {
        all.insert(host);
        if (world_.silent(host)) {
            dead.insert(host);
        }
    }
    truth.say("--- the dead are forced down");
    demand(Demanded::What::forced_down, dead, patience(), &Calm::forced_down);
    if (truth.breach() != nullptr) {
        return;
    }

    truth.say("--- everybody comes back");
    for (const auto& host : all) {
        truth.machine(host).vouched_off = false;
        world_.revive(host);
    }
    reviving_ = true;
    demand(Demanded::What::in_service, all, patience(), &Calm::in_service);
    if (truth.breach() != nullptr) {
        return;
    }
    reviving_ = false;

    truth.say("--- one more dies");
    const auto victim = *std::next(all.begin(), static_cast<long>(dice_.below(all.size())));
    if (dice_.chance(0.5)) {
        truth.switch_off(victim);
    } else {
        truth.panic(victim);
    }
    demand(Demanded::What::forced_down, {victim}, soon(), &Calm::forced_down);
    world_.run(dice_.between(0s, 5s));
    reviving_ = true;
    world_.revive(victim);
    demand(Demanded::What::in_service, all, patience(), &Calm::in_service);
    over_ = true;
}

bool Calm::forced_down(const HostId& host) const
{
    // A host that knell switched on again meanwhile was forced down before.
    return world_.cloud.service(host).forced_down || !world_.silent(host);
}

bool Calm::in_service(const HostId& host) const
{
    const auto view = world_.view(host);
    return view && view->state == "Healthy" && !world_.cloud.service(host).forced_down;
}

void Calm::demand(Demanded::What what, const std::set<HostId>& hosts, Duration within, Fits fits)
{
    const auto all = [&] {
        return std::all_of(hosts.begin(), hosts.end(),
                           [&](const auto& host) { return (this->*fits)(host); });
    };
    (void)world_.run_until(all, within);
    if (world_.truth.breach() != nullptr) {
        return;
    }
    for (const auto& host : hosts) {
        const auto view = world_.view(host);
        world_.truth.tell(Demanded{what, host, (this->*fits)(host),
                                   view ? "it is " + std::string{view->state} + ": " + view->why
                                        : "no knelld runs"});
    }
}

void Calm::operate()
{
    if (over_ || !world_.running()) {
        return world_.truth.agenda.after(rounds_every, [this] { operate(); });
    }
    const auto view = world_.knelld().fleet().view();
    if (view.mode != Mode::armed) { // the order died with the knelld that had it
        world_.order(Datacentre::What::arm);
    }
    if (!view.hold.empty()) {
        world_.order(Datacentre::What::unhold);
    }
    for (const auto& [host, machine] : world_.truth.machines) {
        attend(host);
    }
    world_.truth.agenda.after(rounds_every, [this] { operate(); });
}

/// What the messages say that an operator should do.
void Calm::attend(const HostId& host)
{
    using What = Datacentre::What;
    const auto view = world_.view(host);
    const bool silent = world_.silent(host);
    const auto order = [&](What what, bool force = false) {
        auto& at = ordered_at_[host];
        if (world_.truth.now() - at >= between_orders || what == What::approve) {
            at = world_.truth.now();
            world_.order(what, host, force);
        }
    };
    clear_by_hand(host);
    if (!view) {
        return;
    }
    if (reviving_ && !world_.truth.machine(host).powered()) {
        world_.revive(host); // fenced for what it did before it was revived
    }
    const bool cannot_be_told = !view->identity && view->state != "Fencing";
    const bool nobody_to_compare = view->why.find("our own view is in doubt") != std::string::npos;
    if (silent && cannot_be_told && !reviving_ && view->state != "Down") {
        world_.truth.switch_off(host);
        order(What::confirm_off);
    } else if (silent && nobody_to_compare) {
        order(What::fence);
    } else if (view->in_plan) {
        // Approved and still held: nobody else answers, so that silence proves nothing.
        const auto first = approved_at_.try_emplace(host, world_.truth.now()).first->second;
        const bool in_vain = world_.truth.now() - first > between_orders;
        order(in_vain && silent ? What::fence : What::approve);
    } else if (view->state == "Held" || view->state == "FenceFailed" ||
               (view->state == "Unseen" && silent)) {
        if (silent) {
            order(What::fence);
        }
    } else if (view->state == "Maintenance" && view->planned && view->planned->by == "alice") {
        order(What::end_maintenance);
    } else if (view->state == "Disputed") {
        world_.truth.switch_off(host); // whatever ran there does not any more
        world_.revive(host);
        order(What::release, true);
    } else if (view->state == "Parked" ||
               (view->state == "Returning" && !world_.truth.policy(host).auto_readmit) ||
               (view->state == "Down" && view->why.find("host release") != std::string::npos)) {
        order(What::release);
    }
}

/// Flags that are somebody else's, or that Nova's database brought back; and the restart of a
/// nova-compute whose evacuations are done, as NOVA_REFUSED asks for it.
void Calm::clear_by_hand(const HostId& host)
{
    const auto& service = world_.cloud.service(host);
    const bool anothers =
        service.forced_down && (!service.hands.contains(Hand::knell) ||
                                service.hands.contains(Hand::database) || service.forgotten);
    if (world_.truth.machine(host).nova_compute) {
        world_.cloud.on_compute_start(host);
    }
    if (anothers && !world_.silent(host) && !world_.cloud.unfinished(host)) {
        world_.cloud.set_flag(host, false, Hand::somebody);
    }
}

} // namespace knell::sim
