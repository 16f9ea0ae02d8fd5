// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/socket_groups.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <endian.h>
#include <grp.h>
#include <pwd.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/xattr.h>

namespace knell::cli {
namespace {

constexpr std::uint16_t write_permission = 2; ///< what connect(2) asks for

std::uint16_t number16(std::string_view bytes)
{
    std::uint16_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return le16toh(value);
}

std::uint32_t number32(std::string_view bytes)
{
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data(), sizeof value);
    return le32toh(value);
}

std::string name_of(gid_t group)
{
    const auto* entry = ::getgrgid(group);
    return entry == nullptr ? std::to_string(group) : entry->gr_name;
}

bool of_the_owner_alone(const struct stat& file)
{
    const auto* owner = ::getpwuid(file.st_uid);
    return owner != nullptr && owner->pw_gid == file.st_gid;
}

/// acl(5) as daemon/control/listener.cpp writes it: a version, then tag, permission and id of each.
std::vector<gid_t> listed_groups(const std::string& path)
{
    constexpr std::uint16_t group = 8, mask = 16;
    constexpr std::size_t head = 4, entry = 8;
    std::array<char, 4096> buffer{};
    const auto got =
        ::getxattr(path.c_str(), "system.posix_acl_access", buffer.data(), buffer.size());
    std::vector<gid_t> groups;
    if (got < 0) {
        return groups;
    }
    const std::string_view list{buffer.data(), static_cast<std::size_t>(got)};
    for (std::size_t at = head; at + entry <= list.size(); at += entry) {
        const auto tag = number16(list.substr(at));
        const bool may_write = (number16(list.substr(at + 2)) & write_permission) != 0;
        if (tag == group && may_write) {
            groups.push_back(number32(list.substr(at + 4)));
        }
        if (tag == mask && !may_write) {
            return {};
        }
    }
    return groups;
}

} // namespace

std::vector<std::string> groups_let_in(const std::string& socket)
{
    struct stat seen {};
    if (::stat(socket.c_str(), &seen) != 0) {
        return {};
    }
    std::vector<std::string> names;
    if ((seen.st_mode & S_IWGRP) != 0 && !of_the_owner_alone(seen)) {
        names.push_back(name_of(seen.st_gid));
    }
    for (const auto group : listed_groups(socket)) {
        names.push_back(name_of(group));
    }
    return names;
}

} // namespace knell::cli
