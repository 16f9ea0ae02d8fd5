// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/render.hpp"

#include "cli/advice.hpp"
#include "cli/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <ostream>
#include <string>
#include <vector>

namespace knell::cli {

namespace {

namespace json = boost::json;

const json::value* at(const json::value& value, std::initializer_list<std::string_view> path)
{
    const auto* found = &value;
    for (const auto name : path) {
        const auto* object = found->if_object();
        found = object == nullptr ? nullptr : object->if_contains(name);
        if (found == nullptr) {
            return nullptr;
        }
    }
    return found;
}

std::string text(const json::value& value, std::initializer_list<std::string_view> path,
                 const char* otherwise = "?")
{
    const auto* found = at(value, path);
    if (found == nullptr || found->is_null()) {
        return otherwise;
    }
    return plain(found->is_string() ? std::string{found->get_string()} : json::serialize(*found));
}

bool yes(const json::value& value, std::initializer_list<std::string_view> path)
{
    const auto* found = at(value, path);
    return found != nullptr && found->is_bool() && found->get_bool();
}

std::string ago(const json::value& value, std::string_view name)
{
    const auto* seconds = at(value, {name, "seconds_ago"});
    return seconds != nullptr && seconds->is_number() ? length_of_time(seconds->to_number<double>())
                                                      : "never";
}

std::vector<json::value> elements(const json::value& value, std::string_view name)
{
    const auto* found = at(value, {name});
    const auto* array = found == nullptr ? nullptr : found->if_array();
    return array == nullptr ? std::vector<json::value>{}
                            : std::vector<json::value>{array->begin(), array->end()};
}

std::vector<json::value> hosts_by_urgency(const json::value& value)
{
    auto hosts = elements(value, "hosts");
    std::stable_sort(hosts.begin(), hosts.end(), [](const auto& a, const auto& b) {
        const auto urgency = [](const auto& host) { return urgency_of(text(host, {"state"})); };
        return urgency(a) < urgency(b);
    });
    return hosts;
}

/// "200: 197 Healthy, 2 Down, 1 Held"
std::string count_by_state(const std::vector<json::value>& hosts)
{
    std::map<std::string, int> counts;
    for (const auto& host : hosts) {
        ++counts[text(host, {"state"})];
    }
    std::vector<std::pair<std::string, int>> ordered{counts.begin(), counts.end()};
    std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
        return urgency_of(a.first) < urgency_of(b.first);
    });
    std::string line = std::to_string(hosts.size());
    const char* separator = ": ";
    for (const auto& [state, count] : ordered) {
        line += separator + std::to_string(count) + " " + state;
        separator = ", ";
    }
    return line;
}

std::string mode_sentence(const json::value& status)
{
    const auto mode = text(status, {"mode"});
    const std::string meaning = mode == "armed"     ? "knell powers dead hosts off"
                                : mode == "observe" ? "knell only watches; nothing is powered off"
                                                    : "?";
    return mode + ": " + meaning + " (by " + text(status, {"mode_by"}) + ")";
}

std::string sentinels_sentence(const json::value& status)
{
    std::string line;
    for (const auto& sentinel : elements(status, "sentinels")) {
        line += (line.empty() ? "" : ", ") + text(sentinel, {"id"}) +
                (yes(sentinel, {"beating"}) ? " answers" : " is SILENT");
    }
    return line.empty() ? "none; the other hosts serve as such" : line;
}

void print_next(std::ostream& out, const json::value& host, const std::string& indent)
{
    const auto advice = advice_for(text(host, {"state"}), text(host, {"host"}));
    if (!advice.empty()) {
        out << indent << advice << '\n';
    }
}

std::string flag_sentence(const json::value& host)
{
    return yes(host, {"forced_down_by_us"}) ? "set by knell" : "not set by knell";
}

void print_monitors(std::ostream& out, const json::value& host)
{
    Table table{{"MONITOR", "STATE", "LAST BEAT", "SILENCES"}, "  "};
    const auto monitors = elements(host, "monitors");
    for (const auto& monitor : monitors) {
        const auto last = ago(monitor, "last_beat");
        table.add({text(monitor, {"id"}), text(monitor, {"state"}),
                   last == "never" ? last : last + " ago", text(monitor, {"silences"})});
    }
    if (!monitors.empty()) {
        table.print(out);
    }
}

void print_facts(std::ostream& out, const json::value& host)
{
    Table table{{}};
    table.add({"state", text(host, {"state"}) + " for " + ago(host, "since")});
    table.add({"host", text(host, {"host"})});
    table.add({"why", text(host, {"why"})});
    table.add({"episode", text(host, {"episode"}, "none open")});
    table.add({"forced_down", flag_sentence(host)});
    table.add({"nova-compute",
               yes(host, {"nova_compute"}) ? "runs, as the agent last said" : "not known to run"});
    table.add({"boot", text(host, {"boot"}, "not known")});
    table.add({"identity", text(host, {"identity"}, "not known")});
    table.print(out);
}

} // namespace

