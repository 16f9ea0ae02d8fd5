// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "core/vantage.hpp"
#include "core/verdict.hpp"
#include "core/verdict_rule.hpp"
#include "core/view.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace knell {

/// Doubt about one host, growing and shrinking. Counts silences in a row per monitor; the host's
/// rule says which of them together mean death.
class Suspicion {
public:
    explicit Suspicion(const HostPolicy& policy);

    /// Silences that were asked before our view of their network became clear are void.
    /// Returns true if it was a beat.
    bool on_probe(const ProbeResult& result, const Vantage& vantage);
    /// The agent's connection broke: doubt at once, until it beats again.
    void on_agent_gone(Instant at);
    /// We were blind: every count starts again.
    void forget_silences(Instant now);
    /// Takes the host for one seen before: an earlier process did see it.
    void assume_seen(Instant now);
    /// Likewise, if it was never heard: an operator wanted it off, and its silence counts from now
    /// on.
    void expect(Instant now);
    /// Other numbers, another rule; what was seen of monitors that stay is kept.
    void adopt(const HostPolicy& policy);
    /// These look elsewhere from now on: as if they had never been heard. They have the time to
    /// introduce themselves before the rest may convict without them.
    void begin_anew(Instant now, const std::set<MonitorId>& moved);

    [[nodiscard]] bool seen() const;     ///< at least one monitor has beaten, or was assumed to
    [[nodiscard]] bool doubtful() const; ///< something has fallen, or everything is falling
    [[nodiscard]] bool calm() const;     ///< the doubt is over: nothing fallen, nothing silent
    [[nodiscard]] bool well() const;     ///< every monitor is up; a lost probe or two is no illness
    [[nodiscard]] bool beating() const;  ///< at least one monitor is up, or just beat
    [[nodiscard]] bool agent_beating() const; ///< of those, a heartbeat
    /// Nothing speaks for it: every monitor that was ever heard is falling.
    [[nodiscard]] bool sinking() const;
    /// It will be dead by its rule if what is half way down goes on falling.
    [[nodiscard]] bool dying(Instant now) const;
    /// By its rule, or because user space has been silent for longer than it may be.
    [[nodiscard]] bool dead(Instant now) const;
    /// Every heartbeat has fallen while the kernel answers: since when both is so.
    [[nodiscard]] std::optional<Instant> userspace_silent_since() const;

    /// How long its slowest monitor takes to fall.
    [[nodiscard]] Duration longest_row() const;
    /// Where the unanswered questions that make it dead were asked, for Vantage to judge.
    [[nodiscard]] std::vector<Vantage::Silence> silences(Instant now) const;
    /// Only for a host that is dead(), and only with proof that we could see.
    [[nodiscard]] FailureVerdict conclude(Instant now, const Sight& sight) const;
    [[nodiscard]] FailureVerdict ordered_by(Instant now, const std::string& operator_name) const;

    [[nodiscard]] std::string evidence(Instant now) const;
    [[nodiscard]] std::vector<MonitorView> view() const;
    [[nodiscard]] RuleView rule_view(Instant now) const;

private:
    struct Monitor {
        MonitorPolicy policy;
        bool seen = false;
        bool fallen = false;
        unsigned silences = 0;
        unsigned beats = 0; ///< in a row, since it fell
        Instant first_silence{};
        Instant last_silence{};
        std::optional<Instant> last_beat{};
        Instant back_since{};                   ///< when it began to beat after it had last fallen
        std::optional<Instant> awaited_since{}; ///< it looks elsewhere since then
    };
    [[nodiscard]] static bool falling(const Monitor& monitor);   ///< half way down
    [[nodiscard]] static bool convicted(const Monitor& monitor); ///< by this run of silences
    [[nodiscard]] bool absent(const Monitor& monitor, Instant now) const;
    enum class Counts { fallen, falling };
    [[nodiscard]] NetworkSights sights(Instant now, Counts counts = Counts::fallen) const;
    /// The monitor that keeps the host alive whatever the rest says; empty: none does.
    [[nodiscard]] std::string veto(Instant now) const;
    [[nodiscard]] std::optional<std::vector<NetworkId>> dead_by_rule(Instant now) const;
    [[nodiscard]] bool userspace_dead(Instant now) const;

    HostId host_;
    VerdictRule rule_;
    UserspacePolicy userspace_;
    std::vector<Monitor> monitors_;
    std::optional<Instant> agent_gone_at_;
    std::optional<Instant> assumed_at_; ///< since when we wait for a host that was seen before us
};

} // namespace knell
