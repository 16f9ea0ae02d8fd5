// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/load_config.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>

namespace knell::config {

inline const std::string site_key_text =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

/// A folder of its own with secrets in it, and the surroundings that go with it. The process
/// stands in the folder meanwhile, so that paths in messages are short and the same everywhere.
class Desk : public ::testing::Test {
protected:
    Desk() : before_{std::filesystem::current_path()}
    {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "knell-desk-XXXXXX").string();
        folder_ = ::mkdtemp(pattern.data());
        std::filesystem::current_path(folder_);
        write("secrets/bmc", "fence-me\n", 0600);
        write("secrets/site.key", site_key_text + "\n", 0600);
        write("secrets/short.key", "0001020304\n", 0600);
        write("secrets/readable", "fence-me\n", 0644);
        write("secrets/empty", "\n", 0600);
        write("secrets/long", "123456789012345678901\n", 0600);
        write("credentials/bmc", "from-systemd", 0440);
        surroundings_.credentials_directory = "credentials";
        surroundings_.keepers = {::geteuid(), {::getegid()}};
        surroundings_.environment = [](const std::string& name) -> std::optional<std::string> {
            return name == "BMC_PASSWORD" ? std::optional<std::string>{"from-outside"}
                                          : std::nullopt;
        };
        surroundings_.group_exists = [](const std::string& group) {
            return group != "no-such-group";
        };
        surroundings_.executable = [](const std::string& path) {
            return path != "/no/such/helper";
        };
    }

    ~Desk() override
    {
        std::error_code ignored;
        std::filesystem::current_path(before_, ignored);
        std::filesystem::remove_all(folder_, ignored);
    }

    static void write(const std::filesystem::path& path, std::string_view text, mode_t mode = 0644)
    {
        if (path.has_parent_path()) {
            std::filesystem::create_directories(path.parent_path());
        }
        std::ofstream{path, std::ios::binary | std::ios::trunc} << text;
        ::chmod(path.c_str(), mode);
    }

    [[nodiscard]] Loaded load(const std::string& path = "knell.yaml") const
    {
        return load_config(path, surroundings_);
    }

    [[nodiscard]] Loaded load_text(std::string_view text) const
    {
        write("knell.yaml", text);
        return load();
    }

    /// The configuration of a text that must be good.
    [[nodiscard]] Config good(std::string_view text) const
    {
        Loaded loaded = load_text(text);
        EXPECT_TRUE(loaded.config.has_value()) << words(loaded);
        return loaded.config ? *std::move(loaded.config) : Config{};
    }

    [[nodiscard]] static std::string words(const Loaded& loaded)
    {
        std::ostringstream out;
        print(out, loaded.diagnostics);
        return out.str();
    }

    Surroundings surroundings_;
    std::filesystem::path before_;
    std::filesystem::path folder_;
};

} // namespace knell::config
