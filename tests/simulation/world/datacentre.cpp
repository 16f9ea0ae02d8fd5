// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/world/datacentre.hpp"

namespace knell::sim {

namespace {

constexpr Duration reboot_takes = 40s;

} // namespace

Datacentre::Datacentre(const Options& options, bool knelld)
    : truth{options}, cables{truth}, agents{truth, cables}, bmcs{truth}, cloud{truth},
      api{truth, cloud}, disk{truth}, dice_{options.wanted.seed, "knelld"}
{
    truth.on_agent_start = [this](const HostId& host) { agents.start(host); };
    truth.on_compute_start = [this](const HostId& host) { cloud.on_compute_start(host); };
    cables.on_carrier = [this](std::size_t) {
        if (running()) {
            knelld_->look_at_carrier();
        }
    };
    agents.deliver = [this](const HostId& host, std::size_t network, const Agents::Packet& packet) {
        if (running()) {
            knelld_->hear(host, network, packet);
        }
    };
    for (const auto& [host, machine] : truth.machines) {
        agents.start(host);
    }
    if (knelld) {
        start_knelld();
    }
}

void Datacentre::start_knelld()
{
    ++lives_;
    knelld_ = std::make_unique<Knelld>(
        Knelld::Around{truth, cables, agents, bmcs, api, weather, disk, dice_});
}

void Datacentre::bury()
{
    if (!knelld_ || !knelld_->dead()) {
        return;
    }
    knelld_.reset();
    truth.agenda.after(std::exchange(rest_, 1s), [this] { start_knelld(); });
}

void Datacentre::run(Duration duration)
{
    (void)run_until([] { return false; }, duration);
}

bool Datacentre::run_until(const std::function<bool()>& reached, Duration at_most)
{
    const auto end = truth.now() + at_most;
    while (truth.breach() == nullptr) {
        if (reached()) {
            return true;
        }
        if (!truth.agenda.step(end)) {
            return reached();
        }
        bury();
    }
    return false;
}

void Datacentre::kill_knelld(Duration rest)
{
    if (running()) {
        truth.say("* knelld is killed");
        rest_ = rest;
        knelld_->kill();
    }
}

void Datacentre::stop_knelld(Duration duration)
{
    pause(duration, "* knelld is stopped", [this] {
        truth.say("* knelld goes on");
        knelld_->go_on();
    });
}

void Datacentre::suspend_machine(Duration duration)
{
    pause(duration, "* our machine sleeps", [this] {
        truth.say("* our machine wakes, and knelld ends");
        knelld_->kill();
    });
}

void Datacentre::pause(Duration duration, const char* said, std::function<void()> then)
{
    if (!running() || knelld_->stopped()) {
        return;
    }
    truth.say(said);
    truth.tell(Stopped{truth.now() + duration});
    knelld_->stop();
    truth.agenda.after(duration, [this, then = std::move(then), life = lives_] {
        if (lives_ == life && running()) {
            then();
        }
    });
}

void Datacentre::reboot_machine(Duration clock_jump)
{
    if (!running()) {
        return;
    }
    truth.say("* our machine restarts");
    disk.reboot(clock_jump);
    rest_ = reboot_takes;
    knelld_->kill();
}

std::optional<HostView> Datacentre::view(const HostId& host) const
{
    return running() ? knelld_->fleet().view(host) : std::nullopt;
}

void Datacentre::order(What what, const std::optional<HostId>& host, bool force, Duration lasting)
{
    if (!running()) {
        return;
    }
    OperatorOrder order{OrderId{0}, what, host, "alice", "an operator of the simulation", force};
    order.lasting = lasting;
    if (what == What::approve && host) {
        order.hosts = {*host};
        order.host.reset();
    }
    knelld_->order(std::move(order), [](bool, const std::string&) {});
}

void Datacentre::revive(const HostId& host)
{
    auto& machine = truth.machine(host);
    for (std::size_t n = 0; n < cables.networks().size(); ++n) {
        if (!cables.whole(machine, n)) {
            cables.cut(host, n, false);
        }
    }
    if (machine.powered() && !machine.kernel && machine.boot > 0 &&
        truth.now() - machine.dark_since > truth.options.boot_time + 5s) {
        truth.switch_off(host); // a dead kernel: press the button twice
    }
    if (!machine.vouched_off) {
        truth.switch_on(host);
    }
    truth.hang_agent(host, false);
}

bool Datacentre::silent(const HostId& host) const
{
    const auto& machine = truth.machine(host);
    if (!machine.kernel) {
        return true;
    }
    for (std::size_t n = 0; n < cables.networks().size(); ++n) {
        if (cables.whole(machine, n)) {
            return false;
        }
    }
    return true;
}

} // namespace knell::sim
