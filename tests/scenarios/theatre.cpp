// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/theatre.hpp"

#include "daemon/config/difference.hpp"
#include "daemon/config/moves.hpp"
#include "tests/scenarios/knellctl_words.hpp"
#include "tests/scenarios/site.hpp"
#include "tests/scenarios/verbs.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace knell::scenarios {

namespace {

sim::Options options_of(const Stage& stage, const config::Config& config)
{
    sim::Options options;
    options.wanted = {.seed = 1, .hosts = stage.hosts, .hours = 0};
    options.networks = stage.networks;
    options.loss = stage.loss;
    options.jitter = stage.jitter;
    if (stage.duplicates) {
        options.faults.insert(sim::Fault::duplicates);
    }
    options.boot_time = stage.boot_takes;
    options.staleness = stage.reads_lag;
    options.nova_version = stage.nova;
    options.token_lifetime = stage.tokens_live;
    options.policy = config.policy;
    if (!config.icmp_targets.empty()) {
        options.dense = config.icmp_targets.front().dense_interval;
    }
    for (const auto& peer : config.heartbeat_peers) {
        options.beats_every = peer.paths.empty() ? 1s : peer.paths.front().interval;
    }
    return options;
}

std::string joined(const std::vector<std::string>& texts)
{
    std::string all;
    for (const auto& text : texts) {
        all += (all.empty() ? "" : "; ") + text;
    }
    return all;
}

} // namespace

Theatre::Theatre(const Story& story)
    : story_{story}, config_{configure(story)}, world_{options_of(story.stage, config_), false},
      began_{world_.truth.now()}, transcript_{nullptr}
{
    for (auto& [host, machine] : world_.truth.machines) {
        const auto rack = story.stage.racks.find(machine.number);
        machine.rack = rack == story.stage.racks.end() ? 0 : rack->second;
        const auto& devices = world_.truth.policy(host).devices;
        if (!devices.empty()) {
            world_.bmcs.of(host).id = devices.front();
        }
    }
    auto transcript = std::make_unique<Transcript>(world_.truth, began_, story.stage.details);
    transcript_ = transcript.get();
    world_.truth.oracles.push_back(std::move(transcript));
    listen();
    for (const auto& one : story.cues) {
        check_act(one.act, story.stage, one.line);
        cue(one);
    }
}

void Theatre::listen()
{
    world_.truth.chronicle.on_line = [this](const auto& line) { transcript_->on_line(line); };
    transcript_->on_word = [this](auto word, const HostId* host) { on_word(word, host); };
    world_.agents.deliver =
        [this, deliver = world_.agents.deliver](const HostId& host, std::size_t network,
                                                const sim::Agents::Packet& packet) {
            auto& tape = recorded_[host];
            tape.emplace_back(network, packet);
            if (tape.size() > 20) {
                tape.pop_front();
            }
            deliver(host, network, packet);
        };
    world_.bmcs.on_command = [this](const sim::Bmc& bmc, PowerAction action,
                                    const PowerReply& reply) {
        const bool changes = action == PowerAction::off || action == PowerAction::on;
        if (changes || (transcript_->details() && action == PowerAction::read)) {
            const std::string word = action == PowerAction::read  ? "reads "
                                     : action == PowerAction::off ? "off: "
                                                                  : "on: ";
            const std::string said = action != PowerAction::read      ? reply.detail
                                     : reply.state == PowerState::off ? "off"
                                     : reply.state == PowerState::on  ? "on"
                                                                      : reply.detail;
            transcript_->write("bmc", bmc.id.get() + " " + word + said +
                                          (bmc.mute ? ", and the answer is lost" : ""));
        }
        if (changes) {
            on_word(action == PowerAction::off ? "bmc-off" : "bmc-on", &bmc.meant);
        }
    };
    world_.weather.fate = [this](const http::Request& request) { return fate_of(request); };
    world_.api.on_put = [this](const std::string& last, const http::Request& request,
                               const http::Response& response) {
        const auto body = boost::json::parse(request.body.reveal()).as_object();
        const bool set = body.at("forced_down").as_bool();
        for (const auto& [host, service] : world_.cloud.services()) {
            if (service.uuid == last ||
                (body.contains("host") && body.at("host").as_string() == host.get())) {
                transcript_->write("nova", host.get() +
                                               " PUT forced_down=" + (set ? "true" : "false") +
                                               " -> " + std::to_string(response.status));
                on_word(set ? "nova-set" : "nova-cleared", &host);
            }
        }
    };
}

sim::Fate Theatre::fate_of(const http::Request& request) const
{
    const bool keystone = request.url.find("/identity/") != std::string::npos;
    const bool meant = mood_.who == NovaMood::Who::keystone ? keystone
                       : mood_.who == NovaMood::Who::writes ? request.method == "PUT"
                                                            : true;
    return mood_.changed && meant ? mood_.fate : sim::Fate{};
}

