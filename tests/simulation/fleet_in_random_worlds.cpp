// SPDX-License-Identifier: GPL-3.0-or-later
// Thousands of short, eventful lives of a small fleet. A judge who knows the truth looks at every
// effect; when the faults stop, everything must come to its end.
//
// KNELL_SEED=n plays one world and tells its story, KNELL_SEEDS=n plays that many.
#include "tests/simulation/small_world.hpp"

#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>

namespace knell::test {
namespace {

using What = OperatorOrder::What;

const NetworkId mgmt{"mgmt"};
const NetworkId storage{"storage"};

std::uint64_t number(const char* variable, std::uint64_t otherwise)
{
    const char* text = std::getenv(variable);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// One life: chance first, repair afterwards.
class RandomLife {
public:
    explicit RandomLife(std::uint64_t seed) : dice_{seed}, world_{policy(), seed} {}

    /// Empty: every promise was kept.
    std::string live();
    [[nodiscard]] const SmallWorld& world() const { return world_; }

private:
    Policy policy();
    void twist(Policy& policy);
    void maintain(const std::string& name, Duration lasting);
    void approve_all();
    void reload();
    void something_happens();
    void something_happens_to(SmallHost& it);
    void somebody_orders(const std::string& name);
    void repair();
    void everybody_boots(Duration duration);
    [[nodiscard]] std::string where_is(bool settled(const SmallWorld&, const SmallHost&)) const;
    [[nodiscard]] unsigned roll(unsigned n)
    {
        return std::uniform_int_distribution<unsigned>{0, n - 1}(dice_);
    }

    std::mt19937_64 dice_;
    SmallWorld world_;
};

Policy RandomLife::policy()
{
    auto policy = small_policy(2 + roll(3));
    for (auto& host : policy.hosts) {
        if (roll(3) == 0) {
            host.devices.push_back(DeviceId{"pdu-" + host.host.get()});
        }
        if (roll(6) == 0) {
            host.monitors.erase(host.monitors.begin());
        }
    }
    policy.gate.budget = 1 + roll(3);
    twist(policy);
    return policy;
}

/// What sites choose: rules, brakes, what is looked at and what is switched on.
void RandomLife::twist(Policy& policy)
{
    const bool two_networks = roll(4) == 0;
    if (two_networks) {
        policy.vantage.sentinels.push_back({SentinelId{"san"}, storage});
    }
    if (roll(4) == 0) {
        policy.gate.storm_hosts = 2 + roll(2);
    }
    if (roll(4) == 0) {
        policy.gate.domains = {
            {DomainId{"rack1"},
             roll(2) == 0 ? DomainPolicy::Action::hold : DomainPolicy::Action::fence, 2,
             1 + roll(2)}};
    }
    policy.gate.down_most = roll(8) == 0 ? 1 : 0;
    for (auto& host : policy.hosts) {
        if (two_networks) {
            for (auto monitor : std::vector{host.monitors}) {
                monitor.id =
                    MonitorId{monitor.id.get().substr(0, monitor.id.get().find('@')) + "@storage"};
                monitor.network = storage;
                host.monitors.push_back(monitor);
            }
            if (roll(3) == 0) {
                host.rule.kind = VerdictRule::Kind::at_least;
                host.rule.count = 1;
                host.rule.vetoes = {host.monitors.back().id};
            }
        }
        if (roll(6) == 0) {
            host.userspace = {3s, UserspacePolicy::Action::fence, 20s};
        }
        if (roll(2) == 0) {
            host.domains = {DomainId{"rack1"}};
        }
        host.precious = roll(10) == 0 ? "it runs etcd" : "";
        host.power_on = roll(4) == 0;
        host.flap_limit = roll(6) == 0 ? 1 : 0;
        host.fence.inspect = roll(2) == 0 ? 1min : 0s;
    }
}

void RandomLife::something_happens_to(SmallHost& it)
{
    const auto& name = it.policy.host.get();
    switch (roll(18)) {
    case 14:
        it.cut_off = roll(2) == 0 ? std::set<NetworkId>{roll(2) == 0 ? mgmt : storage}
                                  : std::set<NetworkId>{};
        break;
    case 15:
        it.disabled = roll(2) == 0;
        world_.list_services();
        break;
    case 16:
        if (it.agent_beats()) {
            world_.tell(AgentGone{it.policy.host, world_.now(), "reset"});
        }
        break;
    case 17:
        it.facts.may_power_off = roll(2) == 0;
        break;
    case 0:
    case 1:
        world_.cut(name);
        break;
    case 2:
    case 3:
        world_.boot(name);
        break;
    case 4:
        // Who cannot be heard and whose device lies cannot be told from the dead, by anyone.
        it.wired = it.bmc == Bmc::says_off || roll(2) == 0;
        break;
    case 5:
        it.agent = roll(2) == 0;
        break;
    case 6:
    case 7:
        it.bmc = static_cast<Bmc>(roll(8));
        it.wired = it.wired || it.bmc == Bmc::says_off;
        if (it.bmc == Bmc::says_off && !it.booted) {
            it.bmc = Bmc::honest; // it boots unheard
        }
        break;
    case 8:
    case 9:
        it.nova = static_cast<Nova>(roll(7));
        break;
    case 10:
        it.evacuations = roll(2) == 0;
        break;
    case 11:
        if (roll(3) == 0) {
            world_.set_flag_by_hand(name, roll(2) == 0);
        }
        break;
    case 12:
        it.nova_compute = roll(2) == 0;
        break;
    default:
        world_.say_goodbye(name);
        if (roll(2) == 0) {
            world_.cut(name);
        }
        break;
    }
}

void RandomLife::somebody_orders(const std::string& name)
{
    switch (roll(13)) {
    case 6:
        world_.order(What::hold);
        break;
    case 7:
    case 8:
        world_.order(What::unhold);
        break;
    case 9:
        maintain(name, (10 + roll(300)) * 1s);
        break;
    case 10:
        world_.order(What::end_maintenance, name);
        break;
    case 11:
        world_.order(What::inspect, name);
        break;
    case 12:
        approve_all();
        break;
    case 0:
        world_.order(What::fence, name, roll(3) == 0);
        break;
    case 1:
        world_.order(What::confirm_off, name); // operators err
        break;
    case 2:
        world_.order(What::release, name, roll(2) == 0);
        break;
    case 3:
        world_.order(What::readmit);
        break;
    case 4:
        world_.order(What::disarm);
        break;
    default:
        world_.order(What::arm);
        break;
    }
}

void RandomLife::something_happens()
{
    auto at = world_.hosts().begin();
    std::advance(at, roll(static_cast<unsigned>(world_.hosts().size())));
    switch (roll(14)) {
    case 12:
        world_.tell(
            EyesReport{roll(2) == 0 ? mgmt : storage, "carrier", roll(2) == 0, "no carrier"});
        break;
    case 13:
        reload();
        break;
    case 0:
        world_.stop_knelld(roll(2) == 0 ? 2s : 30s);
        break;
    case 1:
        world_.restart_knelld();
        break;
    case 2:
        world_.sentinels_answer = roll(2) == 0;
        break;
    case 3:
        if (roll(2) == 0) {
            world_.journal_holds = true;
        } else {
            world_.release_journal();
        }
        break;
    case 4:
        world_.every_answer_twice = roll(2) == 0;
        break;
    case 5:
        somebody_orders(at->first.get());
        break;
    default:
        something_happens_to(at->second);
        break;
    }
}

void RandomLife::maintain(const std::string& name, Duration lasting)
{
    OperatorOrder order{OrderId{0}, What::begin_maintenance, HostId{name}, "alice", "a test",
                        false};
    order.lasting = lasting;
    world_.tell(order);
}

void RandomLife::approve_all()
{
    OperatorOrder order{OrderId{0}, What::approve, std::nullopt, "alice", "a test", false};
    for (const auto& host : world_.fleet().view().hosts) {
        if (host.in_plan) {
            order.hosts.push_back(host.host);
        }
    }
    world_.tell(order);
}

/// Somebody edits numbers that decide nothing about who is dead.
void RandomLife::reload()
{
    auto policy = world_.policy();
    policy.gate.budget = 1 + roll(3);
    policy.hosts.front().fence.settle = (1 + roll(3)) * 1s;
    policy.hosts.back().hold_down = (5 + roll(10)) * 1s;
    (void)world_.reload(policy);
}

void RandomLife::repair()
{
    world_.order(What::unhold);
    for (const auto& network : {mgmt, storage}) {
        world_.tell(EyesReport{network, "carrier", true, ""});
    }
    world_.release_journal();
    world_.sentinels_answer = true;
    world_.order(What::arm);
    for (auto& [name, it] : world_.hosts()) {
        it.wired = it.agent = it.nova_compute = true;
        it.bmc = Bmc::honest;
        it.nova = Nova::honest;
        it.evacuations = it.disabled = false;
        it.cut_off.clear();
        it.facts = {};
        world_.order(What::end_maintenance, name.get());
    }
    world_.list_services();
}

std::string RandomLife::where_is(bool settled(const SmallWorld&, const SmallHost&)) const
{
    std::string text;
    auto& world = const_cast<SmallWorld&>(world_);
    for (const auto& [name, it] : world.hosts()) {
        if (!settled(world_, it)) {
            const auto view = *world_.fleet().view(name);
            text += " " + name.get() + " is " + world_.state(name.get()) +
                    (it.booted ? ", alive" : ", dead") + (it.flag ? ", forced down" : "") + " (" +
                    view.why + ")";
        }
    }
    return text;
}

/// Every dead host that knell may fence is down.
bool buried(const SmallWorld& world, const SmallHost& it)
{
    const auto view = *world.fleet().view(it.policy.host);
    const bool heard = std::any_of(view.monitors.begin(), view.monitors.end(),
                                   [](const auto& monitor) { return monitor.state != "unseen"; });
    // Never heard by this knelld, or in an operator's hands: left alone by promise. A fence that
    // an operator ordered of a host never heard is tried again only by another order.
    const bool left_open = view.state == "Suspected" || view.state == "Held" ||
                           view.state == "Fencing" || view.state == "Fenced";
    const bool spared = !it.policy.precious.empty() && view.state == "Held";
    return it.power || it.flag || view.state == "Disputed" || (!heard && !left_open) || spared;
}

/// Every living host serves, and none is left with a flag of ours.
bool back(const SmallWorld& world, const SmallHost& it)
{
    return world.state(it.policy.host.get()) == "Healthy" && it.owner != Owner::knell;
}

/// Somebody goes round and switches on what is off, also what a fence under way still takes down.
void RandomLife::everybody_boots(Duration duration)
{
    for (const auto end = world_.now() + duration; world_.now() < end; world_.run(15s)) {
        for (const auto& [name, it] : world_.hosts()) {
            world_.boot(name.get());
        }
    }
}

std::string RandomLife::live()
{
    world_.run(5s);
    for (unsigned events = 10 + roll(20); events > 0; --events) {
        something_happens();
        world_.run((1 + roll(1u << roll(8))) * 100ms);
    }
    repair();
    const auto all = [this](auto settled) {
        return [this, settled] { return where_is(settled).empty(); };
    };
    // Meanwhile an operator says yes to whatever knell is right not to decide alone.
    bool all_buried = false;
    for (int minutes = 0; minutes < 20 && !all_buried; ++minutes) {
        all_buried = world_.run_until(all(buried), 1min);
        approve_all();
    }
    if (!all_buried) {
        return "still not forced down:" + where_is(buried);
    }
    for (auto& [name, it] : world_.hosts()) {
        if (it.owner == Owner::somebody) {
            world_.set_flag_by_hand(name.get(), false);
        }
    }
    everybody_boots(5min);
    // What only an operator may end, an operator ends.
    for (auto& [name, it] : world_.hosts()) {
        if (world_.state(name.get()) != "Healthy") {
            world_.order(What::release, name.get(), true);
        }
    }
    everybody_boots(1min);
    if (!world_.run_until(all(back), 20min)) {
        return "still not back:" + where_is(back);
    }
    world_.run(3min); // and nothing is done to who is well
    if (!where_is(back).empty()) {
        return "did not stay:" + where_is(back);
    }
    return world_.judge().broken().empty() ? "" : world_.judge().broken().front();
}

void tell(const SmallWorld& world)
{
    for (const auto& line : world.log()) {
        std::printf("%9.3f %-9s %s\n",
                    std::chrono::duration<double>(line.at.time_since_epoch()).count() - 3600,
                    line.host.c_str(), line.text.c_str());
    }
}

TEST(FleetInRandomWorlds, keeps_every_promise_and_comes_to_its_end)
{
    const auto only = number("KNELL_SEED", 0);
    const auto last = only ? only : number("KNELL_SEEDS", 3000);
    std::map<std::string, unsigned long> seen;
    unsigned failed = 0;
    for (auto seed = only ? only : 1; seed <= last && failed < 5; ++seed) {
        RandomLife life{seed};
        const auto complaint = life.live();
        for (const auto& [promise, times] : const_cast<SmallWorld&>(life.world()).judge().seen()) {
            seen[promise] += times;
        }
        if (only) {
            tell(life.world());
        }
        if (!complaint.empty()) {
            ++failed;
            ADD_FAILURE() << complaint << "\nto see it: KNELL_SEED=" << seed
                          << " build/dev/bin/simulation_fleet";
        }
    }
    // Each promise must have been put to the test, or the worlds are too tame.
    for (const auto& [promise, times] : seen) {
        std::printf("%8lu times: %s\n", times, promise.c_str());
    }
    if (!only && failed == 0) {
        EXPECT_GE(seen.size(), 26U);
    }
}

} // namespace
} // namespace knell::test
