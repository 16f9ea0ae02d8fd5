// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/verbs.hpp"

#include "daemon/config/duration_text.hpp"
#include "tests/scenarios/verb_table.hpp"

#include <algorithm>
#include <optional>
#include <sstream>

namespace knell::scenarios {

namespace {

std::vector<std::string> words_of(std::string_view text)
{
    std::istringstream in{std::string{text}};
    std::vector<std::string> words;
    for (std::string word; in >> word;) {
        words.push_back(word);
    }
    return words;
}

/// One word of a pattern against one of an act: the placeholders are in capitals.
bool fits(const std::string& pattern, const std::string& word, const Stage& stage, Given& given)
{
    const auto number_after = [&](std::string_view prefix) -> std::optional<unsigned> {
        const bool right = word.starts_with(prefix) && word.size() > prefix.size() &&
                           word.size() < prefix.size() + 3 &&
                           word.find_first_not_of("0123456789", prefix.size()) == word.npos;
        return right ? std::optional{static_cast<unsigned>(std::stoul(word.substr(prefix.size())))}
                     : std::nullopt;
    };
    if (pattern == "HOST" || pattern == "OTHER") {
        const auto number = number_after("compute");
        (pattern == "HOST" ? given.host : given.other) = HostId{word};
        return number && *number >= 1 && *number <= stage.hosts;
    }
    if (pattern == "RACK") {
        given.rack = number_after("rack").value_or(0);
        for (const auto& [host, rack] : stage.racks) {
            if (rack == given.rack) {
                return true;
            }
        }
        return false;
    }
    if (pattern == "NET") {
        const auto number = number_after("net");
        given.network = number.value_or(0);
        return number && *number < stage.networks;
    }
    if (pattern == "SENTINEL") {
        const auto gateway = number_after("gateway");
        const auto number = gateway ? gateway : number_after("switch");
        given.network = number.value_or(0);
        given.sentinel = gateway ? 1 : 2;
        return number && *number < stage.networks && given.sentinel <= stage.sentinels;
    }
    if (pattern == "TIME") {
        const auto duration = config::parse_duration(word);
        given.time = duration.value_or(Duration{});
        return duration.has_value();
    }
    if (pattern == "STATUS") {
        given.status = word.size() == 3 && word.find_first_not_of("0123456789") == word.npos
                           ? static_cast<unsigned>(std::stoul(word))
                           : 0;
        return given.status >= 200;
    }
    return pattern == word;
}

std::optional<Given> match(std::string_view pattern, const std::string& act, const Stage& stage)
{
    const auto wanted = words_of(pattern);
    const auto words = words_of(act);
    Given given;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i] == "TEXT") {
            std::size_t at = 0;
            for (std::size_t w = 0; w < i && w < words.size(); ++w) {
                at = act.find(words[w], at) + words[w].size();
            }
            given.text = i < words.size() ? act.substr(act.find_first_not_of(' ', at)) : "";
            return i < words.size() ? std::optional{given} : std::nullopt;
        }
        if (i >= words.size() || !fits(wanted[i], words[i], stage, given)) {
            return std::nullopt;
        }
    }
    return words.size() == wanted.size() ? std::optional{given} : std::nullopt;
}

std::pair<const Verb*, Given> find(const std::string& act, const Stage& stage, unsigned line)
{
    const Verb* like = nullptr;
    std::size_t most = 0;
    for (const auto& verb : verb_table()) {
        if (auto given = match(verb.words, act, stage)) {
            given->line = line;
            return {&verb, *given};
        }
        const auto wanted = words_of(verb.words);
        const auto words = words_of(act);
        std::size_t common = 0;
        for (const auto& word : wanted) {
            common += std::find(words.begin(), words.end(), word) != words.end() ? 1 : 0;
        }
        if (common > most) {
            most = common;
            like = &verb;
        }
    }
    throw Malformed{line, "nobody can do this: `" + act + "`",
                    (like != nullptr ? "did you mean `" + std::string{like->words} + "`? " : "") +
                        "All that can happen stands in tests/scenarios/README.md; hosts are "
                        "compute1 to compute" +
                        std::to_string(stage.hosts) + ", networks net0 to net" +
                        std::to_string(stage.networks - 1) + ", racks as `racks:` has them"};
}

} // namespace

void check_act(const std::string& act, const Stage& stage, unsigned line)
{
    (void)find(act, stage, line);
}

void perform(const std::string& act, Theatre& theatre, unsigned line)
{
    const auto [verb, given] = find(act, theatre.story().stage, line);
    verb->act(theatre, given);
}

std::vector<std::pair<std::string_view, std::string_view>> all_verbs()
{
    std::vector<std::pair<std::string_view, std::string_view>> all;
    for (const auto& verb : verb_table()) {
        all.emplace_back(verb.words, verb.meaning);
    }
    return all;
}

} // namespace knell::scenarios
