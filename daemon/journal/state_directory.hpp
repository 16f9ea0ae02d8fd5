// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <string>
#include <variant>

namespace knell::journal {

/// The directory of the journal, checked and locked for this process alone. Two
/// daemons that fence from one state directory would each act on half a past.
/// The lock is a flock(2) on `knelld.lock`: the kernel lets go of it however the
/// process ends, and the file holds the pid only to be told to the next one.
class StateDirectory {
public:
    using Opened = std::variant<StateDirectory, std::string>;

    /// The other alternative says what is wrong and how to mend it. The directory
    /// must exist, belong to root or to us, and be closed to others.
    [[nodiscard]] static Opened open(const std::filesystem::path& path);

    StateDirectory(StateDirectory&& other) noexcept;
    StateDirectory& operator=(StateDirectory&&) = delete;
    ~StateDirectory();

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    /// Makes new names in the directory durable; false if the kernel could not.
    [[nodiscard]] bool sync() const noexcept;

private:
    StateDirectory(std::filesystem::path path, int directory, int lock) noexcept;

    std::filesystem::path path_;
    int directory_;
    int lock_;
};

} // namespace knell::journal
