// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suspicion.hpp"

#include "core/assert.hpp"

#include <algorithm>
#include <cstdio>

namespace knell {

namespace {

/// A restarted knelld and an agent need a challenge and its answer before the first beat counts.
constexpr Duration introduction = 2s;

std::string seconds(Duration d)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(d).count());
    return text;
}

} // namespace

Suspicion::Suspicion(const HostPolicy& policy) : host_{policy.host}
{
    for (const auto& monitor : policy.monitors) {
        monitors_.push_back({monitor, false, false, 0, 0, {}, {}, std::nullopt});
    }
}

bool Suspicion::on_probe(const ProbeResult& result, const Vantage& vantage)
{
    const auto found = std::find_if(monitors_.begin(), monitors_.end(), [&](const auto& monitor) {
        return monitor.policy.id == result.monitor;
    });
    if (found == monitors_.end()) {
        return false;
    }
    auto& monitor = *found;
    switch (result.pulse) {
    case Pulse::inconclusive:
        return false;
    case Pulse::beating:
        monitor.seen = true;
        monitor.silences = 0;
        monitor.last_beat = std::max(monitor.last_beat.value_or(result.asked_at), result.asked_at);
        if (monitor.fallen && ++monitor.beats >= monitor.policy.rise) {
            monitor.fallen = false;
        }
        return true;
    case Pulse::silent:
        break;
    }
    const auto clear_since = vantage.clear_since(monitor.policy.network);
    if (assumed_at_) {
        assumed_at_ = std::max(*assumed_at_, clear_since); // it may have spoken while we were blind
    }
    if (!monitor.seen || result.asked_at < clear_since) {
        return false;
    }
    monitor.beats = 0;
    if (monitor.silences == 0 || monitor.first_silence < clear_since) {
        monitor.silences = 0; // what was counted while we were blind is void
        monitor.first_silence = monitor.last_silence = result.asked_at;
    }
    ++monitor.silences;
    monitor.last_silence = std::max(monitor.last_silence, result.asked_at);
    monitor.fallen = monitor.fallen || convicted(monitor);
    return false;
}

void Suspicion::forget_silences(Instant now)
{
    for (auto& monitor : monitors_) {
        monitor.silences = 0;
    }
    if (assumed_at_) {
        assumed_at_ = now;
    }
}

void Suspicion::assume_seen(Instant now)
{
    assumed_at_ = now;
    for (auto& monitor : monitors_) {
        monitor.seen = monitor.policy.kind == MonitorKind::icmp;
    }
}

bool Suspicion::seen() const
{
    return assumed_at_ || std::any_of(monitors_.begin(), monitors_.end(),
                                      [](const auto& monitor) { return monitor.seen; });
}

bool Suspicion::falling(const Monitor& monitor)
{
    return monitor.silences >= std::max(1U, monitor.policy.fall / 2);
}

bool Suspicion::doubtful() const
{
    bool all_falling = std::any_of(monitors_.begin(), monitors_.end(),
                                   [](const auto& monitor) { return monitor.seen; });
    for (const auto& monitor : monitors_) {
        if (!monitor.seen) {
            continue;
        }
        if (monitor.fallen) {
            return true;
        }
        all_falling = all_falling && falling(monitor);
    }
    return all_falling;
}

bool Suspicion::calm() const
{
    const bool nothing_silent =
        std::all_of(monitors_.begin(), monitors_.end(), [](const auto& monitor) {
            return !monitor.seen || (!monitor.fallen && monitor.silences == 0);
        });
    // A host of which nothing was heard is not calm, however little speaks against it.
    return nothing_silent && beating();
}

bool Suspicion::well() const
{
    return std::all_of(monitors_.begin(), monitors_.end(), [](const auto& monitor) {
        return monitor.seen && monitor.last_beat && !monitor.fallen && !falling(monitor);
    });
}

bool Suspicion::beating() const
{
    return std::any_of(monitors_.begin(), monitors_.end(), [](const auto& monitor) {
        return monitor.last_beat && monitor.silences == 0 && (!monitor.fallen || monitor.beats > 0);
    });
}

bool Suspicion::convicted(const Monitor& monitor)
{
    // Probes bunched together by a late loop must not convict sooner than the schedule would.
    const auto span = monitor.policy.interval * (monitor.policy.fall - 1);
    return monitor.silences >= monitor.policy.fall &&
           monitor.last_silence - monitor.first_silence >= span - monitor.policy.interval / 2;
}

bool Suspicion::absent(const Monitor& monitor, Instant now) const
{
    if (monitor.seen) {
        return monitor.fallen && convicted(monitor);
    }
    // Never heard of: as good as silent, but only once it has had the time to introduce itself.
    return !assumed_at_ ||
           now - *assumed_at_ >= monitor.policy.interval * monitor.policy.fall + introduction;
}

bool Suspicion::dead(Instant now) const
{
    return seen() && std::all_of(monitors_.begin(), monitors_.end(),
                                 [&](const auto& monitor) { return absent(monitor, now); });
}

std::optional<Instant> Suspicion::userspace_silent_since() const
{
    std::optional<Instant> since;
    bool kernel_answers = false;
    for (const auto& monitor : monitors_) {
        if (monitor.policy.kind == MonitorKind::icmp) {
            kernel_answers = kernel_answers || (monitor.seen && !monitor.fallen);
        } else if (monitor.seen) {
            if (!monitor.fallen) {
                return std::nullopt;
            }
            since = std::max(since.value_or(monitor.first_silence), monitor.first_silence);
        }
    }
    return kernel_answers ? since : std::nullopt;
}

std::vector<Vantage::Silence> Suspicion::silences() const
{
    std::vector<Vantage::Silence> all;
    for (const auto& monitor : monitors_) {
        if (monitor.seen || assumed_at_) {
            const auto waiting = assumed_at_.value_or(Instant{}) + introduction;
            all.push_back({monitor.policy.network,
                           monitor.silences > 0 ? monitor.first_silence : waiting,
                           monitor.silences > 0 ? monitor.last_silence : waiting});
        }
    }
    return all;
}

FailureVerdict Suspicion::conclude(Instant now, const Sight& sight) const
{
    KNELL_ASSERT(sight.about() == host_);
    KNELL_ASSERT(dead(now));
    return {host_, FailureVerdict::Source::monitors, now, evidence(now)};
}

FailureVerdict Suspicion::ordered_by(Instant now, const std::string& operator_name) const
{
    return {host_, FailureVerdict::Source::operator_order, now, "ordered by " + operator_name};
}

std::string Suspicion::evidence(Instant now) const
{
    std::string text;
    for (const auto& monitor : monitors_) {
        text += (text.empty() ? "" : ", ") + monitor.policy.id.get();
        if (!monitor.seen) {
            text += " never heard";
        } else if (monitor.silences == 0) {
            text += monitor.fallen ? " rising" : " up";
        } else {
            text += " silent for " + seconds(now - monitor.first_silence) + " (" +
                    std::to_string(monitor.silences) + " in a row)";
        }
    }
    return text;
}

std::vector<MonitorView> Suspicion::view() const
{
    std::vector<MonitorView> views;
    for (const auto& monitor : monitors_) {
        views.push_back({monitor.policy.id,
                         !monitor.seen || !(monitor.last_beat || monitor.silences > 0) ? "unseen"
                         : monitor.fallen                                              ? "down"
                         : monitor.silences > 0                                        ? "falling"
                                                                                       : "up",
                         monitor.silences, monitor.last_beat});
    }
    return views;
}

} // namespace knell
