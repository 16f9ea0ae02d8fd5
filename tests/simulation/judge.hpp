// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "tests/simulation/small_host.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace knell::test {

/// Knows what is true and what was said, and holds every effect against it. Its rules are
/// written from the promises of knell, not from its code.
class Judge {
public:
    explicit Judge(const Policy& policy);

    // What happened, as it reached the fleet.
    void on_reload(const Policy& policy, const Moves& moves);
    void on_start(Instant now, const Recollection& past); ///< of a knelld
    void on_stall();
    void on_heard(const Event& event);
    void on_answer(const Answer& answer);
    void on_durable(const JournalEntry& entry);
    void on_reading(AttemptId attempt, Instant made_at, PowerState said, bool truly_off);

    void on_effect(Instant now, const Effect& effect, const SmallHost* host, Mode mode);

    /// Empty as long as every promise was kept.
    [[nodiscard]] const std::vector<std::string>& broken() const { return broken_; }
    /// How often there was something to judge: a judge who saw nothing proves nothing.
    [[nodiscard]] const std::map<std::string, unsigned long>& seen() const { return seen_; }

private:
    struct Eye { ///< one monitor
        unsigned fall = 0;
        bool icmp = false;
        bool seen = false;
        unsigned silences = 0;
        Instant last_silence{};
    };
    struct Reading {
        Instant asked;
        Instant made_at;
        PowerState said = PowerState::unknown;
        bool truly_off = false;
    };
    struct Word { ///< of an operator
        bool insists = false;
        bool denied = false; ///< one of the readings that were asked for since said ON
        std::set<AttemptId> looks{};
    };
    struct Case { ///< one host
        std::map<MonitorId, Eye> eyes;
        Instant intent_at{};
        EpisodeId intent{0};
        bool ordered = false;         ///< the intent is an operator's
        bool insisted = false;        ///< with --force
        bool first_off = false;       ///< is still to come
        bool beat_since = false;      ///< since the intent
        bool beat_since_told = false; ///< since it was last said that power off is commanded
        std::set<EpisodeId> off_sent;
        unsigned boot_at_off = 0;
        EpisodeId clearing{0};
        std::string clearing_by;
        std::map<AttemptId, Reading> readings;
        std::optional<OperatorOrder> last_order;
        std::map<OrderId, Word> words{}; ///< that it is off; not answered yet
        std::optional<Word> believed{};
        bool locked = false;     ///< its device refused our password once, and need not be asked
        bool approved = false;   ///< an operator said yes to the plan
        bool maintained = false; ///< an operator's maintenance is under way
    };

    void require(Instant now, bool kept, const std::string& promise, const SmallHost& host);
    void on_intent(Instant now, const JournalEntry& entry, const SmallHost& host, Mode mode);
    void on_power(Instant now, const PowerCommand& command, const SmallHost& host);
    void on_force_down(Instant now, const FenceCertificate& certificate, const SmallHost& host);
    void on_clear(Instant now, const Clearance& clearance, const SmallHost& host);
    [[nodiscard]] bool durable(JournalEntry::What what, EpisodeId episode) const;

    Policy policy_;
    std::map<HostId, Case> cases_;
    std::map<SentinelId, Instant> sentinels_; ///< when their last answered question was asked
    std::map<HostId, Instant> beats_;         ///< likewise
    std::set<std::pair<JournalEntry::What, EpisodeId>> durable_;
    std::vector<std::pair<Instant, EpisodeId>> spent_; ///< automatic fences
    bool on_hold_ = false;
    std::vector<std::string> broken_;
    std::map<std::string, unsigned long> seen_;
};

} // namespace knell::test
