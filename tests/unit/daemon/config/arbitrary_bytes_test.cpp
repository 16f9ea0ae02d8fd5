// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/document.hpp"
#include "daemon/config/problems.hpp"
#include "desk.hpp"

#include <gmock/gmock.h>
#include <rapidcheck.h>

namespace knell::config {
namespace {

/// What comes back must be whole: a configuration, or at least one error to say why not.
bool sane(const Loaded& loaded)
{
    std::ostringstream out;
    print(out, loaded.diagnostics);
    return loaded.config.has_value() != has_errors(loaded.diagnostics);
}

class ArbitraryBytes : public Desk {};

TEST_F(ArbitraryBytes, are_told_apart_from_a_configuration)
{
    EXPECT_TRUE(rc::check([this] {
        const auto bytes = *rc::gen::container<std::string>(rc::gen::arbitrary<char>());
        RC_ASSERT(sane(load_text(bytes)));
    }));
}

TEST_F(ArbitraryBytes, made_of_pieces_of_yaml_crash_nothing)
{
    static const std::vector<std::string> pieces{"hosts",
                                                 "groups",
                                                 "fence",
                                                 "name",
                                                 "password",
                                                 "networks",
                                                 "mgmt",
                                                 ":",
                                                 ": ",
                                                 "\n",
                                                 "\n  ",
                                                 "\n- ",
                                                 "- ",
                                                 "? ",
                                                 "{",
                                                 "}",
                                                 "[",
                                                 "]",
                                                 ",",
                                                 "&a ",
                                                 "*a",
                                                 "!!str ",
                                                 "!x ",
                                                 "|\n ",
                                                 ">\n ",
                                                 "\"",
                                                 "'",
                                                 "#",
                                                 "---\n",
                                                 "...\n",
                                                 "%YAML 1.2\n",
                                                 "%TAG ! x\n",
                                                 "\t",
                                                 " ",
                                                 "1s",
                                                 "10.0.0.1",
                                                 "compute[1-3]",
                                                 "{n}",
                                                 "~",
                                                 "<<",
                                                 "\\x",
                                                 "\\u12",
                                                 "\xC3\xBC",
                                                 "addresses",
                                                 "monitors",
                                                 "icmp",
                                                 "heartbeat",
                                                 "tcp",
                                                 "port",
                                                 "verdict",
                                                 "rule",
                                                 "at_least",
                                                 "veto",
                                                 "then",
                                                 "silent",
                                                 "dead",
                                                 "none",
                                                 "50%",
                                                 "failure_domains",
                                                 "never_fence",
                                                 "profile",
                                                 "@",
                                                 "`",
                                                 "%",
                                                 "\r\n"};
    EXPECT_TRUE(rc::check([this] {
        const auto chosen =
            *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces));
        std::string text;
        for (const std::string& piece : chosen) {
            text += piece;
        }
        RC_ASSERT(sane(load_text(text)));
    }));
}

TEST_F(ArbitraryBytes, put_anywhere_into_a_good_file_crash_nothing)
{
    const std::string text = R"(profile: fast
networks: [mgmt, x]
failure_domains: {r1: {together: 3, then: hold}}
fencing: {storm: {hosts: 3, share: 50%}, budget: {down: none}, inspect: never}
verdict: {rule: [{mgmt: silent, x: up, then: dead}, {mgmt: silent, then: dead}], veto: [mgmt]}
groups: {r: {never_fence: why, failure_domains: [r1], fence: [{username: u, password: {file: secrets/bmc}, identity: unchecked}]}}
monitors: {icmp: {interval: 200ms, fall: 5}, tcp: {port: 9}, userspace: {dead: 1m}}
hosts:
  - {name: "c[1-3]", group: r, addresses: {mgmt: "10.0.0.{n}", x: "10.0.2.{n}"}, fence: [{address: "10.0.1.{n}"}]}
)";
    EXPECT_TRUE(rc::check([&] {
        std::string changed = text;
        const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
        const auto length = *rc::gen::inRange<std::size_t>(0, 12);
        const auto bytes = *rc::gen::container<std::string>(
            rc::gen::elementOf(std::string{"{}[]:,-#&*!|>'\"%@`~ \n\tan0\\?<"}));
        changed.replace(at, length, bytes);
        RC_ASSERT(sane(load_text(changed)));
    }));
}

