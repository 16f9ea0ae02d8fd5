// SPDX-License-Identifier: GPL-3.0-or-later
// fuzz_corpus TARGET FOLDER: every file of the folder through the target, as libFuzzer would.
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

namespace knell::fuzz {
namespace {

namespace fs = std::filesystem;

std::map<std::string, Target>& targets()
{
    static std::map<std::string, Target> all;
    return all;
}

int replay(const std::string& name, const fs::path& folder)
{
    const auto target = targets().find(name);
    if (target == targets().end()) {
        std::fprintf(stderr, "there is no target %s\n", name.c_str());
        return 2;
    }
    // All at first: a target may move into a folder of its own.
    std::vector<std::pair<std::string, std::vector<std::uint8_t>>> inputs;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator{folder, error}) {
        std::ifstream in{entry.path(), std::ios::binary};
        inputs.emplace_back(entry.path().filename().string(),
                            std::vector<std::uint8_t>{std::istreambuf_iterator<char>{in}, {}});
    }
    std::sort(inputs.begin(), inputs.end());
    for (const auto& [file, bytes] : inputs) {
        std::printf("%s/%s\n", name.c_str(), file.c_str());
        std::fflush(stdout); // the last one named is the one that was not survived
        target->second(bytes);
    }
    if (inputs.empty()) {
        std::fprintf(stderr, "the corpus %s is empty\n", folder.c_str());
    }
    return inputs.empty() ? 1 : 0;
}

} // namespace

bool make_known(const char* name, Target target)
{
    return targets().emplace(name, target).second;
}

} // namespace knell::fuzz

int main(int argc, char** argv)
{
    if (argc != 3) {
        std::fprintf(stderr, "usage: fuzz_corpus TARGET FOLDER\n");
        return 2;
    }
    return knell::fuzz::replay(argv[1], argv[2]);
}
