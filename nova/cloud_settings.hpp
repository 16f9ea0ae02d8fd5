// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/secret.hpp"
#include "http/message.hpp"

#include <string>
#include <vector>

namespace knell::nova {

/// How to reach and enter one cloud: an entry of clouds.yaml, or OS_*.
/// Absent values are empty.
struct CloudSettings {
    enum class Method { password, application_credential };

    std::string cloud; ///< its name there
    std::string auth_url;
    Method method = Method::password;

    std::string username;
    std::string user_id;
    std::string user_domain_name;
    std::string user_domain_id;
    Secret password;

    std::string project_name;
    std::string project_id;
    std::string project_domain_name;
    std::string project_domain_id;
    std::string system_scope; ///< "all", in place of a project

    std::string application_credential_id;
    std::string application_credential_name;
    Secret application_credential_secret;

    std::string region; ///< empty: the catalogue's first
    std::string interface = "public";
    std::string compute_endpoint_override;
    http::Tls tls;

    /// Legal, but worth saying at every start.
    std::vector<std::string> warnings;
};

} // namespace knell::nova
