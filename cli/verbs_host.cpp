// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/explain.hpp"
#include "cli/grammar.hpp"
#include "cli/render.hpp"

#include <boost/json.hpp>

namespace knell::cli {

namespace {

Exit fence(Grammar& grammar)
{
    const auto& given = grammar.given;
    if (given.dry_run) {
        return grammar.look_at("host.rehearse", {{"host", given.host}}, {print_rehearsal});
    }
    if (!given.yes && !confirmed(grammar.terminal(), {"knell will cut the power of " + given.host +
                                                          ": every server on it stops at once.",
                                                      "Type the host's name again", given.host})) {
        return Exit::refused;
    }
    auto params = grammar.host_and_reason();
    params["force"] = given.force;
    return grammar.give("host.fence", std::move(params));
}

Exit confirm_off(Grammar& grammar)
{
    const auto& given = grammar.given;
    if (!given.yes &&
        !confirmed(grammar.terminal(),
                   {"knell will take your word that " + given.host + " is off" +
                        (given.force ? ", without a look at its power"
                                     : ", unless it is heard or a fence device reads ON") +
                        ", and its servers may be started elsewhere. If it still runs, "
                        "their disks will be written by two machines.",
                    "Type the host's name again", given.host})) {
        return Exit::refused;
    }
    auto params = grammar.host_and_reason();
    params["force"] = given.force;
    return grammar.give("host.confirm_off", std::move(params));
}

Exit release(Grammar& grammar)
{
    auto params = grammar.host_and_reason();
    params["force"] = grammar.given.force;
    return grammar.give("host.release", std::move(params));
}

void add_views(Grammar& grammar, CLI::App* host)
{
    auto& given = grammar.given;
    grammar.verb(host, "list", "All hosts, the urgent ones first", [&] {
        return grammar.look_at("host.list", {}, {print_hosts, list_hosts});
    });
    grammar.verb_about_host(
        host, "show", "State, monitors, rule, devices, and what one can do", [&] {
            return grammar.look_at("host.show", {{"host", given.host}}, {print_host});
        });
    grammar
        .verb_about_host(host, "explain", "How it came to this: one episode as a story",
                         [&] {
                             return explain(grammar.target(), grammar.terminal(), given.host,
                                            given.episode);
                         })
        ->add_option("--episode", given.episode, "Another one than the last")
        ->check(CLI::PositiveNumber);
}

void add_orders(Grammar& grammar, CLI::App* host)
{
    auto& given = grammar.given;
    grammar.verb_about_host(host, "inspect", "Have its fence devices looked at now", [&] {
        return grammar.give("host.inspect", {{"host", given.host}});
    });
    auto* fenced = grammar.verb_about_host(host, "fence", "Power it off and tell Nova",
                                           [&] { return fence(grammar); });
    auto* released =
        grammar.verb_about_host(host, "release", "Clear knell's flag, or close its episode",
                                [&] { return release(grammar); });
    auto* seen_off = grammar.verb_about_host(host, "confirm-off", "Say that you have seen it off",
                                             [&] { return confirm_off(grammar); });
    grammar.with_reason(released);
    grammar.with_reason(seen_off);
    grammar.with_yes(fenced);
    grammar.with_yes(seen_off);
    for (auto* command : {fenced, released, seen_off}) {
        command->add_flag("--force", given.force, "Although knell advises against it");
    }
    // A rehearsal needs no reason.
    auto* reason =
        fenced->add_option("--reason", given.reason, "Why, in your words; it is recorded");
    auto* dry_run =
        fenced->add_flag("--dry-run", given.dry_run, "Only say what each gate would say");
    fenced->parse_complete_callback([reason, dry_run] {
        if (reason->count() == 0 && dry_run->count() == 0) {
            throw CLI::RequiredError("--reason");
        }
    });
}

} // namespace

void add_host_verbs(Grammar& grammar)
{
    auto* host = grammar.noun("host", "One host, or all");
    add_views(grammar, host);
    add_orders(grammar, host);
}

} // namespace knell::cli
