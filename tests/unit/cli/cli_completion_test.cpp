// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli_fixture.hpp"

#include <cstdio>
#include <fstream>
#include <gmock/gmock.h>

namespace knell::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

/// A bash that has sourced the script. Its knellctl is a function that says what it was asked.
class Completion : public testing::Test {
protected:
    Completion()
    {
        std::string name = std::filesystem::temp_directory_path() / "knell-completion-XXXXXX";
        directory_ = ::mkdtemp(name.data());
        const auto printed = knellctl({"completion", "bash"});
        EXPECT_EQ(printed.exit, Exit::ok) << printed.err;
        std::ofstream{directory_ / "script"} << printed.out;
        std::ofstream{directory_ / "some-file"};
    }
    ~Completion() override { std::filesystem::remove_all(directory_); }

    /// The words that complete the last one of these, which follow knellctl.
    std::vector<std::string> completed(const std::vector<std::string>& words)
    {
        {
            std::ofstream script{directory_ / "try"};
            script
                << "set -u\ncd " << directory_.string() << "\nsource ./script\n"
                << "knellctl() { echo \"$*\" >asked; printf 'compute1\\ncompute2\\nother\\n'; }\n"
                << "COMP_WORDS=(knellctl";
            for (const auto& word : words) {
                script << " '" << word << "'";
            }
            script << ")\nCOMP_CWORD=" << words.size()
                   << "\n_knellctl\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
        }
        const auto command = "bash " + (directory_ / "try").string() + " 2>&1";
        std::vector<std::string> found;
        auto* bash = ::popen(command.c_str(), "re");
        char line[256];
        while (bash != nullptr && std::fgets(line, sizeof line, bash) != nullptr) {
            found.emplace_back(line);
            found.back().pop_back();
        }
        EXPECT_EQ(::pclose(bash), 0);
        return found;
    }
    [[nodiscard]] std::string asked() const
    {
        std::ifstream file{directory_ / "asked"};
        std::string line;
        std::getline(file, line);
        return line;
    }

private:
    std::filesystem::path directory_;
};

TEST_F(Completion, verbs_and_nouns_are_completed)
{
    EXPECT_THAT(completed({"st"}), ElementsAre("status"));
    EXPECT_THAT(completed({"host", "re"}), ElementsAre("release"));
    EXPECT_THAT(completed({"--socket", "/x", "-f", "json", "maintenance", ""}),
                ElementsAre("list", "start", "end"));
    EXPECT_THAT(completed({"status", "x"}), ElementsAre(""));
}

TEST_F(Completion, every_verb_of_the_help_is_among_the_words)
{
    const auto help = knellctl({"--help"}).out;
    for (const auto& word : completed({""})) {
        EXPECT_THAT(help, HasSubstr("  " + word + " "));
    }
    EXPECT_EQ(completed({""}).size(), 13u);
}

TEST_F(Completion, names_of_hosts_are_asked_of_the_knelld_that_was_named)
{
    EXPECT_THAT(completed({"--socket", "/tmp/x", "host", "show", "comp"}),
                ElementsAre("compute1", "compute2"));
    EXPECT_EQ(asked(), "--socket /tmp/x -f value -c Host host list");
    EXPECT_THAT(completed({"plan", "approve", "compute1", "o"}), ElementsAre("other"));
    EXPECT_EQ(asked(), "-f value -c Host plan show");
    completed({"maintenance", "end", ""});
    EXPECT_EQ(asked(), "-f value -c Host maintenance list");
    EXPECT_THAT(completed({"server", "list", "--host", "oth"}), ElementsAre("other"));
}

TEST_F(Completion, options_of_the_verb_and_their_values_are_completed)
{
    EXPECT_THAT(completed({"host", "fence", "compute1", "--d"}), ElementsAre("--dry-run"));
    EXPECT_THAT(completed({"host", "fence", "compute1", "--fo"}),
                ElementsAre("--force", "--format"));
    EXPECT_THAT(completed({"host", "show", "compute1", "--force"}), ElementsAre(""));
    EXPECT_THAT(completed({"-f", "y"}), ElementsAre("yaml"));
    EXPECT_THAT(completed({"arm", "--reason", ""}), ElementsAre(""));
    EXPECT_THAT(completed({"completion", "z"}), ElementsAre("zsh"));
    EXPECT_THAT(completed({"config", "check", "some"}), ElementsAre("some-file"));
}

TEST_F(Completion, zsh_gets_the_same_through_its_bashcompinit)
{
    const auto bash = knellctl({"completion", "bash"}).out;
    const auto zsh = knellctl({"completion", "zsh"}).out;
    EXPECT_THAT(zsh, HasSubstr("bashcompinit\n"));
    EXPECT_EQ(zsh.substr(zsh.find("_knellctl()")), bash.substr(bash.find("_knellctl()")));
}

} // namespace
} // namespace knell::cli
