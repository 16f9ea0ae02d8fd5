// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/control/access.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace knell::control {

/// A listening Unix socket.
struct Listening {
    int socket = -1;
    std::vector<std::string> warnings; ///< it works, but not for everybody it should
};

/// Binds `path` with mode 0660 and the first operators group, if we may give it away;
/// all other groups of operators and readers get their leave by a POSIX ACL, so that
/// the socket is never open to the world. Who connects is still judged by his credentials. A socket
/// file that nobody answers on is replaced; one that somebody answers on is refused, and so is
/// anything that is not a socket.
[[nodiscard]] std::variant<Listening, std::string> listen_on(const std::filesystem::path& path,
                                                             const Access& access);

/// The socket that systemd passed under the name "control" (sd_listen_fds(3),
/// FileDescriptorName= of the socket unit), if it did.
[[nodiscard]] std::optional<int> socket_from_systemd();

/// Lets the groups in at a socket that somebody else has bound, where it is ours to do so
/// (SocketUser= of the socket unit). Returns warnings.
[[nodiscard]] std::vector<std::string> let_in_at(int socket, const Access& access);

} // namespace knell::control
