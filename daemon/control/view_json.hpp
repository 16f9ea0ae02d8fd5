// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/view.hpp"
#include "daemon/control/notices.hpp"
#include "daemon/control/operations.hpp"

#include <boost/json/value.hpp>

#include <chrono>

namespace knell::control {

/// The version of every shape below. Members may be added without a new number;
/// none is taken away or given another meaning.
inline constexpr int schema = 1;

/// Both clocks, read together, so that an Instant can be told as a date.
struct Now {
    Instant monotonic{};
    std::chrono::system_clock::time_point wall;
};
[[nodiscard]] Now read_clocks() noexcept;

/// Shapes. An absent value is null, and so is an empty text that is marked `text | null`.
/// Durations are seconds as a number. A *moment* is
///     {"seconds_ago": 12.5, "at": "2026-11-22T12:00:00.000000Z"}
/// and an *end*, which lies ahead,
///     {"seconds_left": 12.5, "at": "2026-11-22T12:00:00.000000Z"}
/// of which only the seconds are free of jumps of the wall clock.
///
/// fleet   {"schema": 1, "mode": "armed" | "observe", "mode_by": text,
///          "vantage": {"clear": bool, "text": text},
///          "budget": {"fences": n, "used": n},
///          "sentinels": [{"id": text, "beating": bool}],
///          "hosts": [host...],
///          "hold": text | null, "storm": text | null, "domains": [domain...]}
/// domain  {"id": text, "hosts": n, "in_doubt": n, "budget": {"fences": n, "used": n},
///          "lost": text | null}
/// host    {"host": text, "state": text, "since": moment, "why": text, "episode": n | null,
///          "boot": text | null, "identity": text | null, "forced_down_by_us": bool,
///          "nova_compute": bool, "monitors": [monitor...],
///          "rule": {"text": text, "networks": [text...], "now": line, "lines": [line...]},
///          "devices": [device...], "not_ready": text | null,
///          "planned": {"by": text, "reason": text, "until": end | null} | null,
///          "domains": [text...], "precious": text | null,
///          "service": {"forced_down": bool, "disabled": bool, "disabled_reason": text,
///                      "up": bool} | null,
///          "readmissions": n, "in_plan": bool}
/// monitor {"id": text, "state": "unseen" | "up" | "falling" | "down", "silences": n,
///          "last_beat": moment | null}
/// line    {"cells": ["silent" | "up" | "any" | "unclear" | "unheard", a network each],
///          "outcome": text, "fits": bool}
/// device  {"id": text, "state": "unknown" | "ready" | "not ready", "why": text,
///          "looked_at": moment | null, "latency": seconds | null, "may_power_off": bool | null,
///          "cipher_zero": bool | null, "on_restore": text | null, "system_guid": text | null}
/// row     {"seq": n, "at": text, "what": text, "host": text | null, "episode": n | null,
///          "boot": text | null, "by": text, "detail": text}
/// notice  {"at": text, "weight": "detail" | "info" | "warning" | "alarm", "id": text,
///          "host": text | null, "episode": n | null, "text": text}
/// daemon  {"version": text, "started": moment, "nova": {"well": bool, "text": text},
///          "warnings": [text...]}
[[nodiscard]] boost::json::object to_json(const FleetView& fleet, const Now& now);
[[nodiscard]] boost::json::object to_json(const FleetView::Domain& domain);
[[nodiscard]] boost::json::object to_json(const HostView& host, const Now& now);
[[nodiscard]] boost::json::object to_json(const journal::Row& row);
[[nodiscard]] boost::json::object to_json(const TimedNotice& notice);
[[nodiscard]] boost::json::object to_json(const DaemonStatus& status, const std::string& version,
                                          const Now& now);

} // namespace knell::control
