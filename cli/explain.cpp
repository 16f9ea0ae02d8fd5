// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/explain.hpp"

#include "cli/reading.hpp"
#include "cli/render.hpp"
#include "cli/story.hpp"
#include "cli/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <ostream>

namespace knell::cli {

namespace {

namespace json = boost::json;

constexpr std::size_t most_episodes_named = 10;

void print_rows(std::ostream& out, const json::object& object)
{
    print_host(out, object);
    const json::value explanation = object;
    out << "\nIn the journal (survives restarts):\n";
    Table history{{}, "  "};
    for (const auto& row : elements(explanation, {"history"})) {
        history.add({text(row, {"at"}), "episode " + text(row, {"episode"}, "-"),
                     text(row, {"what"}), "by " + text(row, {"by"}), text(row, {"detail"}, "")});
    }
    history.print(out);
    if (const auto trouble = text(explanation, {"history_trouble"}, ""); !trouble.empty()) {
        out << "  cannot be read: " << trouble << '\n';
    } else if (elements(explanation, {"history"}).empty()) {
        out << "  nothing\n";
    }
    out << "\nSaid since knelld started:\n";
    const auto notices = elements(explanation, {"notices"});
    for (const auto& notice : notices) {
        out << "  ";
        print_notice(out, notice.is_object() ? notice.get_object() : json::object{});
    }
    if (notices.empty()) {
        out << "  nothing\n";
    }
}

constexpr View view{print_rows};

std::optional<json::object> fetch(const Target& target, Terminal& terminal, const std::string& host,
                                  std::optional<std::int64_t> episode, Exit& exit)
{
    json::object params{{"host", host}};
    if (episode) {
        params["episode"] = *episode;
    }
    return ask(target, terminal, "host.explain", std::move(params), exit);
}

void print_other_episodes(std::ostream& out, const std::string& host,
                          std::vector<std::int64_t> episodes)
{
    if (episodes.size() < 2) {
        return;
    }
    episodes.pop_back();
    std::reverse(episodes.begin(), episodes.end());
    std::vector<std::string> names;
    names.reserve(episodes.size());
    for (const auto episode : episodes) {
        names.push_back(std::to_string(episode));
    }
    out << "\nEarlier episodes: " << joined(names, most_episodes_named)
        << ". See one: knellctl host explain " << plain(host) << " --episode " << names.front()
        << '\n';
}

} // namespace

Exit explain(const Target& target, Terminal& terminal, const std::string& host,
             std::optional<std::int64_t> episode)
{
    if (!fits(target, view, terminal)) {
        return Exit::usage;
    }
    Exit exit = Exit::ok;
    const auto found = fetch(target, terminal, host, episode, exit);
    if (!found) {
        return exit;
    }
    if (target.format != Format::table) {
        return present(target, view, terminal, *found);
    }
    const auto episodes = episodes_in(*found);
    const bool readable = text(*found, {"history_trouble"}, "").empty();
    if (episode && readable && episodes.empty()) {
        terminal.err << "knellctl: the journal knows of no episode " << *episode << " of "
                     << plain(host) << ", or it is too long ago\n";
        return Exit::failed;
    }
    if (episodes.empty() || !has_story(*found, episodes.back())) {
        return present(target, view, terminal, *found);
    }
    if (episode) {
        print_story(terminal.out, *found, *episode);
        return Exit::ok;
    }
    // The last rows may begin in the middle of it.
    const auto whole = fetch(target, terminal, host, episodes.back(), exit);
    if (!whole) {
        return exit;
    }
    print_story(terminal.out, *whole, episodes.back());
    print_other_episodes(terminal.out, host, episodes);
    return Exit::ok;
}

} // namespace knell::cli
