// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/journal/state_directory.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace knell::journal {

namespace {

std::string reason(int error)
{
    return std::strerror(error);
}

std::string holder(int lock)
{
    std::array<char, 32> text{};
    const auto got = ::pread(lock, text.data(), text.size() - 1, 0);
    std::string pid{text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
    while (!pid.empty() && pid.back() == '\n') {
        pid.pop_back();
    }
    return pid.empty() ? "unknown" : pid;
}

/// Empty: all is well.
std::string fault_of(const std::filesystem::path& path, const struct stat& seen)
{
    if (!S_ISDIR(seen.st_mode)) {
        return "the state directory " + path.string() +
               " is not a directory. Name another one under `state` in knell.yaml.";
    }
    if (seen.st_uid != 0 && seen.st_uid != ::geteuid()) {
        return "the state directory " + path.string() + " belongs to uid " +
               std::to_string(seen.st_uid) + ", not to the user that knelld runs as (uid " +
               std::to_string(::geteuid()) + "). Mend it: chown -R " + std::to_string(::geteuid()) +
               " " + path.string();
    }
    if ((seen.st_mode & (S_IWGRP | S_IRWXO)) != 0) {
        return "the state directory " + path.string() +
               " is open to others, who could change what knell remembers. Mend it: chmod 0700 " +
               path.string();
    }
    return {};
}

} // namespace

StateDirectory::StateDirectory(std::filesystem::path path, int directory, int lock) noexcept
    : path_{std::move(path)}, directory_{directory}, lock_{lock}
{
}

StateDirectory::StateDirectory(StateDirectory&& other) noexcept
    : path_{std::move(other.path_)},
      directory_{std::exchange(other.directory_, -1)}, lock_{std::exchange(other.lock_, -1)}
{
}

StateDirectory::~StateDirectory()
{
    if (lock_ >= 0) {
        ::close(lock_);
    }
    if (directory_ >= 0) {
        ::close(directory_);
    }
}

bool StateDirectory::sync() const noexcept
{
    return ::fsync(directory_) == 0;
}

StateDirectory::Opened StateDirectory::open(const std::filesystem::path& path)
{
    const int directory = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (directory < 0) {
        return "cannot open the state directory " + path.string() + ": " + reason(errno) +
               ". Create it for the user that knelld runs as: install -d -m 0700 -o knell -g "
               "knell " +
               path.string();
    }
    StateDirectory state{path, directory, -1};
    struct stat seen {};
    if (::fstat(directory, &seen) != 0) {
        return "cannot look at the state directory " + path.string() + ": " + reason(errno);
    }
    if (auto fault = fault_of(path, seen); !fault.empty()) {
        return fault;
    }
    state.lock_ = ::openat(directory, "knelld.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
                           S_IRUSR | S_IWUSR);
    if (state.lock_ < 0) {
        return "cannot open the lock file " + (path / "knelld.lock").string() + ": " +
               reason(errno) + ". The user that knelld runs as must be able to write in " +
               path.string();
    }
    if (::flock(state.lock_, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) {
            return "cannot lock " + (path / "knelld.lock").string() + ": " + reason(errno);
        }
        return "another knelld (pid " + holder(state.lock_) +
               ") already uses the state directory " + path.string() +
               ". Only one may fence from it: stop that one, or name another directory under "
               "`state` in knell.yaml.";
    }
    // The number only helps the next one's error text; the lock is what holds.
    const auto pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(state.lock_, 0) != 0 || ::pwrite(state.lock_, pid.data(), pid.size(), 0) < 0) {
        return state;
    }
    return state;
}

} // namespace knell::journal
