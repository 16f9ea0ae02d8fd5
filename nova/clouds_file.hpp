// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nova/cloud_entry.hpp"

#include <yaml-cpp/yaml.h>

#include <string>

namespace knell::nova {

/// clouds.yaml or secure.yaml, parsed.
class CloudsFile {
public:
    /// Appends to `errors` and leaves the file empty if it cannot be used. Without keepers
    /// somebody else answers for who may touch it.
    CloudsFile(std::filesystem::path path, std::optional<Keepers> keepers, CloudErrors& errors);

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::vector<std::string> names() const;
    /// Adds what `entry` does not have yet.
    void add_to(CloudEntry& entry, const std::string& cloud, CloudErrors& errors) const;

private:
    void read(CloudErrors& errors);
    [[nodiscard]] std::optional<std::string> contents(CloudErrors& errors);
    void judge(const struct stat& status, CloudErrors& errors);
    void flatten(const YAML::Node& map, bool in_auth, unsigned& left, CloudEntry& entry,
                 CloudErrors& errors) const;
    void take(const std::string& key, const YAML::Node& value, CloudEntry& entry,
              CloudErrors& errors) const;
    void report_duplicates(const YAML::Node& map, CloudErrors& errors) const;
    [[nodiscard]] std::string at(const YAML::Node& node) const;

    std::filesystem::path path_;
    std::optional<Keepers> keepers_;
    std::string unfit_for_secrets_; ///< why, and the remedy
    YAML::Node clouds_;
};

} // namespace knell::nova
