// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "core/vantage.hpp"
#include "core/verdict.hpp"
#include "core/view.hpp"

#include <optional>
#include <string>
#include <vector>

namespace knell {

/// Doubt about one host, growing and shrinking. Counts silences in a row per
/// monitor; one beat of any monitor ends all talk of death.
class Suspicion {
public:
    explicit Suspicion(const HostPolicy& policy);

    /// Silences that were asked before our view of their network became clear are void.
    /// Returns true if it was a beat.
    bool on_probe(const ProbeResult& result, const Vantage& vantage);
    /// We were blind: every count starts again.
    void forget_silences(Instant now);
    /// Takes the host for one seen before: an earlier process did see it.
    void assume_seen(Instant now);

    [[nodiscard]] bool seen() const;     ///< at least one monitor has beaten, or was assumed to
    [[nodiscard]] bool doubtful() const; ///< something has fallen, or everything is falling
    [[nodiscard]] bool calm() const;     ///< the doubt is over: nothing fallen, nothing silent
    [[nodiscard]] bool well() const;     ///< every monitor is up; a lost probe or two is no illness
    [[nodiscard]] bool beating() const;  ///< at least one monitor is up, or just beat
    /// Every monitor has fallen and not one has beaten since.
    [[nodiscard]] bool dead(Instant now) const;
    /// Every heartbeat has fallen while ICMP answers: since when.
    [[nodiscard]] std::optional<Instant> userspace_silent_since() const;

    /// Where the last unanswered questions were asked, for Vantage to judge.
    [[nodiscard]] std::vector<Vantage::Silence> silences() const;
    /// Only for a host that is dead(), and only with proof that we could see.
    [[nodiscard]] FailureVerdict conclude(Instant now, const Sight& sight) const;
    [[nodiscard]] FailureVerdict ordered_by(Instant now, const std::string& operator_name) const;

    [[nodiscard]] std::string evidence(Instant now) const;
    [[nodiscard]] std::vector<MonitorView> view() const;

private:
    struct Monitor {
        MonitorPolicy policy;
        bool seen = false;
        bool fallen = false;
        unsigned silences = 0;
        unsigned beats = 0; ///< in a row, since it fell
        Instant first_silence{};
        Instant last_silence{};
        std::optional<Instant> last_beat;
    };
    [[nodiscard]] static bool falling(const Monitor& monitor);   ///< half way down
    [[nodiscard]] static bool convicted(const Monitor& monitor); ///< by this run of silences
    [[nodiscard]] bool absent(const Monitor& monitor, Instant now) const;

    HostId host_;
    std::vector<Monitor> monitors_;
    std::optional<Instant> assumed_at_; ///< since when we wait for a host that was seen before us
};

} // namespace knell
