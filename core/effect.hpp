// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "core/forced_down.hpp"
#include "core/journal_entry.hpp"
#include "core/leave.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace knell {

/// To be made durable, in the order given. Recorded answers it; what depends on it is decided
/// only then, on what is known by then. A journal that fails ends the process.
struct Record {
    JournalEntry entry;
    AttemptId attempt;
};

struct Power {
    HostId host;
    PowerCommand command;
};

/// Nothing more is asked of this host's devices for now: close the warm session.
struct StandDown {
    HostId host;
};

/// No HostId here, nor in ClearForcedDown: the proof says which host.
struct ForceDown {
    FenceCertificate certificate;
    AttemptId attempt;
    Instant reply_by;
    Leave leave{};
};

struct ClearForcedDown {
    Clearance clearance;
    AttemptId attempt;
    Instant reply_by;
    Leave leave{};
};

/// Read the flag without touching it.
struct ReadForcedDown {
    HostId host;
    AttemptId attempt;
    Instant reply_by;
};

/// Look at a sample of the host's servers as their owners would.
struct SampleServers {
    HostId host;
    AttemptId attempt;
    Instant reply_by;
};

/// Ask this host often on every path, or at its usual pace again: the healthy stay cheap.
struct Watch {
    HostId host;
    bool closely = false;
};

/// Something an operator should know. The id is explained in doc/messages.md.
struct Notice {
    enum class Weight {
        detail, ///< kept to explain a decision later; nobody needs to read it now
        info,
        warning,
        alarm
    } weight = Weight::info;
    std::string_view id; ///< static storage, e.g. "HOST_FENCED"
    std::optional<HostId> host;
    EpisodeId episode{0}; ///< 0: outside any episode
    std::string text;
};

/// The answer to an order.
struct Answer {
    OrderId order;
    bool accepted = false;
    std::string text; ///< why not, or what happens next
};

using Effect = std::variant<Record, Power, StandDown, ForceDown, ClearForcedDown, ReadForcedDown,
                            SampleServers, Watch, Notice, Answer>;

/// Performed in order.
using Effects = std::vector<Effect>;

} // namespace knell
