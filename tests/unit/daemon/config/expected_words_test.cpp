// SPDX-License-Identifier: GPL-3.0-or-later
#include "desk.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

namespace knell::config {
namespace {

namespace fs = std::filesystem;

const fs::path table = fs::path{KNELL_SOURCE_DIR} / "tests/unit/daemon/config/bad";

std::string read(const fs::path& path)
{
    std::ifstream in{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

std::vector<std::string> names()
{
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator{table}) {
        if (entry.path().extension() == ".yaml") {
            out.push_back(entry.path().stem().string());
        }
    }
    std::sort(out.begin(), out.end());
    return out;
}

class BadFile : public Desk, public ::testing::WithParamInterface<std::string> {};

// With KNELL_REWRITE_EXPECTED set the table is written anew, to be read before it is committed.
TEST_P(BadFile, is_told_in_exactly_these_words)
{
    fs::copy(table, folder_, fs::copy_options::recursive);
    const Loaded loaded = load(GetParam() + ".yaml");
    const std::string said = words(loaded);
    if (std::getenv("KNELL_REWRITE_EXPECTED") != nullptr) {
        std::ofstream{table / (GetParam() + ".expect")} << said;
    }
    EXPECT_EQ(said, read(table / (GetParam() + ".expect")));
    EXPECT_EQ(loaded.config.has_value(), !has_errors(loaded.diagnostics));
    EXPECT_EQ(said.find("canary"), std::string::npos) << "a secret in the words";
    EXPECT_EQ(said.find("fence-me"), std::string::npos) << "a secret in the words";
    EXPECT_FALSE(said.empty());
}

INSTANTIATE_TEST_SUITE_P(table, BadFile, ::testing::ValuesIn(names()),
                         [](const auto& each) { return each.param; });

} // namespace
} // namespace knell::config
