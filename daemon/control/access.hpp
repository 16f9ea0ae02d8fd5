// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>
#include <variant>
#include <vector>

namespace knell::control {

/// Who is at the other end of a Unix socket, as the kernel says (unix(7),
/// SO_PEERCRED and SO_PEERGROUPS): the credentials at the time of connect().
struct Peer {
    uid_t uid = 0;
    gid_t gid = 0;
    pid_t pid = 0; ///< told in records; never a ground for anything: pids are reused
    std::vector<gid_t> groups;
};

/// The text says what the kernel refused.
[[nodiscard]] std::variant<Peer, std::string> peer_of(int socket);

/// "uid=1000(alice) pid=4242". The name is looked up in /etc/passwd alone: a
/// directory service that hangs must not hold up the loop.
[[nodiscard]] std::string identity_of(const Peer& peer);

enum class Role { reader, operator_ };

/// Readers may look; operators may look and order.
struct Roles {
    bool reader = false;
    bool operator_ = false;

    [[nodiscard]] bool has(Role role) const noexcept
    {
        return role == Role::reader ? reader : operator_;
    }
};

struct Group {
    std::string name;
    gid_t id = 0;
};

/// Root and the daemon's own user may do everything; others by their groups.
struct Access {
    std::vector<Group> readers;
    std::vector<Group> operators;

    [[nodiscard]] Roles roles_of(const Peer& peer) const;
    /// For error texts: "root, the user of knelld, and members of knell-operators".
    [[nodiscard]] std::string who_has(Role role) const;
};

/// The groups among `names` that this machine knows. May block: call it before
/// the loop runs. `unknown` gets the others.
[[nodiscard]] std::vector<Group> known_groups(const std::vector<std::string>& names,
                                              std::vector<std::string>& unknown);

} // namespace knell::control
