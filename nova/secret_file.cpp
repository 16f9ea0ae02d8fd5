// SPDX-License-Identifier: GPL-3.0-or-later
#include "nova/secret_file.hpp"

#include <algorithm>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

namespace knell::nova {
namespace {

/// Of knelld.service.
constexpr const char* daemons_user = "knell";

std::string octal(mode_t mode)
{
    const auto digit = [mode](unsigned shift) {
        return static_cast<char>('0' + ((mode >> shift) & 7U));
    };
    return {'0', digit(6), digit(3), digit(0)};
}

std::string name_of(gid_t group)
{
    const auto* entry = ::getgrgid(group);
    return entry == nullptr ? std::to_string(group) : entry->gr_name;
}

std::string remedy_for(const struct stat& file, const std::string& path, const Keepers& keepers)
{
    const bool for_a_group = !keepers.groups.empty() && keepers.user != file.st_uid;
    return for_a_group ? "chown root:" + name_of(keepers.groups.front()) + " " + path +
                             " && chmod 0640 " + path
                       : "chmod 0600 " + path;
}

} // namespace

Keepers keepers_of_this_process()
{
    Keepers keepers{::geteuid(), {}};
    if (const auto* daemon = keepers.user == 0 ? ::getpwnam(daemons_user) : nullptr) {
        keepers.user = daemon->pw_uid;
        keepers.groups.push_back(daemon->pw_gid);
    }
    keepers.groups.push_back(::getegid());
    return keepers;
}

std::optional<Distrust> distrust(const struct stat& file, const std::string& path, Holds holds,
                                 const Keepers& keepers)
{
    const auto remedy = [&] { return remedy_for(file, path, keepers); };
    const std::string mode = " (mode " + octal(file.st_mode) + ")";
    if (file.st_uid != 0 && file.st_uid != keepers.user) {
        return Distrust{path + " belongs to user " + std::to_string(file.st_uid) +
                            (holds == Holds::a_secret
                                 ? ", who could replace the secret"
                                 : ", who could have our password sent to him"),
                        remedy()};
    }
    if (holds == Holds::directions) {
        return (file.st_mode & (S_IWGRP | S_IWOTH)) == 0
                   ? std::nullopt
                   : std::optional{
                         Distrust{path + " may be written by others" + mode, "chmod go-w " + path}};
    }
    if ((file.st_mode & S_IRWXO) != 0) {
        return Distrust{path + " may be read or written by others" + mode, remedy()};
    }
    if ((file.st_mode & (S_IWGRP | S_IXGRP)) != 0) {
        return Distrust{path + " may be written or run by the group " + name_of(file.st_gid) + mode,
                        remedy()};
    }
    const auto& groups = keepers.groups;
    if ((file.st_mode & S_IRGRP) != 0 &&
        std::find(groups.begin(), groups.end(), file.st_gid) == groups.end()) {
        return Distrust{path + " may be read by the group " + name_of(file.st_gid) +
                            ", which is not ours" + mode,
                        remedy()};
    }
    return std::nullopt;
}

} // namespace knell::nova
