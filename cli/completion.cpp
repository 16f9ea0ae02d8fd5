// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/completion.hpp"

#include <algorithm>
#include <CLI/CLI.hpp>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace knell::cli {

namespace {

using Words = std::vector<std::string>;

/// What the script needs to know; verbs are written with their nouns, "host show".
struct Vocabulary {
    Words verbs;
    std::map<std::string, Words> next;            ///< verbs by noun, "" at first
    std::map<std::string, Words> options;         ///< by verb
    std::map<std::string, std::string> arguments; ///< by verb: shell code that sets $words
    std::map<std::string, std::string> values;    ///< by option: the same
};

std::string joined(const Words& words, const std::string& between)
{
    std::string line;
    for (const auto& word : words) {
        line += (line.empty() ? "" : between) + word;
    }
    return line;
}

std::string quoted(const std::string& word)
{
    return "'" + word + "'";
}

/// Of an option that takes one of a few words: CLI11 writes them as "TEXT:{bash,zsh}".
std::string choices_of(const CLI::Option& option)
{
    auto type = option.get_type_name();
    const auto open = type.find('{'), close = type.find('}');
    if (open == std::string::npos || close == std::string::npos || close < open) {
        return {};
    }
    auto choices = type.substr(open + 1, close - open - 1);
    std::replace(choices.begin(), choices.end(), ',', ' ');
    return choices;
}

/// Whose names fit here: an approval is for hosts in the plan, an end for planned work.
std::string hosts_for(const std::string& verb)
{
    const char* list = verb == "plan approve"      ? "plan show"
                       : verb == "maintenance end" ? "maintenance list"
                                                   : "host list";
    return std::string{"words=$(knellctl \"${reach[@]}\" -f value -c Host "} + list +
           " 2>/dev/null)";
}

std::string value_of(const CLI::Option& option, const std::string& name, const std::string& verb)
{
    if (const auto choices = choices_of(option); !choices.empty()) {
        return "words=" + quoted(choices);
    }
    if (name == "HOST" || name == "--host") {
        return hosts_for(verb);
    }
    if (name == "FILE" || name == "--socket" || name == "--config") {
        return "words=$(compgen -f -- \"$word\")";
    }
    return ":"; // something of the operator's own
}

void learn(const CLI::App& app, const std::string& verb, Vocabulary& vocabulary)
{
    for (const auto* option : app.get_options()) {
        if (option->get_positional()) {
            vocabulary.arguments[verb] = value_of(*option, option->get_name(true), verb);
            continue;
        }
        Words names;
        for (const auto& name : option->get_snames()) {
            names.push_back("-" + name);
        }
        for (const auto& name : option->get_lnames()) {
            names.push_back("--" + name);
        }
        for (const auto& name : names) {
            vocabulary.options[verb].push_back(name);
            if (option->get_items_expected_max() > 0) {
                vocabulary.values[name] = value_of(*option, names.back(), verb);
            }
        }
    }
    for (const auto* below : app.get_subcommands({})) {
        const auto name = (verb.empty() ? "" : verb + " ") + below->get_name();
        vocabulary.next[verb].push_back(below->get_name());
        vocabulary.verbs.push_back(name);
        learn(*below, name, vocabulary);
    }
}

Words with_value_of(const Vocabulary& vocabulary)
{
    Words options;
    for (const auto& [option, code] : vocabulary.values) {
        options.push_back(option);
    }
    return options;
}

void print_walk(std::ostream& out, const Vocabulary& vocabulary)
{
    auto with_value = with_value_of(vocabulary);
    std::erase(with_value, "--socket");
    Words verbs;
    for (const auto& verb : vocabulary.verbs) {
        verbs.push_back(quoted(verb.find(' ') == std::string::npos ? " " + verb : verb));
    }
    out << R"(    for ((at = 1; at < COMP_CWORD; at++)); do
        given="${COMP_WORDS[at]}"
        case "$given" in
        --socket)
            at=$((at + 1))
            reach=(--socket "${COMP_WORDS[at]}")
            ;;
        )"
        << joined(with_value, " | ") << R"() at=$((at + 1)) ;;
        -*) ;;
        *)
            case "$verb $given" in
            )"
        << joined(verbs, " | ") << R"()
                verb="${verb:+$verb }$given"
                ;;
            esac
            ;;
        esac
    done
)";
}

/// `code` by word; words with the same code share a line.
void print_case(std::ostream& out, const std::string& indent, const char* subject,
                const std::map<std::string, std::string>& code)
{
    std::map<std::string, Words> words_by_code;
    for (const auto& [word, does] : code) {
        words_by_code[does].push_back(quoted(word));
    }
    out << indent << "case \"$" << subject << "\" in\n";
    for (const auto& [does, words] : words_by_code) {
        out << indent << joined(words, " | ") << ") " << does << " ;;\n";
    }
    out << indent << "esac\n";
}

/// The options of a verb and those that may stand anywhere.
std::map<std::string, std::string> options_by_verb(const Vocabulary& vocabulary)
{
    std::map<std::string, std::string> code;
    const auto& everywhere = vocabulary.options.at("");
    for (const auto& [verb, options] : vocabulary.options) {
        auto all = options;
        for (const auto& option : everywhere) {
            if (std::find(all.begin(), all.end(), option) == all.end()) {
                all.push_back(option);
            }
        }
        code[verb] = "words=" + quoted(joined(all, " "));
    }
    return code;
}

std::map<std::string, std::string> words_by_verb(const Vocabulary& vocabulary)
{
    auto code = vocabulary.arguments;
    for (const auto& [verb, words] : vocabulary.next) {
        code[verb] = "words=" + quoted(joined(words, " "));
    }
    return code;
}

} // namespace

void print_completion(std::ostream& out, const CLI::App& app, Shell shell)
{
    Vocabulary vocabulary;
    learn(app, "", vocabulary);
    out << "# Completes the words of knellctl; printed by: knellctl completion "
        << (shell == Shell::zsh ? "zsh" : "bash") << "\n"
        << (shell == Shell::zsh
                ? "(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }\n"
                  "autoload -U +X bashcompinit && bashcompinit\n"
                : "# shellcheck shell=bash disable=SC2207\n")
        << R"(_knellctl()
{
    local word="${COMP_WORDS[COMP_CWORD]}" before="${COMP_WORDS[COMP_CWORD-1]}"
    local verb='' words='' given at
    local -a reach=()
)";
    print_walk(out, vocabulary);
    out << R"(    case "$before" in
    )" << joined(with_value_of(vocabulary), " | ")
        << ")\n";
    print_case(out, "        ", "before", vocabulary.values);
    out << R"(        ;;
    *)
        case "$word" in
        -*)
)";
    print_case(out, "            ", "verb", options_by_verb(vocabulary));
    out << R"(            ;;
        *)
)";
    print_case(out, "            ", "verb", words_by_verb(vocabulary));
    out << R"(            ;;
        esac
        ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _knellctl knellctl
)";
}

} // namespace knell::cli
