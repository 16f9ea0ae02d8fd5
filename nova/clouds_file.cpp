// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/clouds_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <set>
#include <unistd.h>

namespace knell::nova {
namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_bytes = std::size_t{1} << 20;
constexpr unsigned most_maps = 100; ///< that one cloud is put together from

std::string at_mark(const fs::path& path, const YAML::Mark& mark)
{
    if (mark.is_null()) {
        return path.string();
    }
    return path.string() + ":" + std::to_string(mark.line + 1) + ":" +
           std::to_string(mark.column + 1);
}

/// Of a list that is not empty. Of what is not there only IsDefined() may be asked.
YAML::Node first_region(const YAML::Node& regions)
{
    const YAML::Node first = regions[0];
    return first.IsMap() ? first["name"] : first;
}

} // namespace

CloudsFile::CloudsFile(fs::path path, std::optional<Keepers> keepers, CloudErrors& errors)
    : path_{std::move(path)}, keepers_{std::move(keepers)}
{
    read(errors);
}

/// Looked at and read through one descriptor: what was judged is what is read.
std::optional<std::string> CloudsFile::contents(CloudErrors& errors)
{
    const int file = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    struct stat status {};
    if (file < 0 || ::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        errors.push_back(path_.string() +
                         (file < 0 && errno != ENOENT && errno != ENOTDIR
                              ? ": it cannot be read; let the daemon's user read it"
                              : ": there is no such file; name one that exists"));
        if (file >= 0) {
            ::close(file);
        }
        return std::nullopt;
    }
    judge(status, errors);
    std::string text;
    std::array<char, 16384> buffer{};
    ssize_t got = 0;
    while (text.size() <= most_bytes && (got = ::read(file, buffer.data(), buffer.size())) > 0) {
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::explicit_bzero(buffer.data(), buffer.size());
    ::close(file);
    if (got < 0) {
        errors.push_back(path_.string() + ": it cannot be read: " + std::strerror(errno) +
                         "; check the file");
        return std::nullopt;
    }
    if (text.size() > most_bytes) {
        errors.push_back(path_.string() + ": it is larger than 1 MiB; this is no clouds.yaml");
        return std::nullopt;
    }
    return text;
}

void CloudsFile::judge(const struct stat& status, CloudErrors& errors)
{
    if (!keepers_) {
        return;
    }
    if (const auto wrong = distrust(status, path_.string(), Holds::directions, *keepers_)) {
        errors.push_back(wrong->why + "; do: " + wrong->remedy);
    } else if (const auto open = distrust(status, path_.string(), Holds::a_secret, *keepers_)) {
        unfit_for_secrets_ = open->why + "; do: " + open->remedy;
    }
}

void CloudsFile::read(CloudErrors& errors)
{
    const auto text = contents(errors);
    if (!text) {
        return;
    }
    try {
        const YAML::Node root = YAML::Load(*text);
        if (!root.IsMap() || !root["clouds"].IsDefined() || !root["clouds"].IsMap()) {
            errors.push_back(at(root) + ": there is no map \"clouds:\" at the top; put the "
                                        "clouds under it");
            return;
        }
        report_duplicates(root, errors);
        clouds_ = root["clouds"];
        report_duplicates(clouds_, errors);
    } catch (const YAML::Exception& e) {
        errors.push_back(at_mark(path_, e.mark) + ": " + e.msg + "; mend the YAML");
    }
}

std::vector<std::string> CloudsFile::names() const
{
    std::vector<std::string> result;
    if (clouds_.IsMap()) {
        for (const auto& pair : clouds_) {
            result.push_back(pair.first.IsScalar() ? pair.first.Scalar() : std::string{});
        }
    }
    return result;
}

void CloudsFile::add_to(CloudEntry& entry, const std::string& cloud, CloudErrors& errors) const
{
    if (!clouds_.IsMap()) {
        return;
    }
    for (const auto& pair : clouds_) {
        if (!pair.first.IsScalar() || pair.first.Scalar() != cloud) {
            continue;
        }
        if (!pair.second.IsMap()) {
            errors.push_back(at(pair.second) + ": cloud \"" + cloud + "\" is not a map; write " +
                             "its settings under it");
            return;
        }
        unsigned left = most_maps;
        flatten(pair.second, false, left, entry, errors);
        if (left == 0) {
            errors.push_back(at(pair.second) + ": cloud \"" + cloud + "\" is merged (<<) from " +
                             std::to_string(most_maps) +
                             " maps or more, or from itself; write its settings out");
        }
        return;
    }
}

/// `left`: aliases can lead back to where they stand, and to more than anybody can visit.
void CloudsFile::flatten(const YAML::Node& map, bool in_auth, unsigned& left, CloudEntry& entry,
                         CloudErrors& errors) const
{
    if (left == 0 || --left == 0) {
        return;
    }
    report_duplicates(map, errors);
    // What is under `auth` goes before the same key beside it.
    if (!in_auth && map["auth"].IsDefined() && map["auth"].IsMap()) {
        flatten(map["auth"], true, left, entry, errors);
    }
    for (const auto& pair : map) {
        if (pair.first.IsScalar() && pair.first.Scalar() != "auth" && pair.first.Scalar() != "<<") {
            take(pair.first.Scalar(), pair.second, entry, errors);
        }
    }
    // YAML 1.1 merge keys, which yaml-cpp leaves to us; own keys have gone before.
    const YAML::Node merged = map["<<"];
    if (!merged.IsDefined()) {
        return;
    }
    if (merged.IsMap()) {
        flatten(merged, in_auth, left, entry, errors);
    } else if (merged.IsSequence()) {
        for (const auto& one : merged) {
            if (one.IsMap()) {
                flatten(one, in_auth, left, entry, errors);
            }
        }
    }
}

void CloudsFile::take(const std::string& key, const YAML::Node& value, CloudEntry& entry,
                      CloudErrors& errors) const
{
    // Not assigned later: that would change the document.
    const YAML::Node chosen =
        key == "regions" && value.IsSequence() && value.size() > 0 ? first_region(value) : value;
    static const std::set<std::string> ours{"auth_type",
                                            "auth_url",
                                            "username",
                                            "user_id",
                                            "password",
                                            "interface",
                                            "region_name",
                                            "endpoint_type",
                                            "cacert",
                                            "cert",
                                            "key",
                                            "verify",
                                            "insecure",
                                            "domain_name",
                                            "domain_id",
                                            "tenant_name",
                                            "project_name",
                                            "project_id",
                                            "tenant_id",
                                            "system_scope",
                                            "regions",
                                            "auth",
                                            "application_credential_id"};
    if (!chosen.IsDefined() || !chosen.IsScalar()) {
        if (ours.contains(key) && !(chosen.IsDefined() && chosen.IsNull())) {
            errors.push_back(at(value) + ": \"" + key + "\" must be a single value");
        }
        return;
    }
    entry.try_emplace(key, Setting{Secret{chosen.Scalar()}, at(chosen), unfit_for_secrets_});
}

void CloudsFile::report_duplicates(const YAML::Node& map, CloudErrors& errors) const
{
    // yaml-cpp takes the first of two equal keys, PyYAML the last: neither says so.
    std::set<std::string> seen;
    for (const auto& pair : map) {
        if (pair.first.IsScalar() && !seen.insert(pair.first.Scalar()).second) {
            errors.push_back(at(pair.first) + ": \"" + pair.first.Scalar() +
                             "\" is there twice; remove one of them");
        }
    }
}

std::string CloudsFile::at(const YAML::Node& node) const
{
    return at_mark(path_, node.Mark());
}

} // namespace knell::nova
