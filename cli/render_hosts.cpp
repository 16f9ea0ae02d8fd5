// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/advice.hpp"
#include "cli/reading.hpp"
#include "cli/render.hpp"
#include "cli/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <ostream>

namespace knell::cli {

namespace json = boost::json;

std::vector<json::value> hosts_by_urgency(const json::value& value)
{
    auto hosts = elements(value, {"hosts"});
    std::stable_sort(hosts.begin(), hosts.end(), [](const auto& a, const auto& b) {
        const auto urgency = [](const auto& host) { return urgency_of(text(host, {"state"})); };
        return urgency(a) < urgency(b);
    });
    return hosts;
}

void print_advice(std::ostream& out, const json::value& host, const std::string& indent)
{
    const auto advice = advice_for(text(host, {"state"}), text(host, {"host"}),
                                   yes(host, {"in_plan"}) ? InPlan::yes : InPlan::no);
    if (!advice.empty()) {
        out << indent << advice << '\n';
    }
}

std::string planned_sentence(const json::value& planned)
{
    const auto left = number(planned, {"until", "seconds_left"});
    return "by " + text(planned, {"by"}) + ": " + text(planned, {"reason"}) +
           (left
                ? "; ends in " + length_of_time(*left) + " (" + text(planned, {"until", "at"}) + ")"
                : "; until somebody ends it");
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

Listing list_hosts(const json::object& object)
{
    Listing listing{
        {"Host", "State", "Seconds", "Episode", "Forced Down", "In Plan", "Why", "Not Ready"}, {}};
    for (const auto& host : hosts_by_urgency(object)) {
        listing.rows.push_back({cell(host, {"host"}), cell(host, {"state"}),
                                cell(host, {"since", "seconds_ago"}), cell(host, {"episode"}),
                                cell(host, {"forced_down_by_us"}), cell(host, {"in_plan"}),
                                cell(host, {"why"}), cell(host, {"not_ready"})});
    }
    return listing;
}

void print_maintenance(std::ostream& out, const json::object& object)
{
    Table table{{"HOST", "STATE", "ENDS IN", "BY", "REASON"}};
    bool any = false;
    for (const auto& host : elements(object, {"hosts"})) {
        const auto* planned = at(host, {"planned"});
        if (planned == nullptr || planned->is_null()) {
            continue;
        }
        any = true;
        const auto left = number(*planned, {"until", "seconds_left"});
        table.add({text(host, {"host"}), text(host, {"state"}),
                   left ? length_of_time(*left) : "never", text(*planned, {"by"}),
                   text(*planned, {"reason"})});
    }
    if (any) {
        table.print(out);
    } else {
        out << "No work is planned.\n";
    }
}

Listing list_maintenance(const json::object& object)
{
    Listing listing{{"Host", "State", "Seconds Left", "Until", "By", "Reason"}, {}};
    for (const auto& host : elements(object, {"hosts"})) {
        const auto* planned = at(host, {"planned"});
        if (planned != nullptr && !planned->is_null()) {
            listing.rows.push_back({cell(host, {"host"}), cell(host, {"state"}),
                                    cell(*planned, {"until", "seconds_left"}),
                                    cell(*planned, {"until", "at"}), cell(*planned, {"by"}),
                                    cell(*planned, {"reason"})});
        }
    }
    return listing;
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
