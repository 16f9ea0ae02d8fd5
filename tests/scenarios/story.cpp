// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/scenarios/story.hpp"

#include "daemon/config/duration_text.hpp"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <regex>
#include <sstream>

namespace knell::scenarios {

namespace {

struct Line {
    unsigned number;
    std::string text; ///< without the indentation of its section
};

std::string trimmed(const std::string& text)
{
    const auto begin = text.find_first_not_of(" \t");
    if (begin == std::string::npos) {
        return {};
    }
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

Duration read_duration(const std::string& text, unsigned line)
{
    const auto duration = config::parse_duration(text);
    if (!duration) {
        throw Malformed{line, "`" + text + "` is no duration", "write it as 200ms, 5s, 10m or 2h"};
    }
    return *duration;
}

unsigned read_count(const std::string& text, unsigned most, unsigned line)
{
    const bool digits = !text.empty() && text.size() < 4 &&
                        text.find_first_not_of("0123456789") == std::string::npos;
    const auto count = digits ? static_cast<unsigned>(std::stoul(text)) : 0;
    if (count == 0 || count > most) {
        throw Malformed{line, "`" + text + "` is no number from 1 to " + std::to_string(most),
                        "write a whole number"};
    }
    return count;
}

unsigned read_host(const std::string& name, const Stage& stage, unsigned line)
{
    std::smatch found;
    if (std::regex_match(name, found, std::regex{"compute([0-9]{1,2})"})) {
        const auto number = static_cast<unsigned>(std::stoul(found[1]));
        if (number >= 1 && number <= stage.hosts) {
            return number;
        }
    }
    throw Malformed{line, "there is no host `" + name + "`",
                    "hosts are compute1 to compute" + std::to_string(stage.hosts) +
                        "; `hosts: N` in `world` makes more, and stands before what names them"};
}

bool read_choice(const std::string& text, const std::string& yes, const std::string& no,
                 unsigned line)
{
    if (text != yes && text != no) {
        throw Malformed{line, "`" + text + "` is neither " + yes + " nor " + no,
                        "write one of the two"};
    }
    return text == yes;
}

void read_racks(const std::string& text, Stage& stage, unsigned line)
{
    std::istringstream words{text};
    unsigned rack = 1;
    for (std::string word; words >> word;) {
        if (word == "|") {
            ++rack;
        } else {
            stage.racks[read_host(word, stage, line)] = rack;
        }
    }
    if (stage.racks.size() != stage.hosts) {
        throw Malformed{line, "not every host stands in a rack",
                        "name all of them: racks: compute1 compute2 | compute3"};
    }
}

double read_percent(const std::string& text, unsigned line)
{
    if (text.size() < 2 || text.back() != '%') {
        throw Malformed{line, "`" + text + "` is no share of packets", "write it as 5%"};
    }
    return read_count(text.substr(0, text.size() - 1), 99, line) / 100.0;
}

void read_stage_line(const Line& line, Stage& stage)
{
    using Reader = std::function<void(Stage&, const std::string&, unsigned)>;
    static const std::map<std::string, Reader> readers{
        {"hosts", [](auto& s, auto& v, auto n) { s.hosts = read_count(v, 40, n); }},
        {"racks", [](auto& s, auto& v, auto n) { read_racks(v, s, n); }},
        {"networks", [](auto& s, auto& v, auto n) { s.networks = read_count(v, 2, n); }},
        {"sentinels",
         [](auto& s, auto& v, auto n) {
             s.sentinels = v == "two each" ? 2 : read_choice(v, "one each", "none", n) ? 1 : 0;
         }},
        {"boot takes", [](auto& s, auto& v, auto n) { s.boot_takes = read_duration(v, n); }},
        {"nova", [](auto& s, auto& v, auto) { s.nova = v; }},
        {"tokens live", [](auto& s, auto& v, auto n) { s.tokens_live = read_duration(v, n); }},
        {"reads lag", [](auto& s, auto& v, auto n) { s.reads_lag = read_duration(v, n); }},
        {"jitter", [](auto& s, auto& v, auto n) { s.jitter = read_duration(v, n); }},
        {"loss", [](auto& s, auto& v, auto n) { s.loss = read_percent(v, n); }},
        {"duplicates",
         [](auto& s, auto& v, auto n) { s.duplicates = read_choice(v, "yes", "no", n); }},
        {"details", [](auto& s, auto& v, auto n) { s.details = read_choice(v, "yes", "no", n); }},
    };
    const auto colon = line.text.find(':');
    const auto key = trimmed(line.text.substr(0, colon));
    const auto value = colon == std::string::npos ? "" : trimmed(line.text.substr(colon + 1));
    if (const auto reader = readers.find(key); reader != readers.end() && !value.empty()) {
        return reader->second(stage, value, line.number);
    }
    if (key.starts_with("compute") && !value.empty()) {
        stage.extras[read_host(key, stage, line.number)] = value;
        return;
    }
    std::string known;
    for (const auto& [name, reader] : readers) {
        known += name + ", ";
    }
    throw Malformed{line.number, "`" + line.text + "` says nothing of the world that is known",
                    "write KEY: VALUE with one of " + known + "or the name of a host"};
}

Cue read_cue(const Line& line)
{
    Cue cue;
    cue.line = line.number;
    std::smatch found;
    static const std::regex at{"at ([0-9:.]+) (.+)"};
    static const std::regex when{
        "(when|just before) ([A-Za-z_-]+)( compute[0-9]+)?( and ([0-9a-z]+) later)?: (.+)"};
    if (std::regex_match(line.text, found, at)) {
        cue.time = read_clock(found[1], line.number);
        cue.act = found[2];
    } else if (std::regex_match(line.text, found, when)) {
        cue.kind = found[1] == "when" ? Cue::Kind::when : Cue::Kind::just_before;
        cue.word = found[2];
        cue.host = trimmed(found[3]);
        cue.time = found[5].matched ? read_duration(found[5], line.number) : Duration{};
        cue.act = found[6];
    } else {
        throw Malformed{line.number, "`" + line.text + "` is no line of a timetable",
                        "write `at MM:SS ACT`, `when WORD HOST: ACT`, `when WORD HOST and TIME "
                        "later: ACT`, `just before WORD HOST: ACT` or `until MM:SS`"};
    }
    return cue;
}

void read_timetable(const std::vector<Line>& lines, Story& story)
{
    Duration latest{};
    for (const auto& line : lines) {
        if (story.until > Duration::zero()) {
            throw Malformed{line.number, "there is something after `until`",
                            "let `until MM:SS` be the last line"};
        }
        if (line.text.starts_with("until ")) {
            story.until = read_clock(trimmed(line.text.substr(6)), line.number);
            if (story.until <= latest) {
                throw Malformed{line.number, "it ends before its last act", "let it end later"};
            }
            continue;
        }
        auto cue = read_cue(line);
        if (cue.kind == Cue::Kind::at) {
            if (cue.time < latest) {
                throw Malformed{line.number, "it is earlier than the line before",
                                "write the timetable in the order of time"};
            }
            latest = cue.time;
        }
        story.cues.push_back(std::move(cue));
    }
    if (story.until == Duration::zero()) {
        throw Malformed{lines.empty() ? 1 : lines.back().number, "the timetable has no end",
                        "let its last line be `until MM:SS`"};
    }
}

} // namespace

Duration read_clock(const std::string& text, unsigned line)
{
    std::smatch found;
    static const std::regex clock{"(?:([0-9]{1,2}):)?([0-9]{1,2}):([0-9]{2})(?:\\.([0-9]{3}))?"};
    if (!std::regex_match(text, found, clock)) {
        throw Malformed{line, "`" + text + "` is no time",
                        "write minutes and seconds, 01:30 or 01:30.250, or 1:00:00"};
    }
    const auto number = [&](std::size_t i) { return found[i].matched ? std::stol(found[i]) : 0L; };
    return std::chrono::hours{number(1)} + std::chrono::minutes{number(2)} +
           std::chrono::seconds{number(3)} + std::chrono::milliseconds{number(4)};
}

std::string write_clock(Duration since)
{
    const auto all = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    char text[40];
    if (all >= 3'600'000) {
        std::snprintf(text, sizeof text, "%lld:%02lld:%02lld.%03lld",
                      static_cast<long long>(all / 3'600'000),
                      static_cast<long long>(all / 60'000 % 60),
                      static_cast<long long>(all / 1000 % 60), static_cast<long long>(all % 1000));
    } else {
        std::snprintf(text, sizeof text, "%02lld:%02lld.%03lld",
                      static_cast<long long>(all / 60'000), static_cast<long long>(all / 1000 % 60),
                      static_cast<long long>(all % 1000));
    }
    return text;
}

Story read_story(std::string_view text)
{
    Story story;
    std::vector<Line> timetable;
    std::string section;
    std::istringstream in{std::string{text}};
    unsigned number = 0;
    for (std::string raw; std::getline(in, raw);) {
        ++number;
        const bool indented = !raw.empty() && (raw[0] == ' ' || raw[0] == '\t');
        const Line line{number, trimmed(raw)};
        if (line.text.starts_with("# SPDX")) {
            continue;
        }
        if (!indented && (raw == "world" || raw == "knell.yaml" || raw == "story")) {
            section = raw;
            story.yaml_line = raw == "knell.yaml" ? number + 1 : story.yaml_line;
        } else if (section.empty() && story.title.empty()) {
            story.title = line.text;
        } else if (section.empty()) {
            story.told += line.text.empty() ? "" : (story.told.empty() ? "" : " ") + line.text;
        } else if (section == "knell.yaml") {
            story.yaml += raw + "\n";
        } else if (line.text.empty()) {
            continue;
        } else if (!indented) {
            throw Malformed{number, "`" + line.text + "` begins no section",
                            "sections are `world`, `knell.yaml` and `story`; what is in them is "
                            "indented"};
        } else if (section == "world") {
            read_stage_line(line, story.stage);
        } else {
            timetable.push_back(line);
        }
    }
    if (story.title.empty() || story.told.empty()) {
        throw Malformed{1, "nobody is told what it is about",
                        "begin with a title in one line, and a paragraph after it"};
    }
    if (section != "story") {
        throw Malformed{number, "there is no timetable", "end with the section `story`"};
    }
    read_timetable(timetable, story);
    return story;
}

} // namespace knell::scenarios
