// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/clouds_yaml.hpp"

#include "nova/cloud_entry.hpp"
#include "nova/clouds_file.hpp"

#include <algorithm>
#include <cstdlib>
namespace knell::nova {
namespace fs = std::filesystem;

namespace {

/// The variables that openstacksdk takes for settings of a cloud, without OS_ and in capitals.
constexpr const char* environment_keys[] = {
    "auth_type",
    "auth_url",
    "username",
    "user_id",
    "user_domain_name",
    "user_domain_id",
    "password",
    "project_name",
    "project_id",
    "project_domain_name",
    "project_domain_id",
    "tenant_name",
    "tenant_id",
    "domain_name",
    "domain_id",
    "default_domain_name",
    "default_domain_id",
    "system_scope",
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret",
    "region_name",
    "interface",
    "endpoint_type",
    "cacert",
    "cert",
    "key",
    "verify",
    "insecure",
    "compute_endpoint_override",
};

std::optional<std::string> variable(const CloudQuery& query, const std::string& name)
{
    auto value = query.environment(name);
    return value && !value->empty() ? value : std::nullopt;
}

fs::path expanded(const CloudQuery& query, const fs::path& path)
{
    return with_home(path.string(), variable(query, "HOME").value_or(""));
}

std::optional<fs::path> first_of(const std::vector<fs::path>& directories, const char* stem)
{
    for (const fs::path& directory : directories) {
        for (const char* extension : {".yaml", ".yml", ".json"}) {
            const fs::path candidate = directory / (std::string{stem} + extension);
            std::error_code ec;
            if (fs::exists(candidate, ec)) {
                return candidate;
            }
        }
    }
    return std::nullopt;
}

std::vector<fs::path> searched(const CloudQuery& query)
{
    std::vector<fs::path> result;
    for (const fs::path& directory : query.directories) {
        result.push_back(expanded(query, directory));
    }
    return result;
}

std::optional<fs::path> clouds_path(const CloudQuery& query)
{
    if (query.clouds_file) {
        return expanded(query, *query.clouds_file);
    }
    if (const auto named = variable(query, "OS_CLIENT_CONFIG_FILE")) {
        return expanded(query, *named);
    }
    return first_of(searched(query), "clouds");
}

std::optional<fs::path> secure_path(const CloudQuery& query)
{
    if (const auto named = variable(query, "OS_CLIENT_SECURE_FILE")) {
        return expanded(query, *named);
    }
    std::vector<fs::path> directories = searched(query);
    if (query.clouds_file) {
        directories.insert(directories.begin(), expanded(query, *query.clouds_file).parent_path());
    }
    if (const auto credentials = variable(query, "CREDENTIALS_DIRECTORY")) {
        directories.insert(directories.begin(), *credentials);
    }
    return first_of(directories, "secure");
}

CloudEntry environment_entry(const CloudQuery& query)
{
    CloudEntry entry;
    for (const std::string key : environment_keys) {
        std::string name = "OS_" + key;
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
        if (auto value = variable(query, name)) {
            entry.emplace(key, Setting{Secret{std::move(*value)}, name, {}});
        }
    }
    return entry;
}

std::string listed(const std::vector<std::string>& names)
{
    std::string text;
    for (const std::string& name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

std::optional<std::string> chosen_name(const CloudQuery& query, bool environment_has_one,
                                       const std::string& environment_name,
                                       const std::vector<std::string>& names)
{
    if (query.cloud) {
        return query.cloud;
    }
    if (auto named = variable(query, "OS_CLOUD")) {
        return named;
    }
    if (environment_has_one) {
        return environment_name;
    }
    return names.size() == 1 ? std::optional{names.front()} : std::nullopt;
}

} // namespace

Environment process_environment()
{
    return [](const std::string& name) -> std::optional<std::string> {
        const char* const value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>{value};
    };
}

std::variant<CloudSettings, CloudErrors> read_cloud(const CloudQuery& query)
{
    CloudErrors errors;
    std::optional<CloudsFile> clouds;
    std::optional<CloudsFile> secure;
    if (const auto path = clouds_path(query)) {
        clouds.emplace(*path, query.keepers, errors);
    }
    if (const auto path = secure_path(query)) {
        const bool of_systemd = path->parent_path() == variable(query, "CREDENTIALS_DIRECTORY");
        secure.emplace(*path, of_systemd ? std::nullopt : std::optional{query.keepers}, errors);
    }
    CloudEntry entry = environment_entry(query);
    const auto environment_name = variable(query, "OS_CLOUD_NAME").value_or("envvars");
    const auto names = clouds ? clouds->names() : std::vector<std::string>{};
    const auto name = chosen_name(query, !entry.empty(), environment_name, names);
    if (!errors.empty()) {
        return errors;
    }
    if (!name) {
        if (names.empty()) {
            return CloudErrors{"no cloud is configured; write /etc/knell/clouds.yaml, or name a "
                               "file with nova.clouds_file"};
        }
        return CloudErrors{clouds->path().string() + ": it holds several clouds (" + listed(names) +
                           "); choose one with nova.cloud"};
    }
    const bool in_file = std::find(names.begin(), names.end(), *name) != names.end();
    const bool in_environment = !entry.empty() && *name == environment_name;
    if (in_file && in_environment) {
        return CloudErrors{clouds->path().string() + ": cloud \"" + *name +
                           "\" is also made by the OS_* variables; rename one of them with "
                           "OS_CLOUD_NAME"};
    }
    if (!in_file && !in_environment) {
        return CloudErrors{(clouds ? clouds->path().string() : "clouds.yaml") +
                           ": there is no cloud \"" + *name + "\"" +
                           (names.empty() ? "" : "; there is: " + listed(names))};
    }
    std::string origin = "the OS_* variables";
    if (in_file) {
        origin = clouds->path().string() + ": cloud \"" + *name + "\"";
        entry.clear();
        if (secure) {
            secure->add_to(entry, *name, errors);
        }
        clouds->add_to(entry, *name, errors);
        if (entry.empty() && !errors.empty()) {
            return errors;
        }
    }
    CloudSettings settings =
        assemble(std::move(entry), origin, variable(query, "HOME").value_or(""), errors);
    settings.cloud = *name;
    if (!errors.empty()) {
        return errors;
    }
    return settings;
}

} // namespace knell::nova
