// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/story.hpp"

#include "cli/reading.hpp"
#include "cli/render.hpp"
#include "cli/story_lines.hpp"
#include "cli/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace knell::cli {

namespace {

namespace json = boost::json;

constexpr std::size_t width = 110;

/// "+0.600 s", "+3:20.128", "+1:03:20.128": after the start, or before it.
std::string offset(double seconds)
{
    constexpr std::int64_t in_second = 1000, in_minute = 60 * in_second, in_hour = 60 * in_minute;
    const auto millis = static_cast<std::int64_t>(std::llround(std::abs(seconds) * in_second));
    const auto left = static_cast<double>(millis % in_minute) / in_second;
    std::array<char, 48> text{};
    if (millis < in_minute) {
        std::snprintf(text.data(), text.size(), "%.3f s", left);
    } else if (millis < in_hour) {
        std::snprintf(text.data(), text.size(), "%d:%06.3f", static_cast<int>(millis / in_minute),
                      left);
    } else {
        std::snprintf(text.data(), text.size(), "%lld:%02d:%06.3f",
                      static_cast<long long>(millis / in_hour),
                      static_cast<int>(millis % in_hour / in_minute), left);
    }
    return (seconds < 0 ? "-" : "+") + std::string{text.data()};
}

// ------------------------------------------------------------------ stages

/// A chapter of the story begins with this line, or behind it.
struct Chapter {
    std::string_view id;
    std::string_view title;
    bool behind = false;
};
constexpr std::array<Chapter, 16> chapters{{{"HOST_SUSPECTED", "Doubt"},
                                            {"AGENT_GONE", "Doubt"},
                                            {"HOST_USERSPACE_SILENT", "Doubt"},
                                            {"HOST_FAILED", "Verdict"},
                                            {"HOST_HELD", "Verdict"},
                                            {"FENCE_PERMITTED", "Verdict"},
                                            {"ordered", "An order"},
                                            {"fencing", "Power off"},
                                            {"HOST_FENCED", "Nova is told", true},
                                            {"HOST_FORCED_DOWN", "Down", true},
                                            {"FORCED_DOWN_FOREIGN", "Down", true},
                                            {"HOST_RETURNING", "The way back"},
                                            {"HOST_PARKED", "The way back"},
                                            {"clearing", "The way back"},
                                            {"HOST_DISPUTED", "Dispute"},
                                            {"HOST_RESUMED", "After a restart of knelld"}}};

std::string_view title_at(const StoryLine& line, bool behind)
{
    const auto found = std::find_if(chapters.begin(), chapters.end(), [&](const Chapter& one) {
        return one.id == line.id && one.behind == behind;
    });
    return found == chapters.end() ? std::string_view{} : found->title;
}

/// A moment that the length of stages is measured between.
struct Milestone {
    std::string_view id;
    std::string_view name;
    bool last = false; ///< of several, the last one counts: what came before had to be done again
};
constexpr std::array<Milestone, 8> milestones{{{"HOST_SUSPECTED", "suspected"},
                                               {"HOST_FAILED", "failed"},
                                               {"HOST_FENCING", "fencing"},
                                               {"HOST_FENCED", "fenced", true},
                                               {"HOST_FORCED_DOWN", "forced_down", true},
                                               {"SERVERS_DOWN", "servers DOWN"},
                                               {"HOST_RETURNING", "returning"},
                                               {"HOST_READMITTED", "readmitted"}}};

std::optional<double> moment_of(const Milestone& milestone, const std::vector<StoryLine>& lines)
{
    std::optional<double> at;
    for (const auto& line : lines) {
        if (line.id == milestone.id && (!at || milestone.last)) {
            at = line.at;
        }
    }
    return at;
}

void print_stages(std::ostream& out, const std::vector<StoryLine>& lines)
{
    Table table{{}, "  "};
    std::optional<double> before;
    std::string from;
    bool any = false;
    for (const auto& milestone : milestones) {
        const auto at = moment_of(milestone, lines);
        if (!at) {
            continue;
        }
        if (before && *at >= *before) {
            any = true;
            table.add({from + " to " + std::string{milestone.name}, stage_length(*at - *before)});
        }
        before = at;
        from = milestone.name;
    }
    if (any) {
        out << "\nHow long each stage took:\n";
        table.print(out);
    }
}

// ------------------------------------------------------------------ the whole

/// Evidence is told a path a line; other words are wrapped.
std::vector<std::string> text_of(const StoryLine& line, std::size_t most)
{
    if (line.id != "HOST_SUSPECTED" && line.id != "HOST_FAILED") {
        return wrapped(line.words, most);
    }
    constexpr std::string_view between = ", ";
    std::vector<std::string> paths;
    for (std::string_view left = line.words; !left.empty();) {
        const auto path = left.substr(0, left.find(between));
        left.remove_prefix(std::min(left.size(), path.size() + between.size()));
        paths.emplace_back(path);
    }
    return paths;
}

void print_line(std::ostream& out, const StoryLine& line, double start, std::size_t column)
{
    constexpr std::size_t time_column = 12, least_width = 40;
    const auto time = line.at ? offset(*line.at - start) : std::string{"?"};
    std::string head =
        std::string(time_column - std::min(time_column, time.size()), ' ') + time + "  " + line.id;
    head.resize(std::max(column, head.size() + 2), ' ');
    for (const auto& words : text_of(line, std::max(least_width, width - column))) {
        const auto whole = head + words;
        out << whole.substr(0, whole.find_last_not_of(' ') + 1) << '\n';
        head.assign(head.size(), ' ');
    }
}

void print_lines(std::ostream& out, const std::vector<StoryLine>& lines, double start)
{
    constexpr std::size_t before_id = 14;
    std::size_t longest = 0;
    for (const auto& line : lines) {
        longest = std::max(longest, line.id.size());
    }
    std::string_view title;
    const auto begin = [&](std::string_view next) {
        if (!next.empty() && next != title) {
            title = next;
            out << '\n' << title << '\n';
        }
    };
    std::string_view due;
    for (const auto& line : lines) {
        const auto at = title_at(line, false);
        begin(at.empty() ? due : at);
        due = title_at(line, true);
        print_line(out, line, start, before_id + longest + 2);
    }
}

void print_end(std::ostream& out, const json::value& host, std::int64_t episode, double lasted)
{
    if (!is_of(host, episode)) {
        out << "It ended after " << stage_length(lasted) << ".\n";
        return;
    }
    out << "It is open: the host is " << text(host, {"state"}) << " for " << ago(host, "since")
        << ", " << text(host, {"why"}) << '\n';
    print_advice(out, host, "");
}

} // namespace

