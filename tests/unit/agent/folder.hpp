// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace knell::agent {

/// A folder that goes when the test goes.
class Folder {
public:
    Folder()
    {
        std::string name = std::filesystem::temp_directory_path() / "knell-test-XXXXXX";
        path_ = mkdtemp(name.data()) != nullptr ? name : "";
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    std::string file(const std::string& name, const std::string& text, int mode = 0600) const
    {
        const std::string path = path_ + "/" + name;
        std::ofstream{path} << text;
        std::filesystem::permissions(path, static_cast<std::filesystem::perms>(mode));
        return path;
    }

private:
    std::string path_;
};

} // namespace knell::agent
