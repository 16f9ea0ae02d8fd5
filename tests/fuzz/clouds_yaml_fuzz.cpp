// SPDX-License-Identifier: GPL-3.0-or-later
// clouds.yaml. Input: flags (1: the cloud "prod" is asked for; 2: OS_* variables are set; 4: the
// file may be read by all), the file. A secure.yaml with the password of "prod" lies in another
// folder.
#include "nova/clouds_yaml.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/scratch.hpp"

#include <algorithm>

namespace knell::nova {
namespace {

using fuzz::require;

class Desk {
public:
    Desk()
    {
        scratch_.write("secure/secure.yaml",
                       "clouds: {prod: {auth: {password: " + std::string{fuzz::canary} + "}}}\n");
    }

    std::variant<CloudSettings, CloudErrors> read(unsigned flags, std::string_view text) const
    {
        CloudQuery query;
        query.clouds_file = scratch_.write("clouds.yaml", text, (flags & 4) != 0 ? 0644 : 0600);
        query.directories.clear();
        if ((flags & 1) != 0) {
            query.cloud = "prod";
        }
        query.environment = [this, flags](const std::string& name) -> std::optional<std::string> {
            if (name == "CREDENTIALS_DIRECTORY") {
                return (scratch_.path() / "secure").string();
            }
            const bool set = (flags & 2) != 0 && name.starts_with("OS_") && name.size() < 12;
            return set ? std::optional<std::string>{"https://of.the.environment/v3"} : std::nullopt;
        };
        return read_cloud(query);
    }

    [[nodiscard]] std::string file() const { return (scratch_.path() / "clouds.yaml").string(); }

private:
    fuzz::Scratch scratch_;
};

void check(const CloudErrors& errors, const std::string& file, bool told)
{
    require(!errors.empty(), "what cannot be used says why");
    for (const auto& error : errors) {
        const bool placed = error.starts_with(file) || error.starts_with("OS_") ||
                            error.starts_with("the OS_* variables") ||
                            error.find("secure.yaml") != std::string::npos;
        require(placed || error.starts_with("no cloud is configured"), "an error says where",
                error);
        const bool mendable = error.find("; ") != std::string::npos ||
                              error.find(" must ") != std::string::npos ||
                              error.find(" wants ") != std::string::npos ||
                              error.find(" can only be") != std::string::npos;
        require(mendable, "an error says how to mend it", error);
        require(told || !fuzz::tells_secret(error), "an error tells no secret", error);
    }
}

void check(const CloudSettings& cloud, bool told)
{
    require(!cloud.auth_url.empty(), "a cloud has Keystone's address");
    const bool entered = !cloud.password.empty() || !cloud.application_credential_secret.empty();
    require(entered, "a cloud can be entered");
    require(cloud.interface == "public" || cloud.interface == "internal" ||
                cloud.interface == "admin",
            "an interface is one of three");
    require(cloud.system_scope.empty() || cloud.system_scope == "all", "there is one such scope");
    for (const auto& text : {cloud.auth_url, cloud.username, cloud.user_id, cloud.project_name,
                             cloud.project_id, cloud.region, cloud.compute_endpoint_override}) {
        require(told || !fuzz::tells_secret(text), "a secret stays in its place");
    }
    for (const auto& warning : cloud.warnings) {
        require(told || !fuzz::tells_secret(warning), "a warning tells no secret");
    }
}

} // namespace

KNELL_FUZZ_TARGET(clouds_yaml)
{
    static const Desk desk;
    fuzz::Input input{bytes};
    const auto flags = input.byte();
    const auto text = fuzz::text_of(input.rest());
    const bool told = fuzz::tells_secret(text);

    const auto outcome = desk.read(flags, text);
    if (const auto* errors = std::get_if<CloudErrors>(&outcome)) {
        check(*errors, desk.file(), told);
        const auto again = desk.read(flags, text);
        require(std::get_if<CloudErrors>(&again) != nullptr &&
                    std::get<CloudErrors>(again) == *errors,
                "the same file has the same faults");
    } else {
        check(std::get<CloudSettings>(outcome), told);
    }
}

} // namespace knell::nova
