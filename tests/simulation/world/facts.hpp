// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"

#include <set>
#include <string>
#include <variant>
#include <vector>

namespace knell::sim {

/// Who set a flag, or did something else that knell may do too.
enum class Hand { knell, somebody, database };

/// What is true of the world and knelld cannot know, as oracles are told of it.

struct GuestStarted {
    std::string guest;
    HostId on;
    std::vector<HostId> elsewhere; ///< where the same guest runs as well: it should be empty
    /// Why it was moved, if it was: the flag of this host, and whose that is.
    std::optional<HostId> off;
    std::set<Hand> hands{};
    /// Since when the boot lives that runs it a second time, and since when our proof stood.
    Instant boot_since{};
    Instant proven_at{};
    bool believed_a_lie = false; ///< our proof: a device that lied, a person whom no device denied
};

struct Booted {
    HostId host;
    unsigned boot = 0;
};

/// A fence device answered `read`.
struct Reading {
    HostId meant;
    AttemptId attempt;
    Instant asked_at;
    PowerState said = PowerState::unknown;
    bool truly_off = false;
    bool lie = false; ///< it was told to
};

/// A fence device switched a machine off.
struct SwitchedOff {
    DeviceId device;
    HostId meant, hit;
    bool in_service = false; ///< it ran
};

/// Two questions to one device at once.
struct Crowded {
    DeviceId device;
};

struct FlagChanged {
    HostId host;
    bool set = false;
    Hand hand = Hand::knell;
    std::set<Hand> before; ///< whose it was
    std::set<Hand> after;
};

/// On the disk, and nothing takes it away again.
struct Durable {
    JournalEntry entry;
};

/// A knelld takes up its work, and what its journal says to it.
struct Started {
    Recollection past;
    bool ages_known = true; ///< false: our wall clock was moved since
};
struct Died {};
struct Reloaded {
    Policy policy;
};
struct Stopped {
    Instant until;
};

/// An answer that was given before is given again, and this is what came of it.
struct OldAnswer {
    HostId host;
    Effects effects;
    bool changed = false; ///< how the host stands
};

/// In the calm something was demanded of a host by a certain time.
struct Demanded {
    enum class What { forced_down, in_service } what = What::forced_down;
    HostId host;
    bool met = false;
    std::string detail;
};

using Fact = std::variant<GuestStarted, Booted, Reading, SwitchedOff, Crowded, FlagChanged, Durable,
                          Started, Died, Reloaded, Stopped, OldAnswer, Demanded>;

} // namespace knell::sim
