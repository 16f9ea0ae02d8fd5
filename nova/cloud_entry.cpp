// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/cloud_entry.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <algorithm>
#include <unistd.h>

namespace knell::nova {
namespace {

/// Turns an entry into settings, and remembers what was wrong with it.
class Assembly {
public:
    Assembly(CloudEntry entry, std::string origin, std::string home, CloudErrors& errors)
        : entry_{std::move(entry)}, origin_{std::move(origin)}, home_{std::move(home)}, errors_{
                                                                                            errors}
    {
    }

    CloudSettings settings()
    {
        CloudSettings s;
        alias("project_name", "tenant_name");
        alias("project_id", "tenant_id");
        for (const char* domain : {"user_domain", "project_domain"}) {
            const bool named =
                has(std::string{domain} + "_id") || has(std::string{domain} + "_name");
            if (!named) {
                alias(std::string{domain} + "_id", "domain_id");
                alias(std::string{domain} + "_name", "domain_name");
                alias(std::string{domain} + "_id", "default_domain_id");
                alias(std::string{domain} + "_name", "default_domain_name");
            }
        }
        alias("interface", "endpoint_type");
        alias("region_name", "regions");
        fill_auth(s);
        fill_endpoint(s);
        fill_tls(s);
        return s;
    }

private:
    bool has(const std::string& key) const
    {
        const auto found = entry_.find(key);
        return found != entry_.end() && !found->second.text.empty();
    }
    void alias(const std::string& name, const std::string& other)
    {
        if (!has(name) && has(other)) {
            entry_[name] = entry_[other];
        }
    }
    std::string text(const std::string& key) const
    {
        const auto found = entry_.find(key);
        return found == entry_.end() ? std::string{} : std::string{found->second.text.reveal()};
    }
    std::string where(const std::string& key) const
    {
        const auto found = entry_.find(key);
        return found == entry_.end() ? origin_ : found->second.where;
    }
    void missing(const std::string& what, const std::string& remedy)
    {
        errors_.push_back(origin_ + ": there is no " + what + "; " + remedy);
    }
    Secret secret(const std::string& key)
    {
        if (!has(key)) {
            missing(key, "write it under auth: in secure.yaml");
            return {};
        }
        const Setting& setting = entry_.at(key);
        if (!setting.unfit_for_secrets.empty()) {
            errors_.push_back(setting.where + ": holds this " + key + ", but " +
                              setting.unfit_for_secrets);
        }
        return setting.text;
    }

    std::string checked_url(const std::string& key)
    {
        std::string url = text(key);
        const auto parsed = boost::urls::parse_uri(url);
        const bool usable = parsed.has_value() && !parsed->host().empty() &&
                            (parsed->scheme_id() == boost::urls::scheme::http ||
                             parsed->scheme_id() == boost::urls::scheme::https);
        if (!usable) {
            errors_.push_back(where(key) + ": " + key +
                              " must be an http:// or https:// URL with a host");
        } else if (parsed->has_userinfo()) {
            errors_.push_back(where(key) + ": " + key +
                              " has a user or a password in it; write them as username and "
                              "password");
        } else if (parsed->has_query() || parsed->has_fragment()) {
            errors_.push_back(where(key) + ": " + key + " must end with its path");
        }
        return url;
    }

    void fill_auth(CloudSettings& s)
    {
        if (has("auth_url")) {
            s.auth_url = checked_url("auth_url");
        } else if (has("profile")) {
            missing("auth_url", "vendor profiles are not supported: write the URL out");
        } else {
            missing("auth_url", "write Keystone's URL, e.g. https://keystone.example/v3");
        }
        const std::string type = text("auth_type");
        if (type.empty() || type == "password" || type == "v3password") {
            fill_password(s);
        } else if (type == "v3applicationcredential") {
            fill_application_credential(s);
        } else {
            errors_.push_back(where("auth_type") + ": auth_type \"" + type +
                              "\" is not supported; use password or v3applicationcredential");
        }
    }

    void fill_user(CloudSettings& s)
    {
        s.username = text("username");
        s.user_id = text("user_id");
        s.user_domain_name = text("user_domain_name");
        s.user_domain_id = text("user_domain_id");
        if (s.username.empty() && s.user_id.empty()) {
            missing("username", "write username or user_id under auth:");
        }
        if (s.user_id.empty() && s.user_domain_name.empty() && s.user_domain_id.empty()) {
            missing("user_domain_name", "a name alone is ambiguous: write the user's domain, "
                                        "often Default");
        }
    }

