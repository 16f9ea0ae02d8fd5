// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/story_lines.hpp"

#include "cli/reading.hpp"
#include "cli/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <string_view>

namespace knell::cli {

namespace {

namespace json = boost::json;

std::optional<int> digits(std::string_view text, std::size_t from, std::size_t count)
{
    int number = 0;
    const auto* first = text.data() + from;
    const auto [end, error] = std::from_chars(first, first + count, number);
    return error == std::errc{} && end == first + count ? std::optional{number} : std::nullopt;
}

/// "2026-11-22T12:00:00.123456Z", as daemon/journal/wall_time.cpp writes it, in seconds.
std::optional<double> seconds_of(std::string_view at)
{
    constexpr std::string_view shape = "0000-00-00T00:00:00.000000Z";
    if (at.size() != shape.size() || at.find_first_not_of("0123456789-T:.Z") != at.npos) {
        return std::nullopt;
    }
    const auto year = digits(at, 0, 4), month = digits(at, 5, 2), day = digits(at, 8, 2);
    const auto hour = digits(at, 11, 2), minute = digits(at, 14, 2), second = digits(at, 17, 2);
    const auto micros = digits(at, 20, 6);
    if (!year || !month || !day || !hour || !minute || !second || !micros) {
        return std::nullopt;
    }
    using namespace std::chrono;
    const year_month_day date{std::chrono::year{*year}, std::chrono::month(unsigned(*month)),
                              std::chrono::day(unsigned(*day))};
    if (!date.ok()) {
        return std::nullopt;
    }
    const auto whole = sys_days{date}.time_since_epoch() + hours{*hour} + minutes{*minute} +
                       std::chrono::seconds{*second} + microseconds{*micros};
    return duration<double>{whole}.count();
}

StoryLine told(const json::value& row)
{
    const auto detail = text(row, {"detail"}, "");
    const auto colon = detail.find(": ");
    return colon == std::string::npos
               ? StoryLine{std::nullopt, "", detail}
               : StoryLine{std::nullopt, detail.substr(0, colon), detail.substr(colon + 2)};
}

/// What was said of a state says more than its row.
struct Counterpart {
    std::string_view state, notice;
};
constexpr std::array<Counterpart, 3> counterparts{{{"fenced", "HOST_FENCED"},
                                                   {"forced_down", "HOST_FORCED_DOWN"},
                                                   {"disputed", "HOST_DISPUTED"}}};

bool was_said(std::string_view state, const std::vector<StoryLine>& said)
{
    return std::any_of(counterparts.begin(), counterparts.end(), [&](const Counterpart& pair) {
        return pair.state == state &&
               std::any_of(said.begin(), said.end(),
                           [&](const StoryLine& line) { return line.id == pair.notice; });
    });
}

StoryLine line_of_state(const json::value& row)
{
    const auto what = text(row, {"what"});
    const auto by = text(row, {"by"}, "");
    const auto detail = text(row, {"detail"}, "");
    const auto who = by.empty() || by == "knelld" ? "" : ", by " + by;
    if (what == "fencing") {
        return {std::nullopt, what, "the intent to power it off is in the journal" + who};
    }
    if (what == "forcing_down") {
        return {std::nullopt, what, "the intent to set Nova's flag is in the journal"};
    }
    if (what == "clearing") {
        return {std::nullopt, what, "the intent to clear our flag is in the journal" + who};
    }
    if (what == "ordered") {
        return {std::nullopt, what, by + ": " + detail};
    }
    if (what == "refused") {
        return {std::nullopt, what, by + " refused our password (" + detail + ")"};
    }
    if (what == "unrefused") {
        return {std::nullopt, what, by + " is asked again: " + detail};
    }
    if (what == "cancelled" || what == "readmitted") {
        return {std::nullopt, "closed", detail};
    }
    return {std::nullopt, what, detail + who};
}

/// The command is told with the verdict's evidence, which has been told a moment before.
void leave_out_evidence(StoryLine& command, const std::optional<double>& failed_at)
{
    constexpr double moment = 1;
    const auto bracket = command.words.find(" (");
    if (bracket != std::string::npos && command.at && failed_at &&
        *command.at - *failed_at < moment) {
        command.words.erase(bracket);
    }
}

/// What says the same as the line before: counted, not told again.
void put_together(std::vector<StoryLine>& lines)
{
    std::vector<StoryLine> fewer;
    for (std::size_t n = 0; n < lines.size();) {
        auto same = n + 1;
        while (same < lines.size() && lines[same].id == lines[n].id &&
               lines[same].words == lines[n].words) {
            ++same;
        }
        auto line = lines[n];
        if (const auto& last = lines[same - 1].at; same - n > 1 && last && line.at) {
            line.words +=
                ", " + std::to_string(same - n) + " times in " + stage_length(*last - *line.at);
        }
        fewer.push_back(std::move(line));
        n = same;
    }
    lines = std::move(fewer);
}

} // namespace

bool is_of(const json::value& row, std::int64_t episode)
{
    const auto* found = at(row, {"episode"});
    return found != nullptr && found->is_int64() && found->get_int64() == episode;
}

std::string stage_length(double seconds)
{
    constexpr double long_time = 60;
    if (seconds >= long_time) {
        return length_of_time(seconds);
    }
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3f s", seconds);
    return text.data();
}

std::vector<StoryLine> story_lines(const json::value& explanation, std::int64_t episode)
{
    std::vector<json::value> rows = elements(explanation, {"history"});
    std::erase_if(rows, [&](const auto& row) { return !is_of(row, episode); });
    std::vector<StoryLine> said;
    for (const auto& row : rows) {
        if (text(row, {"what"}) == "told") {
            said.push_back(told(row));
        }
    }
    std::vector<StoryLine> lines;
    std::optional<double> failed_at;
    for (const auto& row : rows) {
        const bool is_said = text(row, {"what"}) == "told";
        auto line = is_said ? told(row) : line_of_state(row);
        line.at = seconds_of(text(row, {"at"}));
        failed_at = line.id == "HOST_FAILED" ? line.at : failed_at;
        if (line.id == "HOST_FENCING") {
            leave_out_evidence(line, failed_at);
        }
        // The order itself is among the rows of the journal, with its reason.
        if (line.id != "ORDER_ACCEPTED" && (is_said || !was_said(text(row, {"what"}), said))) {
            lines.push_back(std::move(line));
        }
    }
    put_together(lines);
    return lines;
}

} // namespace knell::cli
