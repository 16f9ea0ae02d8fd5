// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/vantage.hpp"

#include <algorithm>

namespace knell {

namespace {

/// Silences in a row after which we say that a sentinel is gone. Proof of sight does not wait
/// for this: it asks for an answer, not for the absence of silence.
constexpr unsigned sentinel_fall = 3;

} // namespace

Vantage::Vantage(VantagePolicy policy) : policy_{std::move(policy)}
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
        found->answered = std::max(found->answered.value_or(result.asked_at), result.asked_at);
    } else {
        ++found->silences; // for sight, an answer we could not ask for is no answer
    }
    const auto why = doubt();
    if (!why.empty() && !lost_) {
        effects.push_back(Notice{Notice::Weight::alarm, "VANTAGE_LOST", std::nullopt, EpisodeId{0},
                                 why + "; no host is called dead on what this network shows"});
    } else if (why.empty() && lost_) {
        effects.push_back(Notice{Notice::Weight::info, "VANTAGE_CLEAR", std::nullopt, EpisodeId{0},
                                 "the sentinels answer again"});
    }
    lost_ = !why.empty();
}

void Vantage::on_beat(const HostId& host, const NetworkId& network, Instant asked_at)
{
    const auto [at, fresh] = beats_.try_emplace({network, host}, asked_at);
    if (!fresh) {
        at->second = std::max(at->second, asked_at);
    }
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
    unsigned here = 0;
    unsigned answered = 0;
    for (const auto& sentinel : sentinels_) {
        if (sentinel.policy.network == silence.network) {
            ++here;
            answered += sentinel.answered && *sentinel.answered >= silence.since ? 1U : 0U;
        }
    }
    if (here > 0) {
        return answered >= std::min(policy_.need, here);
    }
    return std::any_of(beats_.begin(), beats_.end(), [&](const auto& beat) {
        return beat.first.first == silence.network && beat.first.second != about &&
               beat.second >= silence.since;
    });
}

std::string Vantage::doubt() const
{
    std::map<NetworkId, std::pair<unsigned, unsigned>> networks; // configured, silent
    for (const auto& sentinel : sentinels_) {
        auto& [configured, silent] = networks[sentinel.policy.network];
        ++configured;
        silent += sentinel.silences >= sentinel_fall ? 1U : 0U;
    }
    for (const auto& [network, count] : networks) {
        const auto [configured, silent] = count;
        if (configured - silent < std::min(policy_.need, configured)) {
            return std::to_string(silent) + " of " + std::to_string(configured) +
                   " sentinels on network " + network.get() + " are silent";
        }
    }
    return {};
}

std::vector<SentinelView> Vantage::sentinels() const
{
    std::vector<SentinelView> views;
    for (const auto& sentinel : sentinels_) {
        views.push_back({sentinel.policy.id,
                         sentinel.answered.has_value() && sentinel.silences < sentinel_fall});
    }
    return views;
}

} // namespace knell
