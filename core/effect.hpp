// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "core/forced_down.hpp"
#include "core/journal_entry.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace knell {

/// Must be durable before any effect behind it, of the same host, is performed.
struct Record {
    JournalEntry entry;
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
};

struct ClearForcedDown {
    Clearance clearance;
    AttemptId attempt;
    Instant reply_by;
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

/// Something an operator should know. The id is explained in doc/messages.md.
struct Notice {
    enum class Weight { info, warning, alarm } weight = Weight::info;
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
                            SampleServers, Notice, Answer>;

/// Performed in order. A Record that cannot be made durable stops the rest.
using Effects = std::vector<Effect>;

} // namespace knell
