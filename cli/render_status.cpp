// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/advice.hpp"
#include "cli/reading.hpp"
#include "cli/render.hpp"
#include "cli/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <map>
#include <ostream>

namespace knell::cli {

namespace {

namespace json = boost::json;

constexpr std::size_t most_named = 10;
constexpr std::size_t most_told = 20; ///< of the hosts in one state

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
    for (const auto& sentinel : elements(status, {"sentinels"})) {
        line += (line.empty() ? "" : ", ") + text(sentinel, {"id"}) +
                (yes(sentinel, {"beating"}) ? " answers" : " is SILENT");
    }
    return line.empty() ? "none; the other hosts serve as such" : line;
}

std::string plan_sentence(const std::vector<json::value>& hosts)
{
    const auto count = std::count_if(hosts.begin(), hosts.end(),
                                     [](const auto& host) { return yes(host, {"in_plan"}); });
    return count == 0 ? ""
                      : std::to_string(count) + (count == 1 ? " host waits" : " hosts wait") +
                            " for your approval: `knellctl plan show`";
}

/// What stops everything comes first of all.
void add_brakes(Table& table, const json::value& status)
{
    if (const auto hold = text(status, {"hold"}, ""); !hold.empty()) {
        table.add({"HOLD", "nothing is powered off or on and Nova is told nothing, " + hold +
                               "; `knellctl hold off --reason ...`"});
    }
    if (const auto storm = text(status, {"storm"}, ""); !storm.empty()) {
        table.add({"STORM", "fencing is frozen: " + storm + "; `knellctl plan show`"});
    }
}

void print_facts(std::ostream& out, const json::value& status,
                 const std::vector<json::value>& hosts)
{
    Table table{{}};
    add_brakes(table, status);
    table.add({"MODE", mode_sentence(status)});
    table.add({"VANTAGE", yes(status, {"vantage", "clear"})
                              ? "clear"
                              : "NOT CLEAR, no host is called dead on what it cannot see: " +
                                    text(status, {"vantage", "text"})});
    table.add({"SENTINELS", sentinels_sentence(status)});
    table.add({"NOVA", (yes(status, {"daemon", "nova", "well"}) ? "" : "NOT WELL: ") +
                           text(status, {"daemon", "nova", "text"})});
    table.add({"BUDGET", text(status, {"budget", "used"}) + " of " +
                             text(status, {"budget", "fences"}) + " fences used"});
    table.add({"HOSTS", count_by_state(hosts)});
    if (const auto plan = plan_sentence(hosts); !plan.empty()) {
        table.add({"PLAN", plan});
    }
    if (const auto* daemon = at(status, {"daemon"})) {
        table.add(
            {"KNELLD", text(*daemon, {"version"}) + ", running for " + ago(*daemon, "started")});
    }
    table.print(out);
}

/// Hosts to which the same advice applies are told of together.
struct Group {
    std::string state;
    bool in_plan = false;
    std::vector<json::value> hosts;
};

std::vector<Group> groups_of(const std::vector<json::value>& hosts)
{
    std::vector<Group> groups;
    for (const auto& host : hosts) {
        const auto state = text(host, {"state"});
        const bool in_plan = yes(host, {"in_plan"});
        auto group = std::find_if(groups.begin(), groups.end(), [&](const Group& one) {
            return one.state == state && one.in_plan == in_plan;
        });
        if (group == groups.end()) {
            group = groups.insert(group, Group{state, in_plan, {}});
        }
        group->hosts.push_back(host);
    }
    return groups;
}

void print_unwell(std::ostream& out, const std::vector<json::value>& hosts)
{
    for (const auto& group : groups_of(hosts)) {
        if (urgency_of(group.state) == 2) {
            continue;
        }
        out << '\n';
        for (std::size_t n = 0; n < group.hosts.size() && n < most_told; ++n) {
            const auto& host = group.hosts[n];
            out << group.state << "  " << text(host, {"host"}) << " for " << ago(host, "since")
                << ": " << text(host, {"why"}) << '\n';
        }
        if (group.hosts.size() > most_told) {
            out << "and " << group.hosts.size() - most_told << " more: knellctl host list\n";
        }
        const auto name = group.hosts.size() == 1 ? text(group.hosts.front(), {"host"}) : "HOST";
        const auto advice = advice_for(group.state, name, group.in_plan ? InPlan::yes : InPlan::no);
        out << (advice.empty() ? "" : "  " + advice + "\n");
    }
}

/// Those that have lost or spent something.
void print_domains(std::ostream& out, const json::value& status)
{
    Table table{{"DOMAIN", "HOSTS", "IN DOUBT", "FENCES USED", ""}, "  "};
    bool any = false;
    for (const auto& domain : elements(status, {"domains"})) {
        const auto lost = text(domain, {"lost"}, "");
        const auto quiet = [&](Path path) { return number(domain, path).value_or(1) == 0; };
        if (lost.empty() && quiet({"in_doubt"}) && quiet({"budget", "used"})) {
            continue;
        }
        any = true;
        table.add({text(domain, {"id"}), text(domain, {"hosts"}), text(domain, {"in_doubt"}),
                   text(domain, {"budget", "used"}) + " of " + text(domain, {"budget", "fences"}),
                   lost.empty() ? "" : "LOST AS A WHOLE: " + lost});
    }
    if (any) {
        out << "\nFailure domains:\n";
        table.print(out);
    }
}

void print_planned(std::ostream& out, const std::vector<json::value>& hosts)
{
    const char* head = "\nPlanned work:\n";
    for (const auto& host : hosts) {
        const auto* planned = at(host, {"planned"});
        if (planned != nullptr && !planned->is_null()) {
            out << head << "  " << text(host, {"host"}) << ": " << planned_sentence(*planned)
                << '\n';
            head = "";
        }
    }
}

/// Subjects that share a complaint are told in one line.
using Complaints = std::map<std::string, std::vector<std::string>>;

void print_complaints(std::ostream& out, const Complaints& complaints)
{
    for (const auto& [complaint, subjects] : complaints) {
        out << "  " << joined(subjects, most_named) << ": " << complaint << '\n';
    }
}

void print_not_ready(std::ostream& out, const std::vector<json::value>& hosts)
{
    Complaints complaints;
    for (const auto& host : hosts) {
        if (const auto why = text(host, {"not_ready"}, ""); !why.empty()) {
            complaints[why].push_back(text(host, {"host"}));
        }
    }
    if (!complaints.empty()) {
        out << "\nCould not be fenced now:\n";
        print_complaints(out, complaints);
    }
}

void print_to_be_mended(std::ostream& out, const json::value& status,
                        const std::vector<json::value>& hosts)
{
    Complaints complaints;
    for (const auto& host : hosts) {
        for (const auto& device : elements(host, {"devices"})) {
            const auto why = text(device, {"why"}, "");
            if (text(device, {"state"}) == "ready" && !why.empty()) {
                complaints[why].push_back(text(device, {"id"}));
            }
        }
    }
    const auto warnings = texts(status, {"daemon", "warnings"});
    if (warnings.empty() && complaints.empty()) {
        return;
    }
    out << "\nTo be mended:\n";
    for (const auto& warning : warnings) {
        out << "  " << warning << '\n';
    }
    print_complaints(out, complaints);
}

} // namespace

void print_status(std::ostream& out, const json::object& object)
{
    const json::value status = object;
    const auto hosts = hosts_by_urgency(status);
    print_facts(out, status, hosts);
    print_unwell(out, hosts);
    print_domains(out, status);
    print_planned(out, hosts);
    print_not_ready(out, hosts);
    print_to_be_mended(out, status, hosts);
}

} // namespace knell::cli