void print_status(std::ostream& out, const json::object& object)
{
    const json::value status = object;
    const auto hosts = hosts_by_urgency(status);
    Table table{{}};
    table.add({"MODE", mode_sentence(status)});
    table.add(
        {"VANTAGE", yes(status, {"vantage", "clear"})
                        ? "clear"
                        : "NOT CLEAR, nothing is fenced: " + text(status, {"vantage", "text"})});
    table.add({"SENTINELS", sentinels_sentence(status)});
    table.add({"NOVA", (yes(status, {"daemon", "nova", "well"}) ? "" : "NOT WELL: ") +
                           text(status, {"daemon", "nova", "text"})});
    table.add({"BUDGET", text(status, {"budget", "used"}) + " of " +
                             text(status, {"budget", "fences"}) + " fences used"});
    table.add({"HOSTS", count_by_state(hosts)});
    const auto* daemon = at(status, {"daemon"});
    if (daemon != nullptr) {
        table.add(
            {"KNELLD", text(*daemon, {"version"}) + ", running for " + ago(*daemon, "started")});
    }
    table.print(out);
    for (const auto& host : hosts) {
        if (urgency_of(text(host, {"state"})) == 2) {
            continue;
        }
        out << '\n'
            << text(host, {"state"}) << "  " << text(host, {"host"}) << " for "
            << ago(host, "since") << ": " << text(host, {"why"}) << '\n';
        print_next(out, host, "  ");
    }
    const auto warnings =
        daemon == nullptr ? std::vector<json::value>{} : elements(*daemon, "warnings");
    if (!warnings.empty()) {
        out << "\nTo be mended:\n";
    }
    for (const auto& warning : warnings) {
        out << "  " << (warning.is_string() ? plain(warning.get_string()) : "?") << '\n';
    }
}

void print_hosts(std::ostream& out, const json::object& object)
{
    Table table{{"STATE", "HOST", "FOR", "EPISODE", "WHY"}};
    for (const auto& host : hosts_by_urgency(object)) {
        table.add({text(host, {"state"}), text(host, {"host"}), ago(host, "since"),
                   text(host, {"episode"}, "-"), text(host, {"why"})});
    }
    table.print(out);
}

void print_host(std::ostream& out, const json::object& object)
{
    const auto* host = object.if_contains("host");
    if (host == nullptr) {
        out << "?\n";
        return;
    }
    print_facts(out, *host);
    out << '\n';
    print_monitors(out, *host);
    if (!advice_for(text(*host, {"state"}), text(*host, {"host"})).empty()) {
        out << '\n';
        print_next(out, *host, "");
    }
}

void print_explanation(std::ostream& out, const json::object& object)
{
    print_host(out, object);
    const json::value explanation = object;
    out << "\nIn the journal (survives restarts):\n";
    Table history{{}, "  "};
    for (const auto& row : elements(explanation, "history")) {
        history.add({text(row, {"at"}), "episode " + text(row, {"episode"}, "-"),
                     text(row, {"what"}), "by " + text(row, {"by"}), text(row, {"detail"}, "")});
    }
    history.print(out);
    if (const auto trouble = text(explanation, {"history_trouble"}, ""); !trouble.empty()) {
        out << "  cannot be read: " << trouble << '\n';
    } else if (elements(explanation, "history").empty()) {
        out << "  nothing\n";
    }
    out << "\nSaid since knelld started:\n";
    const auto notices = elements(explanation, "notices");
    for (const auto& notice : notices) {
        out << "  ";
        print_notice(out, notice.is_object() ? notice.get_object() : json::object{});
    }
    if (notices.empty()) {
        out << "  nothing\n";
    }
}

void print_notice(std::ostream& out, const json::object& object)
{
    const json::value notice = object;
    auto weight = text(notice, {"weight"});
    std::transform(weight.begin(), weight.end(), weight.begin(), [](unsigned char letter) {
        return static_cast<char>(letter >= 'a' && letter <= 'z' ? letter - 'a' + 'A' : letter);
    });
    out << text(notice, {"at"}) << ' ' << weight << ' ' << text(notice, {"id"});
    if (const auto host = text(notice, {"host"}, ""); !host.empty()) {
        out << " host=" << host;
    }
    if (const auto episode = text(notice, {"episode"}, ""); !episode.empty()) {
        out << " episode=" << episode;
    }
    out << ' ' << text(notice, {"text"}, "") << '\n';
}

} // namespace knell::cli
