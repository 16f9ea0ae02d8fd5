// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/fuzz/target.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace knell::fuzz {

/// A folder of the process, in memory where there is such a place, removed at its end.
class Scratch {
public:
    Scratch()
    {
        const bool memory = ::access("/dev/shm", W_OK | X_OK) == 0;
        const auto base =
            memory ? std::filesystem::path{"/dev/shm"} : std::filesystem::temp_directory_path();
        auto pattern = (base / "knell-fuzz-XXXXXX").string();
        const char* const made = ::mkdtemp(pattern.data());
        require(made != nullptr, "there is a place for files");
        path_ = made;
    }
    ~Scratch()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    std::string write(const std::string& name, std::string_view text, mode_t mode = 0600) const
    {
        const auto path = path_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream{path, std::ios::binary | std::ios::trunc} << text;
        ::chmod(path.c_str(), mode);
        return path.string();
    }

private:
    std::filesystem::path path_;
};

/// What stands in every secret that a target has lying about: it must never be shown.
inline constexpr std::string_view canary = "KNELL-canary";

[[nodiscard]] inline bool tells_secret(std::string_view text)
{
    return text.find(canary) != std::string_view::npos;
}

} // namespace knell::fuzz