TEST_F(ArbitraryBytes, that_once_upset_a_yaml_parser_are_refused)
{
    const std::vector<std::string> corpus{std::string(100'000, '['),
                                          std::string(100'000, '{'),
                                          std::string(50'000, '-') + " ",
                                          std::string(1'000'000, '\n'),
                                          [] {
                                              std::string text;
                                              for (int i = 0; i < 20'000; ++i) {
                                                  text += "- ";
                                              }
                                              return text;
                                          }(),
                                          [] {
                                              std::string text;
                                              for (int i = 0; i < 20'000; ++i) {
                                                  text += "? ";
                                              }
                                              return text;
                                          }(),
                                          "*a",
                                          "&a",
                                          "&a *a",
                                          "&a [*a]",
                                          "!",
                                          "!<",
                                          "!<>",
                                          "!!",
                                          "? ? ?",
                                          "%TAG",
                                          "%YAML 9.9\n---",
                                          "\"\\x\"",
                                          "\"\\uD800\"",
                                          "\"\\U00110000\"",
                                          "|9999999999\n x",
                                          "|+-\n",
                                          "- - - - :",
                                          ": :",
                                          "[[[",
                                          "]]]",
                                          "a: b: c",
                                          "\xFE\xFF\x00[",
                                          "\xEF\xBB\xBF",
                                          std::string(3, '\0'),
                                          "---\n---\n",
                                          "{? }",
                                          "[?]",
                                          "[: ]",
                                          "{a: *b}",
                                          "<<: {a: b}",
                                          "!<tag:yaml.org,2002:map> x",
                                          "''''",
                                          "'\n'"};
    for (const std::string& text : corpus) {
        EXPECT_TRUE(sane(load_text(text))) << text.substr(0, 40);
    }
}

TEST_F(ArbitraryBytes, larger_than_the_limit_are_not_parsed)
{
    const Loaded loaded = load_text("networks: [mgmt]\n" + std::string(1U << 20U, '#'));
    EXPECT_FALSE(loaded.config.has_value());
    EXPECT_THAT(words(loaded), ::testing::HasSubstr("larger than"));
}

TEST_F(ArbitraryBytes, that_only_some_decoders_take_for_characters_are_no_utf_8)
{
    for (const std::string bytes :
         {"\xE0\x82\x9B", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80"}) {
        EXPECT_THAT(words(load_text("networks: [" + bytes + "]\n")),
                    ::testing::HasSubstr("not UTF-8"));
    }
}

TEST_F(ArbitraryBytes, in_a_message_do_not_speak_to_the_terminal)
{
    const auto said = words(load_text("mode: \"\\e[2J\\x9b\"\n"));
    EXPECT_THAT(said, ::testing::HasSubstr("`?[2J??`"));
    EXPECT_EQ(said.find('\x1b'), std::string::npos);
}

TEST(Document, an_alias_bomb_is_defused)
{
    std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 12; ++i) {
        const std::string below = "*a" + std::to_string(i - 1);
        text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int k = 0; k < 10; ++k) {
            text += (k == 0 ? "" : ", ") + below;
        }
        text += "]\n";
    }
    Sources sources;
    Problems problems;
    const std::size_t file = sources.add("bomb.yaml", text);
    EXPECT_FALSE(parse(text, file, sources, problems).has_value());
    ASSERT_EQ(problems.errors(), 1U);
    EXPECT_THAT(problems.report(sources)[0].message, ::testing::HasSubstr("more than 200000"));
}

TEST(Document, depth_has_an_end)
{
    const std::string text = std::string(25, '[') + std::string(25, ']');
    Sources sources;
    Problems problems;
    const std::size_t file = sources.add("deep.yaml", text);
    EXPECT_FALSE(parse(text, file, sources, problems).has_value());
    EXPECT_THAT(problems.report(sources)[0].message, ::testing::HasSubstr("deeper than 24"));
}

} // namespace
} // namespace knell::config
