// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/policy.hpp"
#include "core/strong.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace knell {

/// One thing that must survive a crash before the effects behind it happen.
/// Written as a row of the journal; never a proof by itself.
struct JournalEntry {
    enum class What {
        fencing,      ///< about to talk power off to a device
        fenced,       ///< a certificate was issued; it is not stored, only told of
        forcing_down, ///< about to set Nova's flag
        forced_down,  ///< read back
        clearing,     ///< about to clear it
        readmitted,   ///< read back; the episode is over
        cancelled,    ///< over before Nova was told: the host lives, or the operator said so
        disputed,     ///< the old boot spoke after its certificate
        ordered,      ///< an operator's order was accepted
        armed,
        disarmed,
        held, ///< an operator stopped everything
        unheld,
        maintenance, ///< an operator's planned work began; `lasting` says for how long
        maintenance_ended,
        refused,   ///< the device `by` refused our password; `detail` is the login's mark
        unrefused, ///< that is over
        told       ///< what was said of an episode; decides nothing, explains later
    };
    What what = What::cancelled;
    std::optional<HostId> host{}; ///< absent for armed and disarmed
    EpisodeId episode{0};
    std::optional<BootId> boot{};         ///< the boot that failed, where it is known
    std::optional<SystemUuid> identity{}; ///< what its agent last told of itself
    std::string by{};                     ///< "knelld", the operator's identity, or a device
    std::string detail{};
    Duration lasting{}; ///< of maintenance
    Duration age{};     ///< when read back: how long ago, by the wall clock; never stored

    friend bool operator==(const JournalEntry&, const JournalEntry&) = default;
};

/// "forced_down" and so on: the words in the journal's rows. Empty result: no such word.
[[nodiscard]] std::string_view name_of(JournalEntry::What what) noexcept;
[[nodiscard]] std::optional<JournalEntry::What> journal_word(std::string_view word) noexcept;

/// What the journal says of the past, in the order it was written.
struct Recollection {
    struct OpenEpisode {
        EpisodeId episode{0};
        JournalEntry::What stage = JournalEntry::What::fencing; ///< the last entry but `ordered`
        std::optional<BootId> boot;
        std::optional<SystemUuid> identity;
        bool telling = false;      ///< `forcing_down` is among them: a set flag may be ours
        std::string released_by{}; ///< at `clearing`: the operator whose order it is, if any
    };
    std::map<HostId, OpenEpisode> open;
    EpisodeId last_episode{0};
    std::optional<Mode> mode; ///< the last arm or disarm by an operator
    std::string mode_by;
    std::string hold; ///< by whom, and why; empty: nothing is on hold
    struct Planned {
        std::string by, reason;
        Duration left{}; ///< may be negative: it ended while knelld was away
    };
    std::map<HostId, Planned> planned;
    /// A device that would not have our password.
    struct Refusal {
        LoginMark login{""};
        Duration ago{};
    };
    using Refusals = std::map<DeviceId, Refusal>;
    std::map<HostId, Refusals> refused;
    std::map<HostId, std::vector<Duration>> readmitted; ///< how long ago
    struct Spent {
        HostId host;
        EpisodeId episode{0};
        Duration ago{};
    };
    std::vector<Spent> fenced; ///< automatic fences, for the budgets
};

[[nodiscard]] Recollection fold(std::span<const JournalEntry> entries);

} // namespace knell
