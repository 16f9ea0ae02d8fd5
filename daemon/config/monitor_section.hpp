// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/policy.hpp"
#include "daemon/config/document.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace knell::config {

class Problems;

/// How soon a silent host is dead, in one word: the defaults of its monitors' numbers.
///
///              interval   fall   silence   a verdict within
///     fast       50ms       6     300ms      0.5 s
///     default   200ms       5        1s      1.2 s
///     cautious  500ms      10        5s      6 s       (heartbeats: 200ms, 25)
///
/// `cautious` leaves the beats at the agent's own default, so that only `fast` wants another
/// `interval` in agent.yaml.
enum class Profile { fast, standard, cautious };

[[nodiscard]] const std::vector<std::pair<std::string, Profile>>& profiles();

/// The daemon's own pause that voids silences, where the site's profile is this one.
[[nodiscard]] Duration stall_of(Profile profile);

/// The ways of watching that one host has been given.
struct MonitorSettings {
    struct Way {
        Duration interval = 200ms;
        unsigned fall = 5;
        unsigned rise = 3;
        Duration timeout = 200ms; ///< of one probe; heartbeats have none
        Duration dense = 50ms;    ///< between probes of a host in doubt
        bool wanted = true;       ///< false: `icmp: none`
        bool demanded = false;    ///< written down, not just a default
        Place place;

        [[nodiscard]] Duration silence() const { return interval * fall; }
    };
    Profile profile = Profile::standard;
    Place profile_place;
    Way icmp;
    Way heartbeat;
    Way tcp;
    std::uint16_t tcp_port = 0;
    std::optional<std::uint16_t> channel_port; ///< empty: no connection to the agent is kept
    UserspacePolicy userspace;
    Place userspace_place;
};

/// `map` may hold a `profile` of its own, else the site's as with_profile() put it there.
[[nodiscard]] MonitorSettings read_monitors(const Value& map, const std::string& where,
                                            Problems& problems);

/// `over`, of a host or group, laid upon `base`, of its group or the site. What is nearer speaks:
/// a profile takes the numbers away that were written farther off.
[[nodiscard]] Value overlaid_monitors(const Value& base, const Value& over);

/// The site's `monitors` with the site's `profile` in it.
[[nodiscard]] Value with_profile(const Value& monitors, const Value& profile, Problems& problems);

} // namespace knell::config
