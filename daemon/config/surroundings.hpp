// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nova/secret_file.hpp"

#include <functional>
#include <optional>
#include <set>
#include <string>

namespace knell::config {

/// What the configuration may ask of the process and machine besides its files. Tests bring
/// their own.
struct Surroundings {
    std::function<std::optional<std::string>(const std::string& name)> environment;
    std::optional<std::string> credentials_directory; ///< systemd.exec(5), LoadCredential=
    /// What knelld.service has as LoadCredential=secret:..., for one who checks by hand.
    std::string secrets_directory = "/etc/knell/secrets";
    nova::Keepers keepers; ///< of secrets, and of the configuration
    std::function<bool(const std::string& group)> group_exists;
    std::function<bool(const std::string& path)> executable;
    std::set<std::string> own_addresses;     ///< of this machine's interfaces, canonical
    std::optional<std::string> own_identity; ///< its SMBIOS UUID, where we may read it
};

[[nodiscard]] Surroundings of_this_process();

} // namespace knell::config
