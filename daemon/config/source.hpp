// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/diagnostic.hpp"

#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace knell::config {

/// Where something stands. Lines and columns count from 1, columns in bytes.
struct Place {
    std::size_t file = 0;
    unsigned line = 0; ///< 0: the file as a whole
    unsigned column = 0;
    unsigned length = 1;

    friend auto operator<=>(const Place&, const Place&) = default;
};

/// The files that were read, kept for their lines.
class Sources {
public:
    /// Returns the file's number, as in Place.
    std::size_t add(std::string path, std::string_view text);

    [[nodiscard]] const std::string& path(std::size_t file) const { return files_.at(file).path; }

    /// One line as it stands in the file; empty outside of it.
    [[nodiscard]] std::string_view line(const Place& place) const noexcept;

    /// The folder that relative paths of this file are taken from.
    [[nodiscard]] std::string folder(std::size_t file) const;

    /// Blots out the rest of the line in every excerpt: a secret stands here.
    void hide(const Place& place);

    [[nodiscard]] Excerpt excerpt(const Place& place) const;

private:
    struct File {
        std::string path;
        std::vector<std::string> lines;
        std::set<std::pair<unsigned, unsigned>> hidden; // line, column
    };
    std::deque<File> files_;
};

/// Of the UTF-8 character (RFC 3629) that begins at `at`, in bytes; 0 where none does.
[[nodiscard]] std::size_t character_length(std::string_view text, std::size_t at) noexcept;

/// Nothing in it could steer a terminal, and a tab is one column, so that carets stand right.
[[nodiscard]] std::string printable(std::string_view line);

/// Whether a key of this name may hold a password or key, misspelt ones included.
[[nodiscard]] bool sounds_secret(std::string_view key);

} // namespace knell::config