    void fill_password(CloudSettings& s)
    {
        s.method = CloudSettings::Method::password;
        if (has("application_credential_id") && !has("password")) {
            errors_.push_back(where("application_credential_id") +
                              ": an application credential wants auth_type: "
                              "v3applicationcredential beside auth:");
            return;
        }
        fill_user(s);
        s.password = secret("password");
        s.project_name = text("project_name");
        s.project_id = text("project_id");
        s.project_domain_name = text("project_domain_name");
        s.project_domain_id = text("project_domain_id");
        s.system_scope = text("system_scope");
        if (!s.system_scope.empty() && s.system_scope != "all") {
            errors_.push_back(where("system_scope") + ": system_scope can only be: all");
        }
        if (s.system_scope.empty() && s.project_name.empty() && s.project_id.empty()) {
            missing("project_name", "write project_name or project_id under auth:, or "
                                    "system_scope: all");
        }
        if (!s.project_name.empty() && s.project_id.empty() && s.project_domain_name.empty() &&
            s.project_domain_id.empty()) {
            missing("project_domain_name", "a name alone is ambiguous: write the project's "
                                           "domain, often Default");
        }
    }

    void fill_application_credential(CloudSettings& s)
    {
        s.method = CloudSettings::Method::application_credential;
        s.application_credential_id = text("application_credential_id");
        s.application_credential_name = text("application_credential_name");
        s.application_credential_secret = secret("application_credential_secret");
        if (s.application_credential_id.empty()) {
            if (s.application_credential_name.empty()) {
                missing("application_credential_id", "write it under auth:");
            } else {
                fill_user(s);
            }
        }
    }

    void fill_endpoint(CloudSettings& s)
    {
        s.region = text("region_name");
        if (has("interface")) {
            s.interface = text("interface");
            // publicURL and the like, from the days of Keystone v2.
            if (s.interface.ends_with("URL")) {
                s.interface.resize(s.interface.size() - 3);
            }
            if (s.interface != "public" && s.interface != "internal" && s.interface != "admin") {
                errors_.push_back(where("interface") + ": interface must be public, internal "
                                                       "or admin");
            }
        }
        if (has("compute_endpoint_override")) {
            s.compute_endpoint_override = checked_url("compute_endpoint_override");
        }
    }

    void fill_tls(CloudSettings& s)
    {
        const bool insecure = flag("insecure", false);
        if (insecure || !flag("verify", true)) {
            s.tls.verify = false;
            s.warnings.push_back(
                where(insecure ? "insecure" : "verify") +
                ": the certificates of Keystone and Nova are not verified, so anybody in between "
                "can read the password and forge their answers; give cacert instead");
        }
        s.tls.ca_file = readable_file("cacert");
        s.tls.certificate_file = readable_file("cert");
        s.tls.key_file = readable_file("key");
    }

    bool flag(const std::string& key, bool otherwise)
    {
        if (!has(key)) {
            return otherwise;
        }
        std::string word = text(key);
        std::transform(word.begin(), word.end(), word.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        if (word == "true" || word == "yes" || word == "on" || word == "1") {
            return true;
        }
        if (word != "false" && word != "no" && word != "off" && word != "0") {
            errors_.push_back(where(key) + ": " + key + " must be true or false");
        }
        return false;
    }

    std::string readable_file(const std::string& key)
    {
        if (!has(key)) {
            return {};
        }
        std::string path = with_home(text(key), home_);
        if (access(path.c_str(), R_OK) != 0) {
            errors_.push_back(where(key) + ": " + key + ": " + path +
                              " cannot be read; correct the path or its permissions");
        }
        return path;
    }

    CloudEntry entry_;
    std::string origin_;
    std::string home_;
    CloudErrors& errors_;
};

} // namespace

CloudSettings assemble(CloudEntry entry, std::string origin, std::string home, CloudErrors& errors)
{
    return Assembly{std::move(entry), std::move(origin), std::move(home), errors}.settings();
}

std::string with_home(const std::string& path, const std::string& home)
{
    if (!home.empty() && (path == "~" || path.starts_with("~/"))) {
        return home + path.substr(1);
    }
    return path;
}

} // namespace knell::nova
