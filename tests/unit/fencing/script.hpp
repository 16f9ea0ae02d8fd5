// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

namespace knell::fencing {

/// A helper that does as a test says: a shell script in a file of its own.
class Script {
public:
    explicit Script(const std::string& body)
    {
        static int count = 0;
        path_ = std::filesystem::path{testing::TempDir()} /
                ("knell-helper-" + std::to_string(::getpid()) + "-" + std::to_string(++count));
        std::ofstream{path_} << "#!/bin/sh\n" << body << "\n";
        std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
    }
    ~Script() { std::filesystem::remove(path_); }
    Script(const Script&) = delete;
    Script& operator=(const Script&) = delete;
    [[nodiscard]] std::string path() const { return path_.string(); }

private:
    std::filesystem::path path_;
};

/// Neither running nor a zombie.
inline bool gone(int pid)
{
    return !std::filesystem::exists("/proc/" + std::to_string(pid));
}

/// Not running; somebody else's business whether it is reaped.
inline bool dead(int pid)
{
    std::ifstream stat{"/proc/" + std::to_string(pid) + "/stat"};
    std::string text;
    std::getline(stat, text);
    return text.empty() || text.find(") Z ") != std::string::npos;
}

inline std::string file_text(const std::string& path)
{
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace knell::fencing
