// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/small_world.hpp"

#include "core/overloaded.hpp"

#include <algorithm>
#include <array>

namespace knell::test {

Policy small_policy(unsigned hosts)
{
    Policy policy;
    for (unsigned i = 1; i <= hosts; ++i) {
        const auto number = std::to_string(i);
        HostPolicy host{HostId{"compute" + number}};
        const NetworkId mgmt{"mgmt"};
        host.monitors = {{MonitorId{"icmp@mgmt"}, MonitorKind::icmp, mgmt, 500ms, 3, 2},
                         {MonitorId{"heartbeat@mgmt"}, MonitorKind::heartbeat, mgmt, 1s, 2, 2}};
        host.devices = {DeviceId{"bmc" + number}};
        host.fence = {500ms, 2s, 3, 5s, 20s, 2s, 10s, 10s, 0s};
        host.identity = SystemUuid{"00000000-0000-0000-0000-00000000000" + number};
        host.auto_readmit = true;
        host.hold_down = 10s;
        host.userspace.warning = 3s;
        host.goodbye_grace = 2min;
        policy.hosts.push_back(std::move(host));
    }
    policy.gate = {Mode::armed, 3, 1min};
    policy.gate.storm_hosts = policy.gate.storm_share = 0; // stories of storms ask for them
    policy.vantage = {{{SentinelId{"gateway"}, NetworkId{"mgmt"}, 500ms}}, 1, 1s};
    policy.nova = {3s, 1s, 8s};
    return policy;
}

SmallWorld::SmallWorld(Policy policy, std::uint64_t seed)
    : policy_{std::move(policy)}, dice_{seed}, judge_{policy_}
{
    Duration offset{};
    for (const auto& one : policy_.hosts) {
        SmallHost host{one};
        host.booted_at = host.alive_since = now_ - 10h;
        hosts_.emplace(one.host, host);
        for (std::size_t i = 0; i < one.monitors.size(); ++i) {
            probe(one.host, i, now_ + (offset += 7ms));
        }
    }
    for (std::size_t i = 0; i < policy_.vantage.sentinels.size(); ++i) {
        ask_sentinel(i, now_ + (offset += 7ms));
    }
    restart_knelld();
}

SmallHost& SmallWorld::host(const std::string& name)
{
    return hosts_.at(HostId{name});
}

bool SmallWorld::chance(double probability)
{
    return probability > 0 && std::uniform_real_distribution<>{0, 1}(dice_) < probability;
}

// ------------------------------------------------------------------ time

void SmallWorld::at(Instant when, Act act)
{
    agenda_.emplace(when, std::move(act));
}

void SmallWorld::run(Duration duration)
{
    const auto end = now_ + duration;
    while (now_ < end) {
        step(end);
    }
}

bool SmallWorld::run_until(const std::function<bool()>& reached, Duration at_most)
{
    for (const auto end = now_ + at_most; now_ < end && !reached();) {
        step(end);
    }
    return reached();
}

void SmallWorld::step(Instant until)
{
    const auto wake = std::max({fleet_->deadline(), stopped_until_, now_});
    const auto next = agenda_.empty() ? until : agenda_.begin()->first;
    if (std::min(wake, next) > until) {
        now_ = until;
    } else if (next <= wake) {
        now_ = std::max(now_, next);
        const auto act = std::move(agenda_.begin()->second);
        agenda_.erase(agenda_.begin());
        act();
    } else {
        now_ = wake;
        perform(fleet_->on_time(now_));
    }
}

/// Events wait while knelld is stopped, and die with it.
void SmallWorld::hand_over(Instant when, Event event)
{
    at(when, [this, process = process_, event = std::move(event)] {
        if (process != process_) {
            return;
        }
        if (now_ < stopped_until_) {
            hand_over(stopped_until_, event);
        } else {
            tell(event);
        }
    });
}

void SmallWorld::tell(const Event& event)
{
    judge_.on_heard(event);
    perform(fleet_->on_event(now_, event));
}

void SmallWorld::stop_knelld(Duration duration)
{
    stopped_until_ = std::max(stopped_until_, now_ + duration);
}

void SmallWorld::restart_knelld()
{
    // Some of what was being written reached the disk all the same, in order.
    for (const auto& record : unwritten_) {
        if (!chance(0.5)) {
            break;
        }
        keep(record.entry);
        judge_.on_durable(record.entry);
    }
    unwritten_.clear();
    ++process_;
    stopped_until_ = {};
    for (auto& [name, host] : hosts_) {
        ++host.helper; // they end with the socket to their parent
    }
    for (std::size_t i = 0; i < journal_.size(); ++i) {
        journal_[i].age = now_ - written_at_[i];
    }
    const auto past = fold(journal_);
    judge_.on_start(now_, past);
    fleet_ = std::make_unique<Fleet>(policy_, past);
    perform(fleet_->begin(now_));
}

void SmallWorld::restart_knelld_on(const std::vector<JournalEntry>& rows)
{
    journal_.clear();
    written_at_.clear();
    unwritten_.clear();
    for (const auto& row : rows) {
        keep(row);
        judge_.on_durable(row);
    }
    restart_knelld();
}

// ------------------------------------------------------------------ hosts

void SmallWorld::cut(const std::string& name)
{
    host(name).power = host(name).booted = false;
}

void SmallWorld::boot(const std::string& name)
{
    auto& it = host(name);
    if (it.power) {
        return;
    }
    it.power = true;
    const auto boot = ++it.boot;
    at(now_ + boot_time, [this, &it, boot] {
        if (it.power && it.boot == boot) {
            it.booted = true;
            it.booted_at = it.alive_since = now_;
        }
    });
}

void SmallWorld::say_goodbye(const std::string& name)
{
    if (host(name).agent_beats()) {
        hand_over(now_ + 1ms, Goodbye{HostId{name}, BootId{host(name).boot_id()}});
    }
}

void SmallWorld::probe(const HostId& name, std::size_t monitor, Instant due)
{
    at(due, [this, name, monitor, due] {
        auto& it = hosts_.at(name);
        const auto& policy = it.policy.monitors[monitor];
        const bool densely = it.watched_closely && policy.kind != MonitorKind::heartbeat;
        probe(name, monitor, due + (densely ? std::min(dense, policy.interval) : policy.interval));
        if (now_ < stopped_until_) {
            return; // a stopped knelld asks nothing
        }
        const bool heartbeat = policy.kind == MonitorKind::heartbeat;
        if (heartbeat && it.other_key) {
            return; // nor is silence owed where nothing was heard
        }
        const bool reached = it.cut_off.count(policy.network) == 0;
        if (reached && (heartbeat ? it.agent_beats() : it.kernel_answers()) && !chance(loss)) {
            ProbeResult result{name, policy.id, Pulse::beating, now_, std::nullopt, ""};
            // A blink shorter than a beat is nobody's to notice.
            if (heartbeat && now_ - std::exchange(it.mute_since, std::nullopt).value_or(now_) >
                                 policy.interval) {
                it.alive_since = now_;
            }
            if (heartbeat) {
                result.report = AgentReport{BootId{it.boot_id()}, now_ - it.booted_at,
                                            it.nova_compute, true, it.policy.identity};
            }
            hand_over(now_ + 5ms, std::move(result));
        } else {
            if (!it.agent_beats() && !it.mute_since) {
                it.mute_since = now_;
            }
            hand_over(now_ + policy.interval - 1ms,
                      ProbeResult{name, policy.id, Pulse::silent, now_, std::nullopt, ""});
        }
    });
}

void SmallWorld::ask_sentinel(std::size_t which, Instant due)
{
    at(due, [this, which, due] {
        ask_sentinel(which, due + 500ms);
        if (now_ >= stopped_until_) {
            hand_over(now_ + (sentinels_answer ? 5ms : 499ms),
                      SentinelResult{policy_.vantage.sentinels[which].id,
                                     sentinels_answer ? Pulse::beating : Pulse::silent, now_});
        }
    });
}

OrderId SmallWorld::order(OperatorOrder::What what, const std::string& name, bool force)
{
    const OrderId id{++orders_};
    tell(OperatorOrder{id, what, name.empty() ? std::nullopt : std::optional{HostId{name}}, "alice",
                       "a test", force});
    return id;
}

// ------------------------------------------------------------------ what the fleet wants

void SmallWorld::perform(const Effects& effects)
{
    for (const auto& effect : effects) {
        say(effect);
        perform_one(effect);
    }
}

void SmallWorld::perform_one(const Effect& effect)
{
    const auto judge = [&](const HostId* name) {
        const auto found = name ? hosts_.find(*name) : hosts_.end();
        judge_.on_effect(now_, effect, found == hosts_.end() ? nullptr : &found->second,
                         fleet_->view().mode);
    };
    std::visit(
        Overloaded{
            [&](const Record& record) {
                judge(record.entry.host ? &*record.entry.host : nullptr);
                write(record);
            },
            [&](const Power& power) {
                judge(&power.host);
                execute(power);
            },
            [&](const StandDown& stand_down) { ++hosts_.at(stand_down.host).helper; },
            [&](const ForceDown& put) {
                judge(&put.certificate.host());
                set_nova(put.certificate.host(), put.attempt, true, put.leave);
            },
            [&](const ClearForcedDown& put) {
                judge(&put.clearance.host());
                set_nova(put.clearance.host(), put.attempt, false, put.leave);
            },
            [&](const ReadForcedDown& read) { read_nova(read); },
            [&](const SampleServers& sample) {
                const auto down = hosts_.at(sample.host).servers_down;
                hand_over(now_ + 30ms,
                          ServersSeen{sample.host, sample.attempt, down.has_value(), down ? 1U : 0U,
                                      down.value_or(0), down ? "" : "403 Forbidden"});
            },
            [&](const Watch& watch) { hosts_.at(watch.host).watched_closely = watch.closely; },
            [&](const Notice& notice) { judge(notice.host ? &*notice.host : nullptr); },
            [&](const Answer& answer) { judge_.on_answer(answer); },
        },
        effect);
}

void SmallWorld::write(const Record& record)
{
    unwritten_.push_back(record);
    if (!journal_holds) {
        at(now_ + 1ms, [this, record, process = process_] {
            if (process == process_ && !journal_holds) {
                release_journal();
            }
        });
    }
}

void SmallWorld::release_journal()
{
    journal_holds = false;
    for (const auto& record : std::exchange(unwritten_, {})) {
        make_durable(record);
    }
}

void SmallWorld::release_first_record()
{
    const auto record = unwritten_.front();
    unwritten_.erase(unwritten_.begin());
    make_durable(record);
}

void SmallWorld::keep(const JournalEntry& entry)
{
    journal_.push_back(entry);
    written_at_.push_back(now_);
}

void SmallWorld::make_durable(const Record& record)
{
    keep(record.entry);
    judge_.on_durable(record.entry);
    hand_over(now_, Recorded{record.entry.host, record.attempt});
    if (every_answer_twice) {
        hand_over(now_ + 2s, Recorded{record.entry.host, record.attempt});
    }
}

void SmallWorld::execute(const Power& power)
{
    at(now_ + power_takes / 2, [this, power, helper = hosts_.at(power.host).helper] {
        auto& it = hosts_.at(power.host);
        const auto& command = power.command;
        const auto bmc = it.manner(command.device);
        if (helper != it.helper || bmc == Bmc::mute) {
            return;
        }
        PowerReply reply{command.attempt, PowerState::unknown, PowerFault::none, ""};
        auto when = now_ + power_takes / 2;
        if (bmc == Bmc::dumb) {
            reply = {command.attempt, PowerState::unknown, PowerFault::silent, "no answer"};
            when = command.reply_by;
        } else if (bmc == Bmc::strangers) {
            reply = {command.attempt, PowerState::unknown, PowerFault::wrong_identity, "not it"};
        } else if (bmc == Bmc::locked) {
            reply = {command.attempt, PowerState::unknown, PowerFault::wrong_credentials, "locked"};
        } else if (bmc == Bmc::full) {
            reply = {command.attempt, PowerState::unknown, PowerFault::busy, "no session slot"};
        } else if (command.action == PowerAction::off) {
            if (bmc == Bmc::refuses_off) {
                reply = {command.attempt, PowerState::unknown, PowerFault::refused, "refused"};
            } else if (bmc == Bmc::honest) {
                it.power = it.booted = false;
            }
        } else if (command.action == PowerAction::on) {
            boot(power.host.get());
        } else if (command.action == PowerAction::inspect) {
            reply.facts = it.facts;
        } else if (command.action == PowerAction::read) {
            reply.state = it.power && bmc != Bmc::says_off ? PowerState::on : PowerState::off;
            // A device that lies for a host that nobody can hear fools everyone.
            const bool fooled = bmc == Bmc::says_off && !it.heard();
            judge_.on_reading(command.attempt, now_, reply.state, !it.power || fooled);
        }
        hand_over(when, PowerAnswer{power.host, reply});
        if (every_answer_twice) {
            hand_over(when + 3s, PowerAnswer{power.host, reply});
        }
    });
}

void SmallWorld::say(const Effect& effect)
{
    std::string host;
    std::string text;
    bool aside = false;
    std::visit(Overloaded{
                   [&](const Record& r) {
                       host = r.entry.host ? r.entry.host->get() : "";
                       text = "Record " + std::string{name_of(r.entry.what)};
                   },
                   [&](const Power& p) {
                       constexpr std::array<const char*, 5> acts{"prepare", "off", "read",
                                                                 "inspect", "on"};
                       host = p.host.get();
                       text = "Power " + p.command.device.get() + " " +
                              acts.at(static_cast<std::size_t>(p.command.action));
                   },
                   [&](const StandDown& s) { host = s.host.get(), text = "StandDown"; },
                   [&](const ForceDown& f) {
                       host = f.certificate.host().get();
                       text = "ForceDown by " + f.certificate.witness();
                   },
                   [&](const ClearForcedDown& c) {
                       host = c.clearance.host().get(), text = "ClearForcedDown";
                   },
                   [&](const ReadForcedDown& r) { host = r.host.get(), text = "ReadForcedDown"; },
                   [&](const SampleServers& s) { host = s.host.get(), text = "SampleServers"; },
                   [&](const Watch& w) {
                       host = w.host.get(), text = w.closely ? "Watch closely" : "Watch";
                       aside = true;
                   },
                   [&](const Notice& n) {
                       host = n.host ? n.host->get() : "";
                       text = "! " + std::string{n.id} + ": " + n.text;
                       aside = n.weight == Notice::Weight::detail;
                   },
                   [&](const Answer& a) {
                       text = std::string{a.accepted ? "accepted" : "refused"} + ": " + a.text;
                   },
               },
               effect);
    log_.push_back({now_, std::move(host), std::move(text), aside});
}

} // namespace knell::test
