// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/site.hpp"

#include "daemon/config/load_config.hpp"

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace knell::scenarios {

namespace {

namespace fs = std::filesystem;

/// A folder that goes when we go.
class Folder {
public:
    Folder()
    {
        auto pattern = (fs::temp_directory_path() / "knell-scenario-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) {
            throw std::runtime_error{"no folder can be made below " +
                                     fs::temp_directory_path().string()};
        }
        path_ = pattern;
    }
    ~Folder()
    {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    void write(const std::string& name, const std::string& text) const
    {
        const auto path = path_ / name;
        fs::create_directories(path.parent_path());
        std::ofstream{path} << text;
        ::chmod(path.c_str(), 0600);
    }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

private:
    fs::path path_;
};

std::string host_entry(const Stage& stage, unsigned number, const Folder& folder)
{
    std::ostringstream out;
    out << "  - {name: compute" << number << ", addresses: {";
    for (unsigned n = 0; n < stage.networks; ++n) {
        out << (n > 0 ? ", " : "") << "net" << n << ": 10." << n << ".0." << number;
    }
    out << "}";
    if (const auto rack = stage.racks.find(number); rack != stage.racks.end()) {
        out << ", failure_domains: [rack" << rack->second << "]";
    }
    const auto extra = stage.extras.find(number);
    const auto extras = extra == stage.extras.end() ? std::string{} : extra->second;
    if (!std::regex_search(extras, std::regex{"(^|[ ,])fence:"})) {
        out << ", fence: [{type: ipmi, address: 198.51.100." << number
            << ", username: knell, password: {file: " << folder.file("bmc") << "}}]";
    }
    out << (extras.empty() ? "" : ", ") << extras << "}\n";
    return out.str();
}

std::string site(const Stage& stage, const Folder& folder)
{
    std::ostringstream out;
    out << "mode: armed\nnetworks: [net0" << (stage.networks > 1 ? ", net1" : "") << "]\n"
        << "heartbeat: {site_key: {file: " << folder.file("site.key") << "}}\n";
    out << (stage.sentinels > 0 ? "sentinels:\n  targets:\n" : "");
    for (unsigned n = 0; n < stage.networks; ++n) {
        for (unsigned number = 1; number <= stage.sentinels; ++number) {
            out << "    - {name: " << (number == 1 ? "gateway" : "switch") << n << ", network: net"
                << n << ", address: 10." << n << ".1." << number << "}\n";
        }
    }
    out << "hosts:\n";
    for (unsigned number = 1; number <= stage.hosts; ++number) {
        out << host_entry(stage, number, folder);
    }
    return out.str();
}

} // namespace

config::Config configure(const Story& story, const std::string& later, unsigned line)
{
    const Folder folder;
    folder.write("bmc", "fence-me\n");
    std::string key;
    for (int i = 0; i < 32; ++i) {
        key += "73"; // as the simulated hosts derive theirs
    }
    folder.write("site.key", key + "\n");
    folder.write("knell.yaml", site(story.stage, folder));
    // Below as many empty lines, so that a complaint names the line of the story.
    folder.write("knell.d/1-story.yaml",
                 std::string(story.yaml_line > 0 ? story.yaml_line - 1 : 0, '\n') + story.yaml);
    if (!later.empty()) {
        folder.write("knell.d/2-later.yaml", std::string(line - 1, '\n') + later + "\n");
    }
    auto surroundings = config::of_this_process();
    surroundings.keepers.user = ::geteuid();
    surroundings.group_exists = [](const std::string&) { return true; };
    surroundings.executable = [](const std::string&) { return true; };
    auto loaded = config::load_config(folder.file("knell.yaml"), surroundings);
    if (!loaded.config) {
        std::ostringstream words;
        config::print(words, loaded.diagnostics);
        std::vector<std::string> messages;
        for (const auto& diagnostic : loaded.diagnostics) {
            messages.push_back(diagnostic.message + "; " + diagnostic.remedy);
        }
        throw Refused{line > 0 ? line : story.yaml_line, words.str(), std::move(messages)};
    }
    return std::move(*loaded.config);
}

} // namespace knell::scenarios
