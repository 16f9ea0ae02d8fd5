// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace knell {

/// The daemon's voice. Under systemd to the journal with fields of their own, else one record on
/// standard error, whose further lines, if it has any, are indented:
///
///   2026-11-22T12:00:00.123456Z WARNING HOST_FENCED host=compute1 episode=3 proven off by ...
///
/// What only explains (Weight::detail) goes to the journal as PRIORITY=7, and to standard error
/// where the environment says KNELL_LOG=detail.
class Log {
public:
    Log();

    void write(std::chrono::system_clock::time_point at, const Notice& notice);
    /// Of knelld itself, outside any host.
    void info(std::string_view id, std::string_view text);
    void alarm(std::string_view id, std::string_view text);

private:
    bool journald_; ///< standard error is connected to the journal
    bool details_;  ///< on standard error, too
};

[[nodiscard]] std::string_view name_of(Notice::Weight weight) noexcept;

/// The MESSAGE_ID by which journalctl finds the explanation in its catalog: the id within our
/// namespace as a UUID of version 5 (RFC 9562), so that it never changes.
[[nodiscard]] std::string message_id_of(std::string_view id);

/// What the journal is told of a notice, as sd_journal_sendv(3) takes it: "FIELD=value" each.
/// KNELL_HOST and KNELL_EPISODE only where there are such.
[[nodiscard]] std::vector<std::string> journal_fields(const Notice& notice);

} // namespace knell
