// SPDX-License-Identifier: GPL-3.0-or-later
// What an operator decides for knell, and what he announces to it.
#include "cli/grammar.hpp"
#include "cli/plan.hpp"
#include "cli/render.hpp"
#include "daemon/config/duration_text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <ostream>

namespace knell::cli {

namespace {

namespace json = boost::json;

constexpr View plan_view{print_plan, list_plan};

/// The hosts to approve: those that were named, or all in the plan as it is shown now. Nothing: it
/// has been told why not.
std::optional<std::vector<std::string>> chosen_of(Grammar& grammar, const json::object& plan)
{
    const auto all = hosts_in(plan);
    auto& err = grammar.terminal().err;
    if (grammar.given.all) {
        if (all.empty()) {
            err << "refused: no host waits for an approval\n";
            return std::nullopt;
        }
        return all;
    }
    for (const auto& host : grammar.given.hosts) {
        if (std::find(all.begin(), all.end(), host) == all.end()) {
            err << "refused: " << host << " is not in the plan; `knellctl plan show`. Nothing was "
                << "done.\n";
            return std::nullopt;
        }
    }
    return grammar.given.hosts;
}

/// One host is named again; several are counted.
Confirmation confirmation(const json::object& plan, const std::vector<std::string>& hosts)
{
    const auto table = "\n" + table_of(plan, hosts);
    if (hosts.size() == 1) {
        return {"knell will cut the power of this host if it is still silent: every server on it "
                "stops at once." +
                    table,
                "Type the host's name again", hosts.front()};
    }
    const auto count = std::to_string(hosts.size());
    return {"knell will cut the power of these " + count +
                " hosts if they are still silent: every server on them stops at once." + table,
            "Type the number of these hosts", count};
}

Exit approve(Grammar& grammar)
{
    Exit exit = Exit::ok;
    const auto plan = ask(grammar.target(), grammar.terminal(), "plan.show", {}, exit);
    if (!plan) {
        return exit;
    }
    const auto hosts = chosen_of(grammar, *plan);
    if (!hosts) {
        return Exit::refused;
    }
    if (!grammar.given.yes && !confirmed(grammar.terminal(), confirmation(*plan, *hosts))) {
        return Exit::refused;
    }
    return grammar.give("plan.approve", {{"hosts", json::array(hosts->begin(), hosts->end())},
                                         {"reason", grammar.given.reason}});
}

/// In seconds; 0: not a length of time that planned work may have.
std::int64_t seconds_of(const std::string& text)
{
    constexpr Duration longest = 24h * 30;
    const auto lasting = config::parse_duration(text);
    return lasting && *lasting >= 1s && *lasting <= longest && *lasting % 1s == Duration::zero()
               ? *lasting / 1s
               : 0;
}

Exit start_maintenance(Grammar& grammar)
{
    auto params = grammar.host_and_reason();
    params["seconds"] = seconds_of(grammar.given.lasting);
    return grammar.give("maintenance.start", std::move(params));
}

void add_plan(Grammar& grammar)
{
    auto& given = grammar.given;
    auto* plan = grammar.noun("plan", "What knell would fence and holds, for you to approve");
    grammar.verb(plan, "show", "Which hosts, why, and what they share",
                 [&] { return grammar.look_at("plan.show", {}, plan_view); });
    auto* approved = grammar.verb(plan, "approve", "Let these hosts be fenced",
                                  [&] { return approve(grammar); });
    auto* hosts = approved->add_option("HOST", given.hosts, "As plan show names them");
    auto* all = approved->add_flag("--all", given.all,
                                   "Those that are shown to you now, and none that come later");
    hosts->excludes(all);
    grammar.with_reason(approved);
    grammar.with_yes(approved);
    approved->parse_complete_callback([hosts, all] {
        if (hosts->count() == 0 && all->count() == 0) {
            throw CLI::RequiredError("HOST, or --all,");
        }
    });
}

void add_maintenance(Grammar& grammar)
{
    auto& given = grammar.given;
    auto* maintenance = grammar.noun("maintenance", "Planned work: hosts that are left alone");
    grammar.verb(maintenance, "list", "Which hosts, how long, and why", [&] {
        return grammar.look_at("host.list", {}, {print_maintenance, list_maintenance});
    });
    auto* start = grammar.verb_about_host(maintenance, "start", "Leave it alone from now on",
                                          [&] { return start_maintenance(grammar); });
    start->add_option("--for", given.lasting, "How long: 90s, 15m, 2h, 1d; at most 30d")
        ->required()
        ->check([](const std::string& text) {
            return seconds_of(text) > 0 ? std::string{}
                                        : "\"" + text +
                                              "\" is not a whole number and its unit, like 90s, "
                                              "15m, 2h or 1d, from 1s to 30d";
        });
    grammar.with_reason(start);
    grammar.with_reason(grammar.verb_about_host(maintenance, "end", "Watch it again", [&] {
        return grammar.give("maintenance.end", grammar.host_and_reason());
    }));
}

} // namespace

void add_plan_verbs(Grammar& grammar)
{
    add_plan(grammar);
    add_maintenance(grammar);
}

} // namespace knell::cli