std::vector<std::int64_t> episodes_in(const json::object& explanation)
{
    std::vector<std::int64_t> episodes;
    for (const auto& row : elements(explanation, {"history"})) {
        const auto* episode = at(row, {"episode"});
        if (episode != nullptr && episode->is_int64() &&
            std::find(episodes.begin(), episodes.end(), episode->get_int64()) == episodes.end()) {
            episodes.push_back(episode->get_int64());
        }
    }
    return episodes;
}

bool has_story(const json::object& explanation, std::int64_t episode)
{
    const auto rows = elements(explanation, {"history"});
    return std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
        return text(row, {"what"}) == "told" && is_of(row, episode);
    });
}

void print_story(std::ostream& out, const json::object& object, std::int64_t episode)
{
    const json::value explanation = object;
    const auto lines = story_lines(explanation, episode);
    std::optional<double> first;
    std::optional<double> last;
    for (const auto& line : lines) {
        first = first ? first : line.at;
        last = line.at ? line.at : last;
    }
    const auto start = first.value_or(0);
    std::string since = "?";
    for (const auto& row : elements(explanation, {"history"})) {
        if (is_of(row, episode)) {
            since = text(row, {"at"});
            break;
        }
    }
    out << "Episode " << episode << " of " << text(explanation, {"host", "host"}) << ", since "
        << since << ".\n";
    print_end(out, cell(explanation, {"host"}), episode, last.value_or(start) - start);
    print_lines(out, lines, start);
    print_stages(out, lines);
}

} // namespace knell::cli