void Theatre::cue(const Cue& cue)
{
    if (cue.kind != Cue::Kind::at) {
        waiting_.push_back({cue});
        return;
    }
    world_.truth.agenda.at(began_ + cue.time, [this, &cue] { perform(cue.act, *this, cue.line); });
}

void Theatre::on_word(std::string_view word, const HostId* host)
{
    for (auto& one : waiting_) {
        if (one.came || one.cue.word != word ||
            (!one.cue.host.empty() && (host == nullptr || host->get() != one.cue.host))) {
            continue;
        }
        one.came = true;
        const auto act = [this, &cue = one.cue] { perform(cue.act, *this, cue.line); };
        if (one.cue.kind == Cue::Kind::just_before) {
            act();
        } else {
            world_.truth.agenda.after(one.cue.time, act);
        }
    }
}

void Theatre::operate(const std::string& command, unsigned line)
{
    transcript_->write("operator", command);
    if (!world_.running()) {
        transcript_->write("answer", "nobody listens: knelld does not run");
        return;
    }
    world_.knelld().order(read_knellctl(command, line), [](bool, const std::string&) {});
}

/// As knelld_reload.cpp: all of it, or, with reasons, nothing.
void Theatre::reload(const std::string& yaml, unsigned line)
{
    const auto refuse = [this](const std::string& why) {
        transcript_->write("WARNING", "KNELL_NOT_RELOADED  nothing was changed: " + why);
    };
    transcript_->write("operator", "knell.yaml: " + yaml + ", then: reload");
    config::Config after;
    try {
        after = configure(story_, yaml, line);
    } catch (const Refused& refused) {
        return refuse(joined(refused.messages));
    }
    const auto difference = config::difference(config_, after);
    if (!difference.restarts.empty()) {
        return refuse(joined(difference.restarts));
    }
    const auto refusals =
        world_.knelld().reload(after.policy, config::moves_between(config_, after));
    if (!refusals.empty()) {
        return refuse(joined(refusals));
    }
    config_ = std::move(after);
    auto lines = difference.changes;
    if (auto order = config::overruled_by(world_.knelld().fleet().view(), config_);
        !order.empty()) {
        lines.push_back(std::move(order));
    }
    transcript_->write("INFO", "KNELL_RELOADED  " + joined(lines));
}

std::vector<std::string> Theatre::play()
{
    world_.start_knelld();
    world_.run(story_.until);
    auto lines = transcript_->lines(story_.stage.hosts);
    conclude(lines);
    for (const auto& one : waiting_) {
        if (!one.came) {
            throw Malformed{one.cue.line,
                            "`" + one.cue.word + "`" +
                                (one.cue.host.empty() ? "" : " of " + one.cue.host) + " never came",
                            "see what came instead: knell_scenarios --show NAME"};
        }
    }
    return lines;
}

std::string Theatre::standing(const sim::Machine& machine) const
{
    auto text = machine.id.get() + ": ";
    if (const auto view = world_.view(machine.id)) {
        text += "knell: " + std::string{view->state} + (view->why.empty() ? "" : ", " + view->why);
    } else {
        text += "knelld does not run";
    }
    text += "; power " + std::string{machine.powered() ? "on" : "off"};
    text += machine.powered() && !machine.kernel ? ", kernel dead" : "";
    const auto& service = world_.cloud.service(machine.id);
    text += "; Nova: ";
    if (service.forced_down) {
        text += "forced_down by";
        for (const auto hand : service.hands) {
            text += hand == sim::Hand::knell      ? " knell"
                    : hand == sim::Hand::somebody ? " somebody"
                                                  : " its database";
        }
    } else {
        text += service.deleted ? "unknown" : "not forced down";
    }
    text += service.disabled ? ", disabled" : "";
    text += "; runs";
    for (const auto& guest : machine.running) {
        text += " " + guest;
    }
    return text + (machine.running.empty() ? " nothing" : "");
}

void Theatre::conclude(std::vector<std::string>& lines) const
{
    lines.emplace_back("");
    lines.push_back("at the end, " + write_clock(world_.truth.now() - began_));
    std::vector<const sim::Machine*> machines;
    for (const auto& [host, machine] : world_.truth.machines) {
        machines.push_back(&machine);
    }
    std::sort(machines.begin(), machines.end(),
              [](const auto* a, const auto* b) { return a->number < b->number; });
    for (const auto* machine : machines) {
        lines.push_back(standing(*machine));
    }
    for (const auto& oracle : world_.truth.oracles) {
        for (const auto& [why, often] : oracle->excused()) {
            lines.push_back("excused: " + std::string{oracle->sentence()} + ": " + why + " (" +
                            std::to_string(often) + ")");
        }
        for (const auto& breach : oracle->breaches()) {
            lines.push_back("BROKEN: " + breach.sentence + ": " + breach.host.get() + ": " +
                            breach.detail);
        }
    }
}

} // namespace knell::scenarios
