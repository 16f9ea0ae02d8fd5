// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/vantage.hpp"

#include <algorithm>
#include <utility>

namespace knell {

namespace {

/// Silences in a row, and for so long, after which we say that a sentinel is gone: a few lost pings
/// are no news. Proof of sight does not wait for this: it asks for an answer, not for the absence
/// of silence.
constexpr unsigned sentinel_fall = 3;
constexpr Duration sentinel_patience = 2s;

/// A sentinel that is silent for so long is told of, and again once it has answered so often in a
/// row: a lossy network is no news twice a minute.
constexpr Duration sentinel_news = 60s;
constexpr unsigned sentinel_rise = 10;

/// A verdict that finds nobody on our side for so long is told of: an answer of somebody else is
/// never that far away while we see.
constexpr Duration blind_patience = 3s;

/// Who is in doubt is asked more often than that: without a word of it for so long, nobody is.
constexpr Duration blind_rest = 10s;

/// A gap in the answers of a network longer than this many of its intervals is blindness:
/// what seemed silent before its end was not seen. Shorter gaps are forgiven, so a row of silences
/// must be longer.
constexpr int blind_intervals = 3;

constexpr const char* nobody_answers =
    "hosts are silent, and nobody else answers on their networks";

} // namespace

Vantage::Vantage(VantagePolicy policy, std::map<NetworkId, Duration> pace)
    : policy_{std::move(policy)}, pace_{std::move(pace)}
{
    for (const auto& sentinel : policy_.sentinels) {
        sentinels_.push_back({sentinel});
    }
}

std::optional<Duration> Vantage::observe(Instant now)
{
    std::optional<Duration> stalled;
    if (!started_) {
        started_ = true;
        clear_since_ = now;
    } else if (now > expected_ + policy_.stall) {
        stalled = now - expected_;
        clear_since_ = now;
    }
    expected_ = now + policy_.stall / 2;
    now_ = now;
    return stalled;
}

void Vantage::on_sentinel(const SentinelResult& result, Effects& effects)
{
    const auto found = std::find_if(sentinels_.begin(), sentinels_.end(),
                                    [&](const auto& s) { return s.policy.id == result.sentinel; });
    if (found == sentinels_.end()) {
        return;
    }
    if (result.pulse == Pulse::beating) {
        found->silences = 0;
        ++found->answers;
        blindness_.erase(found->policy.network);
        found->answered = std::max(found->answered.value_or(result.asked_at), result.asked_at);
        extend_run(found->policy.network, result.asked_at);
    } else {
        ++found->silences; // for sight, an answer we could not ask for is no answer
        found->answers = 0;
    }
    tell(effects);
    tell_of(*found, effects);
}

void Vantage::on_eyes(Instant now, const EyesReport& report, Effects& effects)
{
    if (report.clear) {
        dark_.erase({report.network, report.organ});
        lit_since_[report.network] = now;
        blindness_.erase(report.network); // nobody could have answered while it was dark
    } else {
        dark_[{report.network, report.organ}] = report.detail;
    }
    tell(effects);
}

void Vantage::adopt(VantagePolicy policy, std::map<NetworkId, Duration> pace)
{
    policy_ = std::move(policy);
    pace_ = std::move(pace);
    const auto before = std::exchange(sentinels_, {});
    for (const auto& sentinel : policy_.sentinels) {
        const auto known = std::find_if(before.begin(), before.end(),
                                        [&](const auto& one) { return one.policy == sentinel; });
        sentinels_.push_back(known == before.end() ? Sentinel{sentinel} : *known);
    }
    std::erase_if(dark_, [&](const auto& one) { return pace_.count(one.first.first) == 0; });
    std::erase_if(told_lost_, [&](const auto& network) { return pace_.count(network) == 0; });
}

/// Says once when a network is lost to us, and once when it is back.
void Vantage::tell(Effects& effects)
{
    const auto say = [&](Notice::Weight weight, std::string_view id, std::string text) {
        effects.push_back(Notice{weight, id, std::nullopt, EpisodeId{0}, std::move(text)});
    };
    const auto lost = lost_networks();
    for (const auto& [network, why] : lost) {
        if (told_lost_.insert(network).second) {
            say(Notice::Weight::alarm, "VANTAGE_LOST",
                why + "; no host is called dead on what this network shows");
        }
    }
    for (auto told = told_lost_.begin(); told != told_lost_.end();) {
        if (lost.count(*told) > 0) {
            ++told;
            continue;
        }
        say(Notice::Weight::info, "VANTAGE_CLEAR",
            "network " + told->get() + " shows what it should again");
        told = told_lost_.erase(told);
    }
    if (blind() && lost.empty() && !std::exchange(told_blind_, true)) {
        say(Notice::Weight::alarm, "VANTAGE_LOST",
            std::string{nobody_answers} + "; no host is called dead meanwhile");
    } else if (!blind() && std::exchange(told_blind_, false)) {
        say(Notice::Weight::info, "VANTAGE_CLEAR", "somebody answers us again");
    }
}

/// Others may still answer on its network; whoever relies on `need` should know that it is gone.
void Vantage::tell_of(Sentinel& sentinel, Effects& effects) const
{
    const auto& network = sentinel.policy.network;
    const auto say = [&](Notice::Weight weight, std::string_view id, const std::string& text) {
        const auto [configured, answer] = answering(network);
        effects.push_back(Notice{weight, id, std::nullopt, EpisodeId{0},
                                 sentinel.policy.id.get() + " on network " + network.get() + text +
                                     ": " + std::to_string(answer) + " of " +
                                     std::to_string(configured) + " answer there, and " +
                                     std::to_string(std::min(policy_.need, configured)) +
                                     (policy_.need == 1 ? " is needed" : " are needed")});
    };
    if (!sentinel.told && sentinel.silences * sentinel.policy.interval >= sentinel_news &&
        told_lost_.count(network) == 0) {
        sentinel.told = true;
        say(Notice::Weight::warning, "SENTINEL_SILENT",
            " has not answered for " + std::to_string(sentinel_news / 1s) + " s");
    } else if (sentinel.told && sentinel.answers >= sentinel_rise) {
        sentinel.told = false;
        say(Notice::Weight::info, "SENTINEL_ANSWERS", " answers again");
    }
}

void Vantage::on_blindness(Instant now, std::span<const Silence> silences, Effects& effects)
{
    for (const auto& silence : silences) {
        blindness_.try_emplace(silence.network, Blindness{now, now}).first->second.last = now;
    }
    tell(effects);
}

bool Vantage::blind() const
{
    return std::any_of(blindness_.begin(), blindness_.end(), [](const auto& one) {
        return one.second.last - one.second.since >= blind_patience;
    });
}

void Vantage::on_beat(const HostId& host, const NetworkId& network, Instant asked_at,
                      Effects& effects)
{
    blindness_.erase(network);
    std::erase_if(blindness_,
                  [&](const auto& one) { return now_ - one.second.last >= blind_rest; });
    if (told_blind_) {
        tell(effects);
    }
    const auto [at, fresh] = beats_.try_emplace({network, host}, asked_at);
    if (!fresh) {
        at->second = std::max(at->second, asked_at);
    }
    if (!has_sentinel(network)) {
        extend_run(network, asked_at);
    }
}

void Vantage::extend_run(const NetworkId& network, Instant asked_at)
{
    const auto [at, first] = runs_.try_emplace(network, Run{asked_at, asked_at});
    auto& run = at->second;
    if (asked_at > run.until + longest_gap(network)) {
        run.since = asked_at;
    }
    run.until = std::max(run.until, asked_at);
}

Duration Vantage::longest_gap(const NetworkId& network) const
{
    const auto pace = pace_.find(network);
    return (pace == pace_.end() ? Duration{200ms} : pace->second) * blind_intervals;
}

bool Vantage::sees(Instant now, const NetworkId& network) const
{
    const auto run = runs_.find(network);
    return run != runs_.end() && now <= run->second.until + longest_gap(network) &&
           !dark(network) && told_lost_.count(network) == 0;
}

Instant Vantage::clear_since(const NetworkId& network) const
{
    auto since = clear_since_;
    if (const auto run = runs_.find(network); run != runs_.end()) {
        since = std::max(since, run->second.since);
    }
    if (const auto lit = lit_since_.find(network); lit != lit_since_.end()) {
        since = std::max(since, lit->second);
    }
    return since;
}

bool Vantage::dark(const NetworkId& network) const
{
    return std::any_of(dark_.begin(), dark_.end(),
                       [&](const auto& one) { return one.first.first == network; });
}

bool Vantage::has_sentinel(const NetworkId& network) const
{
    return std::any_of(sentinels_.begin(), sentinels_.end(),
                       [&](const auto& sentinel) { return sentinel.policy.network == network; });
}

std::optional<Sight> Vantage::sight(const HostId& about, std::span<const Silence> silences) const
{
    if (silences.empty()) {
        return std::nullopt;
    }
    const bool all = std::all_of(silences.begin(), silences.end(),
                                 [&](const auto& silence) { return saw(about, silence); });
    return all ? std::optional{Sight{about}} : std::nullopt;
}

bool Vantage::saw(const HostId& about, const Silence& silence) const
{
    const auto run = runs_.find(silence.network);
    const auto lit = lit_since_.find(silence.network);
    const bool was_dark = lit != lit_since_.end() && lit->second > silence.first;
    if (run == runs_.end() || run->second.since > silence.first || was_dark ||
        dark(silence.network)) {
        return false; // blind when it fell silent, or now
    }
    if (silence.first < silence.last &&
        silence.last - silence.first < longest_gap(silence.network)) {
        return false; // all of it may lie in a gap that we forgive
    }
    unsigned here = 0;
    unsigned answered = 0;
    for (const auto& sentinel : sentinels_) {
        if (sentinel.policy.network == silence.network) {
            ++here;
            answered += sentinel.answered && *sentinel.answered >= silence.last ? 1U : 0U;
        }
    }
    if (here > 0) {
        return answered >= std::min(policy_.need, here);
    }
    return std::any_of(beats_.begin(), beats_.end(), [&](const auto& beat) {
        return beat.first.first == silence.network && beat.first.second != about &&
               beat.second >= silence.last;
    });
}

std::map<NetworkId, std::string> Vantage::lost_networks() const
{
    std::map<NetworkId, std::string> lost;
    for (const auto& [where, why] : dark_) {
        lost.try_emplace(where.first, "network " + where.first.get() + ": " + why);
    }
    for (const auto& sentinel : sentinels_) {
        const auto& network = sentinel.policy.network;
        const auto [configured, answer] = answering(network);
        if (answer < std::min(policy_.need, configured)) {
            lost.try_emplace(network, std::to_string(configured - answer) + " of " +
                                          std::to_string(configured) + " sentinels on network " +
                                          network.get() + " are silent");
        }
    }
    return lost;
}

std::string Vantage::doubt() const
{
    std::string text;
    for (const auto& [network, why] : lost_networks()) {
        text += (text.empty() ? "" : "; ") + why;
    }
    return text.empty() && blind() ? nobody_answers : text;
}

/// The sentinels of a network: how many it has, and how many are not gone.
std::pair<unsigned, unsigned> Vantage::answering(const NetworkId& network) const
{
    unsigned configured = 0;
    unsigned answer = 0;
    for (const auto& sentinel : sentinels_) {
        if (sentinel.policy.network == network) {
            ++configured;
            answer += gone(sentinel) ? 0U : 1U;
        }
    }
    return {configured, answer};
}

bool Vantage::gone(const Sentinel& sentinel)
{
    return sentinel.silences >= sentinel_fall &&
           sentinel.silences * sentinel.policy.interval >= sentinel_patience;
}

std::vector<SentinelView> Vantage::sentinels() const
{
    std::vector<SentinelView> views;
    for (const auto& sentinel : sentinels_) {
        views.push_back({sentinel.policy.id, sentinel.answered.has_value() && !gone(sentinel)});
    }
    return views;
}

} // namespace knell
