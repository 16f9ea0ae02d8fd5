// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>

struct sqlite3;

namespace knell::journal {

class StateDirectory;

/// In the file's header, so that file(1) and we know it: "KNEL".
inline constexpr int application_id = 0x4b4e454c;
/// user_version of the newest schema this program knows.
inline constexpr int schema_version = 2;

/// The first integer that `sql` yields, or -1.
[[nodiscard]] int integer_of(sqlite3* handle, const char* sql);
[[nodiscard]] std::string text_of(sqlite3* handle, const char* sql);

/// Sets what every connection needs and reads it back. Empty: all is well.
[[nodiscard]] std::string set_pragmas(sqlite3* handle, const std::filesystem::path& file);

/// Is this a journal, of a schema we know, and in one piece? Empty: yes.
[[nodiscard]] std::string fault_of(sqlite3* handle, const std::filesystem::path& file);

/// Adds what later schemas have to a journal of an earlier one, all or nothing. Empty: done.
[[nodiscard]] std::string bring_up_to_date(sqlite3* handle, const std::filesystem::path& file);

/// What to tell the operator about a file that cannot be trusted.
[[nodiscard]] std::string damaged(const std::filesystem::path& file, const std::string& how);

/// Makes journal.sqlite if there is none. It is built under another name and
/// renamed when whole: an empty journal.sqlite is therefore damage, never a
/// beginning. Empty: the file is there.
[[nodiscard]] std::string create_if_absent(const StateDirectory& state,
                                           const std::filesystem::path& file);

} // namespace knell::journal
