// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/access.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <grp.h>
#include <memory>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace knell::control {

namespace {

bool any_of(const Peer& peer, const std::vector<Group>& groups)
{
    return std::any_of(groups.begin(), groups.end(), [&](const Group& group) {
        return peer.gid == group.id ||
               std::find(peer.groups.begin(), peer.groups.end(), group.id) != peer.groups.end();
    });
}

struct CloseFile {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
};

std::string local_name_of(uid_t uid)
{
    const std::unique_ptr<std::FILE, CloseFile> file{std::fopen("/etc/passwd", "re")};
    if (!file) {
        return {};
    }
    while (const auto* entry = ::fgetpwent(file.get())) {
        if (entry->pw_uid == uid) {
            return entry->pw_name;
        }
    }
    return {};
}

} // namespace

std::variant<Peer, std::string> peer_of(int socket)
{
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return std::string{"SO_PEERCRED: "} + std::strerror(errno);
    }
    Peer peer{credentials.uid, credentials.gid, credentials.pid, {}};
    // The kernel answers ERANGE with the size it needs.
    size = 0;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, nullptr, &size) != 0 && errno != ERANGE) {
        return std::string{"SO_PEERGROUPS: "} + std::strerror(errno);
    }
    peer.groups.resize(size / sizeof(gid_t));
    if (!peer.groups.empty() &&
        ::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &size) != 0) {
        return std::string{"SO_PEERGROUPS: "} + std::strerror(errno);
    }
    return peer;
}

std::string identity_of(const Peer& peer)
{
    const auto name = local_name_of(peer.uid);
    return "uid=" + std::to_string(peer.uid) + (name.empty() ? "" : "(" + name + ")") +
           " pid=" + std::to_string(peer.pid);
}

Roles Access::roles_of(const Peer& peer) const
{
    if (peer.uid == 0 || peer.uid == ::geteuid()) {
        return {.reader = true, .operator_ = true};
    }
    Roles roles;
    roles.operator_ = any_of(peer, operators);
    roles.reader = roles.operator_ || any_of(peer, readers);
    return roles;
}

std::string Access::who_has(Role role) const
{
    std::string text = "root, the user of knelld";
    const auto add = [&](const std::vector<Group>& groups) {
        for (const auto& group : groups) {
            text += ", members of " + group.name;
        }
    };
    if (role == Role::reader) {
        add(readers);
    }
    add(operators);
    return text;
}

std::vector<Group> known_groups(const std::vector<std::string>& names,
                                std::vector<std::string>& unknown)
{
    std::vector<Group> groups;
    for (const auto& name : names) {
        if (const auto* entry = ::getgrnam(name.c_str())) {
            groups.push_back({name, entry->gr_gid});
        } else {
            unknown.push_back(name);
        }
    }
    return groups;
}

} // namespace knell::control
