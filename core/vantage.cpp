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

/// A verdict that finds nobody on our side for so long is told of: an answer of somebody else is
/// never that far away while we see.
constexpr Duration blind_patience = 3s;

/// A gap in the answers of a network longer than this many of its intervals is blindness:
/// what seemed silent before its end was not seen. Shorter than any row of silences that convicts.
constexpr int blind_intervals = 3;

} // namespace

Vantage::Vantage(VantagePolicy policy, std::map<NetworkId, Duration> pace)
    : policy_{std::move(policy)}, pace_{std::move(pace)}
{
    for (const auto& sentinel : policy_.sentinels) {
        sentinels_.push_back({sentinel, 0, std::nullopt});
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
        blind_since_.reset();
        found->answered = std::max(found->answered.value_or(result.asked_at), result.asked_at);
        extend_run(found->policy.network, result.asked_at);
        blind_ = false;
    } else {
        ++found->silences; // for sight, an answer we could not ask for is no answer
    }
    tell(effects);
}

void Vantage::on_eyes(Instant now, const EyesReport& report, Effects& effects)
{
    if (report.clear) {
        dark_.erase({report.network, report.organ});
        lit_since_[report.network] = now;
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
        sentinels_.push_back(known == before.end() ? Sentinel{sentinel, 0, std::nullopt} : *known);
    }
    std::erase_if(dark_, [&](const auto& one) { return pace_.count(one.first.first) == 0; });
}

/// Says once when our view is lost, and once when it is back.
void Vantage::tell(Effects& effects)
{
    const auto why = doubt();
    if (!why.empty() && !lost_) {
        effects.push_back(Notice{Notice::Weight::alarm, "VANTAGE_LOST", std::nullopt, EpisodeId{0},
                                 why + "; no host is called dead on what this network shows"});
    } else if (why.empty() && lost_) {
        effects.push_back(Notice{Notice::Weight::info, "VANTAGE_CLEAR", std::nullopt, EpisodeId{0},
                                 "every network shows what it should again"});
    }
    lost_ = !why.empty();
}

void Vantage::on_blindness(Instant now, Effects& effects)
{
    blind_since_ = blind_since_.value_or(now);
    blind_ = now - *blind_since_ >= blind_patience;
    tell(effects);
}

void Vantage::on_beat(const HostId& host, const NetworkId& network, Instant asked_at,
                      Effects& effects)
{
    blind_since_.reset();
    if (std::exchange(blind_, false)) {
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
    const auto pace = pace_.find(network);
    const auto gap = (pace == pace_.end() ? Duration{200ms} : pace->second) * blind_intervals;
    if (asked_at > run.until + gap) {
        run.since = asked_at;
    }
    run.until = std::max(run.until, asked_at);
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

std::string Vantage::doubt() const
{
    if (!dark_.empty()) {
        return "network " + dark_.begin()->first.first.get() + ": " + dark_.begin()->second;
    }
    std::map<NetworkId, std::pair<unsigned, unsigned>> networks; // configured, silent
    for (const auto& sentinel : sentinels_) {
        auto& [configured, silent] = networks[sentinel.policy.network];
        ++configured;
        silent += gone(sentinel) ? 1U : 0U;
    }
    for (const auto& [network, count] : networks) {
        const auto [configured, silent] = count;
        if (configured - silent < std::min(policy_.need, configured)) {
            return std::to_string(silent) + " of " + std::to_string(configured) +
                   " sentinels on network " + network.get() + " are silent";
        }
    }
    return blind_ ? "hosts are silent, and nobody else answers on their networks" : std::string{};
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
