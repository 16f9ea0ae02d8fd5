// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/find_cloud.hpp"

#include <ostream>

namespace knell::nova {

CloudQuery cloud_query(const std::string& cloud, const std::string& clouds_file)
{
    CloudQuery query;
    if (!cloud.empty()) {
        query.cloud = cloud;
    }
    if (!clouds_file.empty()) {
        query.clouds_file = clouds_file;
    }
    return query;
}

std::optional<CloudSettings> find_cloud(const CloudQuery& query, std::ostream& err)
{
    auto found = read_cloud(query);
    if (const auto* errors = std::get_if<CloudErrors>(&found)) {
        for (const auto& error : *errors) {
            err << error << '\n';
        }
        return std::nullopt;
    }
    auto& settings = std::get<CloudSettings>(found);
    for (const auto& warning : settings.warnings) {
        err << "warning: " << warning << '\n';
    }
    return std::move(settings);
}

} // namespace knell::nova
