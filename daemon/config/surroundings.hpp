// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <sys/types.h>

namespace knell::config {

/// What the configuration may ask of the process and machine besides its files. Tests bring
/// their own.
struct Surroundings {
    std::function<std::optional<std::string>(const std::string& name)> environment;
    std::optional<std::string> credentials_directory; ///< systemd.exec(5), LoadCredential=
    uid_t user = 0;                                   ///< may own files beside root
    std::function<bool(const std::string& group)> group_exists;
    std::function<bool(const std::string& path)> executable;
};

[[nodiscard]] Surroundings of_this_process();

} // namespace knell::config
