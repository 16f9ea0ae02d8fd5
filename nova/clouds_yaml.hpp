// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nova/cloud_settings.hpp"
#include "nova/secret_file.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace knell::nova {

using Environment = std::function<std::optional<std::string>(const std::string& name)>;

[[nodiscard]] Environment process_environment();

/// Where to look. By openstacksdk's rules (openstack/config/loader.py), except
/// that the current directory of a daemon means nothing and is not searched.
struct CloudQuery {
    std::optional<std::string> cloud;                 ///< else OS_CLOUD, OS_*, the only one
    std::optional<std::filesystem::path> clouds_file; ///< else OS_CLIENT_CONFIG_FILE, else ...
    Environment environment = process_environment();
    /// ... the first clouds.{yaml,yml,json} in these. secure.{yaml,yml,json} is looked for
    /// in OS_CLIENT_SECURE_FILE, $CREDENTIALS_DIRECTORY, beside `clouds_file`, and in these.
    /// "~" is $HOME. A credential of systemd is systemd's to keep, everything else the keepers'.
    std::vector<std::filesystem::path> directories{"/etc/knell", "~/.config/openstack",
                                                   "/etc/openstack"};
    Keepers keepers = keepers_of_this_process();
};

/// One sentence each, "FILE:LINE:COLUMN: what is wrong; what to do"; never a secret.
using CloudErrors = std::vector<std::string>;

/// All errors at once. A file that distrust() says no to is an error too; of one that holds no
/// secret of the chosen cloud only who could write it counts.
[[nodiscard]] std::variant<CloudSettings, CloudErrors> read_cloud(const CloudQuery& query);

} // namespace knell::nova
