// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/plan.hpp"

#include "cli/reading.hpp"
#include "cli/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <ostream>
#include <sstream>
#include <utility>

namespace knell::cli {

namespace {

namespace json = boost::json;

/// As many are told of one by one; the table has them all.
constexpr std::size_t most_told = 20;
constexpr std::size_t width = 96;

std::vector<json::value> candidates(const json::value& plan)
{
    auto hosts = elements(plan, {"hosts"});
    std::stable_sort(hosts.begin(), hosts.end(), [](const auto& a, const auto& b) {
        return texts(a, {"domains"}) < texts(b, {"domains"});
    });
    return hosts;
}

/// Seconds since it was heard last, by whatever monitor; nothing: never.
std::optional<double> silent_for(const json::value& host)
{
    std::optional<double> least;
    for (const auto& monitor : elements(host, {"monitors"})) {
        const auto ago = number(monitor, {"last_beat", "seconds_ago"});
        if (ago && (!least || *ago < *least)) {
            least = ago;
        }
    }
    return least;
}

/// Why it is held, without the advice to look where one is looking.
std::string why_held(const json::value& host)
{
    constexpr std::string_view advice = "; `knellctl plan show`";
    auto why = text(host, {"why"});
    if (why.ends_with(advice)) {
        why.erase(why.size() - advice.size());
    }
    return why;
}

std::string readiness(const json::value& host)
{
    if (!text(host, {"not_ready"}, "").empty()) {
        return "NOT READY";
    }
    for (const auto& device : elements(host, {"devices"})) {
        if (text(device, {"state"}) == "ready") {
            return "ready";
        }
    }
    return "not looked at";
}

void print_table(std::ostream& out, const std::vector<json::value>& hosts)
{
    Table table{{"HOST", "SILENT FOR", "FENCE DEVICES", "DOMAINS", "WHY IT WAITS"}, "  "};
    for (const auto& host : hosts) {
        const auto silent = silent_for(host);
        const auto domains = joined(texts(host, {"domains"}));
        table.add({text(host, {"host"}), silent ? length_of_time(*silent) : "never heard",
                   readiness(host), domains.empty() ? "-" : domains, why_held(host)});
    }
    table.print(out);
}

// What they share: the first question of anybody who finds several hosts dead.

std::vector<std::string> in_common(const std::vector<json::value>& hosts,
                                   std::vector<std::string> (*of)(const json::value& host))
{
    auto common = of(hosts.front());
    for (const auto& host : hosts) {
        const auto theirs = of(host);
        std::erase_if(common, [&](const auto& one) {
            return std::find(theirs.begin(), theirs.end(), one) == theirs.end();
        });
    }
    return common;
}

std::vector<std::string> silent_networks(const json::value& host)
{
    const auto networks = texts(host, {"rule", "networks"});
    const auto cells = texts(host, {"rule", "now", "cells"});
    std::vector<std::string> silent;
    for (std::size_t n = 0; n < networks.size() && n < cells.size(); ++n) {
        if (cells[n] == "silent") {
            silent.push_back(networks[n]);
        }
    }
    return silent;
}

std::string domains_sentence(const json::value& plan, const std::vector<json::value>& hosts)
{
    const auto common =
        in_common(hosts, [](const json::value& host) { return texts(host, {"domains"}); });
    std::string sentence;
    for (const auto& domain : elements(plan, {"domains"})) {
        const auto name = text(domain, {"id"});
        if (std::find(common.begin(), common.end(), name) != common.end()) {
            sentence += (sentence.empty() ? "" : ", ") + name + " (" + text(domain, {"in_doubt"}) +
                        " of its " + text(domain, {"hosts"}) + " hosts are in doubt)";
        }
    }
    return sentence.empty() ? "none is common to all" : sentence;
}

std::string moment_sentence(const std::vector<json::value>& hosts)
{
    std::vector<double> silent;
    for (const auto& host : hosts) {
        if (const auto seconds = silent_for(host)) {
            silent.push_back(*seconds);
        }
    }
    if (silent.size() != hosts.size()) {
        return "not known for all of them";
    }
    const auto [last, first] = std::minmax_element(silent.begin(), silent.end());
    return "fell silent within " + short_time(*first - *last) + " of each other, " +
           length_of_time(*last) + " ago";
}

void print_common(std::ostream& out, const json::value& plan, const std::vector<json::value>& hosts)
{
    const auto silent = joined(in_common(hosts, silent_networks));
    Table table{{}, "  "};
    table.add({"domains", domains_sentence(plan, hosts)});
    table.add({"networks", silent.empty() ? "none is silent for all" : "silent on " + silent});
    table.add({"moment", moment_sentence(hosts)});
    out << "\nWhat they share:\n";
    table.print(out);
}

// Each of them.

std::vector<std::string> evidence(const json::value& host)
{
    std::vector<std::string> all;
    for (const auto& monitor : elements(host, {"monitors"})) {
        const auto last = ago(monitor, "last_beat");
        all.push_back(text(monitor, {"id"}) +
                      (last == "never" ? " never heard" : " silent for " + last) + " (" +
                      text(monitor, {"silences"}) + " in a row)");
    }
    return all;
}

std::string fence_sentence(const json::value& host)
{
    if (const auto why = text(host, {"not_ready"}, ""); !why.empty()) {
        return "NOT READY: " + why;
    }
    std::vector<std::string> all;
    for (const auto& device : elements(host, {"devices"})) {
        const auto looked = ago(device, "looked_at");
        const auto why = text(device, {"why"}, "");
        all.push_back(text(device, {"id"}) + " " + text(device, {"state"}) +
                      (looked == "never" ? "" : ", looked at " + looked + " ago") +
                      (why.empty() ? "" : " (" + why + ")"));
    }
    return all.empty() ? "it has no fence device" : joined(all);
}

std::string nova_sentence(const json::value& host)
{
    const auto* service = at(host, {"service"});
    if (service == nullptr || service->is_null()) {
        return "has not told, or does not list it";
    }
    return std::string{"nova-compute "} + (yes(*service, {"up"}) ? "up" : "down") +
           (yes(*service, {"disabled"})
                ? ", disabled by hand: " + text(*service, {"disabled_reason"}, "")
                : "") +
           (yes(*service, {"forced_down"}) ? ", forced_down is set already" : "");
}

void print_each(std::ostream& out, const std::vector<json::value>& hosts)
{
    for (std::size_t n = 0; n < hosts.size() && n < most_told; ++n) {
        const auto& host = hosts[n];
        out << '\n' << text(host, {"host"}) << '\n';
        Table table{{}, "  "};
        const auto add = [&](const char* name, const std::string& words) {
            for (const auto& line : wrapped(words, width)) {
                table.add({name, line});
                name = "";
            }
        };
        const char* first = "evidence";
        for (const auto& path : evidence(host)) {
            table.add({std::exchange(first, ""), path});
        }
        add("it waits", why_held(host));
        add("fencing", fence_sentence(host));
        add("Nova", nova_sentence(host));
        table.print(out);
    }
    if (hosts.size() > most_told) {
        out << "\nand " << hosts.size() - most_told << " more: knellctl host show HOST\n";
    }
}

/// What would stand in the way of an approval too, or should be known before one.
void print_warnings(std::ostream& out, const json::value& plan)
{
    if (const auto hold = text(plan, {"hold"}, ""); !hold.empty()) {
        out << "ON HOLD, so that nothing is fenced, approved or not: " << hold << '\n';
    }
    if (text(plan, {"mode"}) == "observe") {
        out << "OBSERVING ONLY, so that nothing is fenced, approved or not: by "
            << text(plan, {"mode_by"}) << '\n';
    }
    if (const auto storm = text(plan, {"storm"}, ""); !storm.empty()) {
        out << "FENCING IS FROZEN: " << storm << '\n';
    }
    for (const auto& domain : elements(plan, {"domains"})) {
        if (const auto lost = text(domain, {"lost"}, ""); !lost.empty()) {
            out << "LOST AS A WHOLE: " << lost << '\n';
        }
    }
}

void print_commands(std::ostream& out, const std::vector<std::string>& hosts)
{
    std::string names;
    for (const auto& host : hosts) {
        names += " " + host;
    }
    Table table{{}, "  "};
    table.add({"to fence exactly these:", "knellctl plan approve" + names + " --reason ..."});
    if (hosts.size() > 1) {
        table.add(
            {"to fence one of them:", "knellctl plan approve " + hosts.front() + " --reason ..."});
    }
    table.add(
        {"to see what each gate says:", "knellctl host fence " + hosts.front() + " --dry-run"});
    table.add({"if it is planned work:",
               "knellctl maintenance start " + hosts.front() + " --for 2h --reason ..."});
    table.add({"to have nothing fenced meanwhile:", "knellctl hold on --reason ..."});
    out << "\nA switch or a power feed that they share, once mended, may bring all of them back "
           "alive: look there first.\nA host held by a storm, a lost domain or a maintenance that "
           "ended waits until you approve, or it is heard again.\nOne held by a budget, by Nova or "
           "by its disabled nova-compute is fenced by itself when that ends.\n";
    table.print(out);
}

void print_others(std::ostream& out, const json::value& plan)
{
    const auto others = elements(plan, {"held_otherwise"});
    if (others.empty()) {
        return;
    }
    out << "\nAlso held, and no approval would let them be fenced:\n";
    for (const auto& host : others) {
        out << "  " << text(host, {"host"}) << ": " << text(host, {"why"}) << '\n';
    }
}

} // namespace

void print_plan(std::ostream& out, const json::object& object)
{
    const json::value plan = object;
    const auto hosts = candidates(plan);
    print_warnings(out, plan);
    if (hosts.empty()) {
        out << "No host waits for an approval.\n";
    } else {
        out << "knell would fence "
            << (hosts.size() == 1 ? "this host"
                                  : "these " + std::to_string(hosts.size()) + " hosts")
            << ", and holds back:\n";
        print_table(out, hosts);
        if (hosts.size() > 1) {
            print_common(out, plan, hosts);
        }
        print_each(out, hosts);
        print_commands(out, hosts_in(object));
    }
    print_others(out, plan);
}

Listing list_plan(const json::object& object)
{
    Listing listing{{"Host", "Seconds Silent", "Episode", "Domains", "Why", "Not Ready"}, {}};
    for (const auto& host : candidates(object)) {
        const auto silent = silent_for(host);
        listing.rows.push_back({cell(host, {"host"}), silent ? json::value(*silent) : json::value{},
                                cell(host, {"episode"}),
                                json::value(joined(texts(host, {"domains"}))),
                                json::value(why_held(host)), cell(host, {"not_ready"})});
    }
    return listing;
}

std::vector<std::string> hosts_in(const json::object& plan)
{
    std::vector<std::string> names;
    for (const auto& host : candidates(plan)) {
        names.push_back(text(host, {"host"}));
    }
    return names;
}

std::string table_of(const json::object& plan, const std::vector<std::string>& hosts)
{
    auto chosen = candidates(plan);
    std::erase_if(chosen, [&](const auto& host) {
        return std::find(hosts.begin(), hosts.end(), text(host, {"host"})) == hosts.end();
    });
    std::ostringstream out;
    print_table(out, chosen);
    return out.str();
}

} // namespace knell::cli
