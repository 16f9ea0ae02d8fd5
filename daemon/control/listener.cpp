// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/control/listener.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <endian.h>
#include <set>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>
#include <utility>

namespace knell::control {

namespace {

namespace fs = std::filesystem;

class Descriptor {
public:
    explicit Descriptor(int value) noexcept : value_{value} {}
    ~Descriptor()
    {
        if (value_ >= 0) {
            ::close(value_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const noexcept { return value_; }
    [[nodiscard]] int release() noexcept { return std::exchange(value_, -1); }

private:
    int value_;
};

std::string reason()
{
    return std::strerror(errno);
}

std::optional<sockaddr_un> address_of(const fs::path& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const auto& text = path.native();
    if (text.size() >= sizeof address.sun_path) {
        return std::nullopt;
    }
    std::copy(text.begin(), text.end(), address.sun_path);
    return address;
}

/// Takes away what an earlier process left. Empty: the name is free.
std::string make_room(const fs::path& path, const sockaddr_un& address)
{
    struct stat seen {};
    if (::lstat(path.c_str(), &seen) != 0) {
        return errno == ENOENT ? std::string{}
                               : "cannot look at " + path.string() + ": " + reason();
    }
    if (!S_ISSOCK(seen.st_mode)) {
        return path.string() + " is not a socket. Move it away, or name another path under "
                               "`control: socket` in knell.yaml.";
    }
    const Descriptor probe{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    const int connected =
        ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    if (connected == 0 || errno == EAGAIN) {
        return "another process answers on " + path.string() +
               ". Stop the other knelld, or name another path under `control: socket` in "
               "knell.yaml.";
    }
    if (errno != ECONNREFUSED) {
        return "cannot tell whether " + path.string() + " is in use: " + reason();
    }
    if (::unlink(path.c_str()) != 0) {
        return "cannot remove the socket that an earlier knelld left at " + path.string() + ": " +
               reason();
    }
    return {};
}

/// acl(5) as the kernel keeps it in the attribute system.posix_acl_access: a version
/// and then entries, little-endian, sorted by tag and id (linux/posix_acl_xattr.h).
class AclText {
public:
    AclText() { put32(2); }
    void add(std::uint16_t tag, std::uint16_t permission, std::uint32_t id = 0xffffffff)
    {
        put16(tag);
        put16(permission);
        put32(id);
    }
    [[nodiscard]] const std::string& bytes() const { return bytes_; }

private:
    void put16(std::uint16_t value)
    {
        value = htole16(value);
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    void put32(std::uint32_t value)
    {
        value = htole32(value);
        bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    std::string bytes_;
};

/// False: the file system has no ACLs, or it is not ours to set them.
bool let_in(const fs::path& path, const std::set<gid_t>& groups)
{
    constexpr std::uint16_t user_obj = 1, group_obj = 4, group = 8, mask = 16, other = 32;
    constexpr std::uint16_t read_write = 6;
    AclText acl;
    acl.add(user_obj, read_write);
    acl.add(group_obj, read_write);
    for (const auto id : groups) {
        acl.add(group, read_write, id);
    }
    acl.add(mask, read_write);
    acl.add(other, 0);
    return ::setxattr(path.c_str(), "system.posix_acl_access", acl.bytes().data(),
                      acl.bytes().size(), 0) == 0;
}

/// The first operators group becomes the socket's own where we may give it away
/// (we are its member, or root); otherwise it is on the list with all the others.
std::vector<std::string> open_to(const fs::path& path, const Access& access)
{
    std::vector<std::string> warnings;
    std::set<gid_t> listed;
    for (const auto* groups : {&access.operators, &access.readers}) {
        for (const auto& group : *groups) {
            listed.insert(group.id);
        }
    }
    if (!access.operators.empty()) {
        const auto first = access.operators.front().id;
        if (::chown(path.c_str(), static_cast<uid_t>(-1), first) == 0) {
            listed.erase(first);
        }
    }
    if (::chmod(path.c_str(), 0660) != 0) {
        warnings.push_back("cannot set the mode of " + path.string() + ": " + reason());
    }
    if (!listed.empty() && !let_in(path, listed)) {
        warnings.push_back("cannot set an access control list on " + path.string() + ": " +
                           reason() +
                           "; not every group under `control` in knell.yaml can connect. Put the "
                           "socket on a file system with ACLs, such as /run");
    }
    return warnings;
}

} // namespace

std::variant<Listening, std::string> listen_on(const fs::path& path, const Access& access)
{
    const auto address = address_of(path);
    if (!address) {
        return "the path of the control socket is too long (" + path.string() +
               "): the kernel takes 107 bytes";
    }
    if (auto fault = make_room(path, *address); !fault.empty()) {
        return fault;
    }
    Descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    // Before bind(), so that there is no moment at which the name is open to others.
    if (socket.get() < 0 || ::fchmod(socket.get(), 0600) != 0) {
        return "cannot make the control socket: " + reason();
    }
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
        return "cannot bind the control socket " + path.string() + ": " + reason() +
               ". Its directory must exist and be writable for knelld: RuntimeDirectory=knell in "
               "the unit, or install -d -m 0755 -o knell " +
               path.parent_path().string();
    }
    Listening listening;
    listening.warnings = open_to(path, access);
    if (::listen(socket.get(), 64) != 0) {
        return "cannot listen on " + path.string() + ": " + reason();
    }
    listening.socket = socket.release();
    return listening;
}

std::optional<int> socket_from_systemd()
{
    char** names = nullptr;
    const int count = sd_listen_fds_with_names(0, &names);
    std::optional<int> found;
    for (int n = 0; n < count; ++n) {
        const int socket = SD_LISTEN_FDS_START + n;
        if (std::strcmp(names[n], "control") == 0 &&
            sd_is_socket_unix(socket, SOCK_STREAM, 1, nullptr, 0) > 0) {
            found = socket;
        }
        std::free(names[n]);
    }
    std::free(names);
    return found;
}

std::vector<std::string> let_in_at(int socket, const Access& access)
{
    sockaddr_un address{};
    socklen_t size = sizeof address;
    if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0 ||
        address.sun_family != AF_UNIX || address.sun_path[0] == '\0') {
        return {
            "the control socket from systemd has no path; give it ListenStream=/run/knell/control"};
    }
    return open_to(address.sun_path, access);
}

} // namespace knell::control
