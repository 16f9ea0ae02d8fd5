// SPDX-License-Identifier: GPL-3.0-or-later
// The catalog is made by CMake, the MESSAGE_IDs by knelld: both must mean the same.
#include "daemon/log.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <sstream>

namespace knell {
namespace {

using testing::HasSubstr;

std::string text_of(const std::filesystem::path& path)
{
    std::ifstream file{path};
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// By MESSAGE_ID: what follows it.
std::map<std::string, std::string> entries_of(const std::string& catalog)
{
    static const std::regex head{"(^|\n)-- ([0-9a-f]{32})\n"};
    std::map<std::string, std::string> entries;
    for (std::sregex_iterator at{catalog.begin(), catalog.end(), head}, none; at != none; ++at) {
        const auto next = std::next(at);
        entries[(*at)[2]] = next == none ? at->suffix().str() : next->prefix().str();
    }
    return entries;
}

class Catalog : public testing::Test {
protected:
    void SetUp() override
    {
        std::string name = std::filesystem::temp_directory_path() / "knell-catalog-XXXXXX";
        directory_ = ::mkdtemp(name.data());
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    /// What CMake makes of these messages; empty where it refuses.
    [[nodiscard]] std::string made_of(const std::string& messages) const
    {
        std::ofstream{directory_ / "messages.md"} << messages;
        const auto command = std::string{CMAKE_COMMAND} + " -DMESSAGES=" + at("messages.md") +
                             " -DCATALOG=" + at("made") +
                             " -DDOCDIR=/doc -P " KNELL_SOURCE_DIR "/doc/catalog.cmake >" +
                             at("said") + " 2>&1";
        return std::system(command.c_str()) == 0 ? text_of(at("made")) : std::string{};
    }
    [[nodiscard]] std::string at(const char* name) const { return directory_ / name; }

    std::filesystem::path directory_;
};

TEST_F(Catalog, every_message_that_is_documented_is_found_by_the_id_that_knelld_gives_it)
{
    const auto entries = entries_of(text_of(KNELL_CATALOG));
    const auto messages = text_of(KNELL_SOURCE_DIR "/doc/messages.md");
    static const std::regex heading{"\n### ([A-Z_]+)\n"};
    std::size_t documented = 0;
    for (std::sregex_iterator at{messages.begin(), messages.end(), heading}, none; at != none;
         ++at, ++documented) {
        const std::string id = (*at)[1];
        const auto entry = entries.find(message_id_of(id));
        ASSERT_NE(entry, entries.end()) << id;
        EXPECT_THAT(entry->second, testing::StartsWith("Subject: " + id + ": ")) << id;
    }
    EXPECT_GT(documented, 50U);
    EXPECT_EQ(entries.size(), documented);
}

TEST_F(Catalog, an_entry_says_what_happened_what_is_next_and_what_is_yours)
{
    EXPECT_EQ(
        made_of("# Words\n\nAbout.\n\n## Part\n\n### HOST_ODD\nWARNING, or so. **It is [odd]; "
                "very.** Nobody\nknows; **nobody**.\n*Next:* `wait`.\n*You:* wait, too.\n\n"
                "## Another part\n\n### HOST_EVEN\nINFO. **It is\neven.**\n*Next:* n.\n"
                "*You:* y.\n"),
        "# What knelld says; made from messages.md.\n"
        "\n-- " +
            message_id_of("HOST_ODD") +
            "\nSubject: HOST_ODD: It is [odd]; very\nDefined-By: knell\n"
            "Support: file:///doc/messages.md#host_odd\nDocumentation: man:knelld(8)\n\n"
            "WARNING, or so. Nobody knows; nobody.\n\nNext: `wait`.\n\nYou: wait, too.\n"
            "\n-- " +
            message_id_of("HOST_EVEN") +
            "\nSubject: HOST_EVEN: It is even\nDefined-By: knell\n"
            "Support: file:///doc/messages.md#host_even\nDocumentation: man:knelld(8)\n\n"
            "INFO.\n\nNext: n.\n\nYou: y.\n");
}

TEST_F(Catalog, an_entry_of_another_form_is_refused_by_name)
{
    for (const char* entry : {"WARNING. No subject.\n*Next:* n.\n*You:* y.\n",
                              "WARNING. **Subject.** No next.\n*You:* y.\n",
                              "WARNING. **Subject.** No you.\n*Next:* n.\n",
                              "**No weight.**\n*Next:* n.\n*You:* y.\n"}) {
        EXPECT_EQ(made_of("# W\n\n### HOST_ODD\n" + std::string{entry}), "") << entry;
        EXPECT_THAT(text_of(at("said")), HasSubstr("HOST_ODD"));
    }
}

TEST_F(Catalog, journalctl_understands_it)
{
    const auto folder = directory_ / "usr/lib/systemd/catalog";
    std::filesystem::create_directories(folder);
    std::filesystem::create_directories(directory_ / "var/lib/systemd/catalog");
    std::filesystem::copy_file(KNELL_CATALOG, folder / "knell.catalog");
    const auto journalctl = "journalctl --root=" + directory_.string();
    const auto dump = journalctl + " --update-catalog >" + at("said") + " 2>&1 && " + journalctl +
                      " --dump-catalog " + message_id_of("HOST_FENCED") + " >" + at("made");
    ASSERT_EQ(std::system(dump.c_str()), 0) << text_of(at("said"));
    EXPECT_EQ(text_of(at("said")), "");
    EXPECT_THAT(text_of(at("made")), HasSubstr("Subject: HOST_FENCED: The host is proven off\n"));
}

TEST(MessageId, never_changes)
{
    // Of Python: uuid.uuid5(uuid.UUID("4a241445-cf01-4452-8d79-f8c5177bc611"), "HOST_FENCED").hex
    EXPECT_EQ(message_id_of("HOST_FENCED"), "17d33721586c518586495ab1cea50cb5");
}

} // namespace
} // namespace knell
