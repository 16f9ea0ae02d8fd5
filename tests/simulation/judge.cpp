// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/simulation/judge.hpp"

#include "core/overloaded.hpp"

#include <algorithm>
#include <cstdio>

namespace knell::test {

Judge::Judge(const Policy& policy) : policy_{policy} {}

void Judge::on_reload(const Policy& policy, const Moves& moves)
{
    policy_ = policy;
    for (const auto& [host, monitors] : moves.monitors) {
        for (const auto& monitor : monitors) {
            auto& eye = cases_[host].eyes[monitor];
            eye.seen = false;
            eye.silences = 0;
        }
    }
}

void Judge::on_start(Instant now, const Recollection& past)
{
    for (auto& [name, one] : cases_) {
        const auto boot = one.boot_at_off; // the truth outlives the process
        one = {};
        one.boot_at_off = boot;
    }
    spent_.clear();
    on_hold_ = !past.hold.empty();
    sentinels_.clear();
    beats_.clear();
    for (const auto& host : policy_.hosts) {
        for (const auto& monitor : host.monitors) {
            auto& eye = cases_[host.host].eyes[monitor.id];
            eye.fall = monitor.fall;
            eye.icmp = monitor.kind == MonitorKind::icmp;
        }
    }
    for (const auto& spent : past.fenced) { // also those that are over
        spent_.emplace_back(now - spent.ago, spent.episode);
    }
}

void Judge::on_stall()
{
    for (auto& [name, one] : cases_) {
        for (auto& [id, eye] : one.eyes) {
            eye.silences = 0;
        }
    }
}

void Judge::on_heard(const Event& event)
{
    if (const auto* order = std::get_if<OperatorOrder>(&event); order && order->host) {
        cases_[*order->host].last_order = *order;
        if (order->what == OperatorOrder::What::confirm_off) {
            cases_[*order->host].words[order->id] = {order->force};
        }
    }
    if (const auto* answer = std::get_if<PowerAnswer>(&event)) {
        auto& one = cases_[answer->host];
        one.locked = one.locked || answer->reply.fault == PowerFault::wrong_credentials;
        for (auto& [order, word] : one.words) {
            const bool its = word.looks.contains(answer->reply.attempt);
            word.denied = word.denied || (its && answer->reply.state == PowerState::on);
        }
    }
    if (const auto* order = std::get_if<OperatorOrder>(&event);
        order && order->what == OperatorOrder::What::approve) {
        for (const auto& host : order->hosts) {
            cases_[host].approved = true;
        }
    }
    if (const auto* order = std::get_if<OperatorOrder>(&event);
        order &&
        (order->what == OperatorOrder::What::hold || order->what == OperatorOrder::What::unhold)) {
        on_hold_ = order->what == OperatorOrder::What::hold;
    }
    if (const auto* result = std::get_if<SentinelResult>(&event)) {
        if (result->pulse == Pulse::beating) {
            auto& at = sentinels_[result->sentinel];
            at = std::max(at, result->asked_at);
        }
    }
    const auto* probe = std::get_if<ProbeResult>(&event);
    if (!probe) {
        return;
    }
    auto& one = cases_[probe->host];
    auto& eye = one.eyes[probe->monitor];
    if (probe->pulse == Pulse::beating) {
        eye.seen = true;
        eye.silences = 0;
        one.beat_since = one.beat_since_told = true;
        beats_[probe->host] = std::max(beats_[probe->host], probe->asked_at);
    } else if (probe->pulse == Pulse::silent) {
        ++eye.silences;
        eye.last_silence = probe->asked_at;
    }
}

void Judge::on_answer(const Answer& answer)
{
    for (auto& [name, one] : cases_) {
        if (const auto word = one.words.extract(answer.order); !word.empty() && answer.accepted) {
            one.believed = word.mapped();
        }
    }
}

void Judge::on_durable(const JournalEntry& entry)
{
    durable_.emplace(entry.what, entry.episode);
}

bool Judge::durable(JournalEntry::What what, EpisodeId episode) const
{
    return durable_.count({what, episode}) > 0;
}

void Judge::on_reading(AttemptId attempt, Instant made_at, PowerState said, bool truly_off)
{
    for (auto& [name, one] : cases_) {
        if (const auto found = one.readings.find(attempt); found != one.readings.end()) {
            found->second.made_at = made_at;
            found->second.said = said;
            found->second.truly_off = truly_off;
        }
    }
}

void Judge::require(Instant now, bool kept, const std::string& promise, const SmallHost& host)
{
    ++seen_[promise];
    if (!kept) {
        char at[32];
        std::snprintf(at, sizeof at,
                      "%.3f s: ", std::chrono::duration<double>(now.time_since_epoch()).count());
        broken_.push_back(at + host.policy.host.get() + ": " + promise);
    }
}

void Judge::on_effect(Instant now, const Effect& effect, const SmallHost* host, Mode mode)
{
    std::visit(Overloaded{
                   [&](const Record& record) {
                       if (!host) {
                           return;
                       }
                       if (record.entry.what == JournalEntry::What::fencing) {
                           on_intent(now, record.entry, *host, mode);
                       } else if (record.entry.what == JournalEntry::What::clearing) {
                           cases_[host->policy.host].clearing = record.entry.episode;
                           cases_[host->policy.host].clearing_by = record.entry.by;
                           // What happens while it is being recorded, a stopped knelld cannot know.
                           require(now,
                                   record.entry.by != "knelld" ||
                                       (now - host->mute_since.value_or(now) < 3s && // unnoticed
                                        now - host->alive_since >= host->policy.hold_down),
                                   "it has been well for hold_down", *host);
                       }
                   },
                   [&](const Power& power) { on_power(now, power.command, *host); },
                   [&](const ForceDown& put) { on_force_down(now, put.certificate, *host); },
                   [&](const ClearForcedDown& put) { on_clear(now, put.clearance, *host); },
                   [&](const Notice& notice) {
                       if (host && notice.id == "HOST_FENCING") {
                           cases_[host->policy.host].beat_since_told = false;
                       }
                       if (host && notice.id.rfind("MAINTENANCE_", 0) == 0) {
                           cases_[host->policy.host].maintained = notice.id != "MAINTENANCE_ENDED";
                       }
                       // From here on the host is watched as if it had never been heard.
                       if (host && (notice.id == "EPISODE_CLOSED" ||
                                    notice.id == "FLAG_CLEARED_BY_OTHERS")) {
                           for (auto& [id, eye] : cases_[host->policy.host].eyes) {
                               eye.seen = false;
                               eye.silences = 0;
                           }
                       }
                   },
                   [](const auto&) {},
               },
               effect);
}

void Judge::on_intent(Instant now, const JournalEntry& entry, const SmallHost& host, Mode mode)
{
    auto& one = cases_[host.policy.host];
    one.intent_at = now;
    one.intent = entry.episode;
    one.first_off = true;
    one.beat_since = false;
    one.ordered = entry.detail.rfind("ordered by", 0) == 0;
    one.insisted = one.ordered && one.last_order && one.last_order->force;
    require(now, mode == Mode::armed, "nothing is fenced while knell only observes", host);
    require(now, !on_hold_, "nothing is fenced while everything is on hold", host);
    if (one.ordered) {
        return;
    }
    require(now, host.policy.precious.empty(), "precious hosts are fenced only on an order", host);
    require(now, !one.maintained, "a host in maintenance is left alone", host);
    Instant last_silence{};
    for (const auto& [id, eye] : one.eyes) {
        if (eye.seen || eye.icmp) { // what was never heard is not silent but absent
            last_silence = std::max(last_silence, eye.last_silence);
        }
    }
    bool sight = std::any_of(sentinels_.begin(), sentinels_.end(),
                             [&](const auto& s) { return s.second >= last_silence; });
    if (policy_.vantage.sentinels.empty()) {
        sight = std::any_of(beats_.begin(), beats_.end(), [&](const auto& beat) {
            return beat.first != host.policy.host && beat.second >= last_silence;
        });
    }
    require(now, sight, "no verdict unless somebody answered after the last silence", host);

    while (!spent_.empty() && now - spent_.front().first >= policy_.gate.budget_window) {
        spent_.erase(spent_.begin());
    }
    if (std::none_of(spent_.begin(), spent_.end(),
                     [&](const auto& s) { return s.second == entry.episode; })) {
        spent_.emplace_back(now, entry.episode);
        std::set<EpisodeId> recent;
        for (const auto& [at, episode] : spent_) {
            recent.insert(episode);
        }
        require(now, recent.size() <= policy_.gate.budget || std::exchange(one.approved, false),
                "no more fences than the budget", host);
    }
}

void Judge::on_power(Instant now, const PowerCommand& command, const SmallHost& host)
{
    auto& one = cases_[host.policy.host];
    require(now, command.identity == host.policy.identity,
            "every command carries the identity to compare with", host);
    if (command.action == PowerAction::read) {
        one.readings[command.attempt] = {now, {}, PowerState::unknown, false};
        for (auto& [order, word] : one.words) {
            word.looks.insert(command.attempt);
        }
        return;
    }
    if (command.action == PowerAction::on) {
        require(now, host.owner == Owner::knell && host.flag,
                "a host is switched on only after Nova was told that it was off", host);
        require(now, !on_hold_, "nothing is switched on while everything is on hold", host);
    }
    if (command.action != PowerAction::off) {
        return;
    }
    require(now, one.intent != EpisodeId{0} && durable(JournalEntry::What::fencing, one.intent),
            "the intent is durable before power off", host);
    one.off_sent.insert(one.intent);
    one.boot_at_off = host.heard() ? host.boot : host.boot - 1;
    // Another rule than the plain one may call a host dead that is heard of in some way.
    const bool plain = host.policy.rule.kind == VerdictRule::Kind::all_silent &&
                       host.policy.userspace.action == UserspacePolicy::Action::warn;
    if (!std::exchange(one.first_off, false)) {
        require(now, !plain || !one.beat_since_told || one.insisted,
                "who was heard since is not powered off again", host);
        return;
    }
    require(now, !on_hold_, "no power command begins a fence while on hold", host);
    require(now, !plain || !one.beat_since || one.insisted,
            "proof of life cancels until power off leaves", host);
    if (one.ordered) {
        return;
    }
    const auto fell = [](const auto& eye) { return !eye.seen || eye.silences >= eye.fall; };
    const auto& vetoes = host.policy.rule.vetoes;
    bool all_fell = true;
    bool no_veto = true;
    for (const auto& [id, eye] : one.eyes) {
        all_fell = all_fell && fell(eye);
        no_veto =
            no_veto && (fell(eye) || std::find(vetoes.begin(), vetoes.end(), id) == vetoes.end());
    }
    require(now, !plain || all_fell, "every monitor was silent `fall` times in a row", host);
    require(now, no_veto, "no veto spoke for it", host);
}

void Judge::on_force_down(Instant now, const FenceCertificate& certificate, const SmallHost& host)
{
    auto& one = cases_[host.policy.host];
    require(now, certificate.host() == host.policy.host, "the certificate is this host's", host);
    require(now, !on_hold_, "Nova is told nothing while everything is on hold", host);
    require(now, durable(JournalEntry::What::forcing_down, certificate.episode()),
            "the intent is durable before Nova is told", host);
    require(now, host.owner != Owner::somebody || host.flagged_at > one.intent_at,
            "a flag of somebody else is never set again by us", host);
    if (certificate.grounds() == FenceCertificate::Grounds::operator_word) {
        require(now, one.believed.has_value(), "somebody said that it is off", host);
        const auto word = one.believed.value_or(Word{});
        require(now, word.insists || !word.denied,
                "an operator's word does not stand against a device that reads ON", host);
        const bool none = host.policy.devices.empty() || one.locked;
        require(now, word.insists || !word.looks.empty() || none,
                "the power is looked at before an operator is believed", host);
        return;
    }
    require(now, one.off_sent.count(certificate.episode()) > 0,
            "power off was commanded in this episode by this process", host);
    const auto reading = std::find_if(one.readings.begin(), one.readings.end(), [&](const auto& r) {
        return r.second.asked == certificate.verified_at() && r.second.said == PowerState::off;
    });
    require(now, reading != one.readings.end(), "the certificate rests on a reading", host);
    if (reading != one.readings.end()) {
        require(now, reading->second.truly_off, "it was truly off when it was read", host);
    }
    const auto newest = std::max_element(
        one.readings.begin(), one.readings.end(),
        [](const auto& a, const auto& b) { return a.second.asked < b.second.asked; });
    require(now, newest == reading, "the reading is the newest there is", host);
    if (reading != one.readings.end()) {
        one.readings.erase(one.readings.begin(), reading); // and the next PUT needs another one
        one.readings.erase(reading);
    }
    require(now, now - certificate.verified_at() <= host.policy.fence.fresh,
            "the reading is fresh when Nova is told", host);
}

void Judge::on_clear(Instant now, const Clearance& clearance, const SmallHost& host)
{
    auto& one = cases_[host.policy.host];
    require(now, !on_hold_, "Nova is told nothing while everything is on hold", host);
    require(now, durable(JournalEntry::What::clearing, clearance.episode()),
            "the intent is durable before the flag is cleared", host);
    require(now, host.owner != Owner::somebody || host.flagged_at > one.intent_at,
            "only our own flag is cleared", host);
    if (one.clearing_by != "knelld") {
        return;
    }
    require(now, one.boot_at_off == 0 || host.boot > one.boot_at_off,
            "only a new boot is readmitted", host);
}

} // namespace knell::test
