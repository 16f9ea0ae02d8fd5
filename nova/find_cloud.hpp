// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "nova/clouds_yaml.hpp"

#include <iosfwd>
#include <optional>
#include <string>

namespace knell::nova {

/// The question that knell.yaml's `nova:` section asks of clouds.yaml; empty where it says nothing.
[[nodiscard]] CloudQuery cloud_query(const std::string& cloud, const std::string& clouds_file);

/// read_cloud() for every program of knell, in the same words: errors and warnings go to `err`, a
/// line each. Nothing if there were errors.
[[nodiscard]] std::optional<CloudSettings> find_cloud(const CloudQuery& query, std::ostream& err);

} // namespace knell::nova
