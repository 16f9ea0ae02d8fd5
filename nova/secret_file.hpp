// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <sys/stat.h>
#include <vector>

namespace knell::nova {

/// Into whose hands knell's secrets belong, besides root's.
struct Keepers {
    uid_t user = 0;            ///< may own files
    std::vector<gid_t> groups; ///< may read them; remedies name the first
};

/// Our own user and group. If that is root, and there is a user `knell`, it looks at knelld's files
/// for knelld, and theirs count as well.
[[nodiscard]] Keepers keepers_of_this_process();

enum class Holds {
    a_secret,
    directions ///< no secret, but it says to whom one is sent
};

struct Distrust {
    std::string why;
    std::string remedy;
};

/// Why knell does not use such a file, which `path` has led to; nothing if it does. Root or the
/// keepers' user must own it, their group may read it, nobody else may even do that, and only the
/// owner may write it.
[[nodiscard]] std::optional<Distrust> distrust(const struct stat& file, const std::string& path,
                                               Holds holds, const Keepers& keepers);

} // namespace knell::nova
