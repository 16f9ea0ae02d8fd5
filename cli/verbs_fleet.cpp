// SPDX-License-Identifier: GPL-3.0-or-later
// Verbs about everything at once.
#include "cli/grammar.hpp"
#include "cli/render.hpp"

#include <boost/json.hpp>

namespace knell::cli {

void add_fleet_verbs(Grammar& grammar)
{
    const auto with_a_reason = [&](CLI::App* parent, const char* name, const char* help,
                                   const char* method) {
        grammar.with_reason(grammar.verb(parent, name, help, [&grammar, method] {
            return grammar.give(method, {{"reason", grammar.given.reason}});
        }));
    };
    grammar.verb(nullptr, "status", "What knell sees, waits for, and needs",
                 [&] { return grammar.look_at("status", {}, {print_status}); });
    grammar.verb(nullptr, "watch", "Print what happens, as it happens",
                 [&] { return watch(grammar.target(), grammar.terminal()); });
    with_a_reason(nullptr, "arm", "Let knell power dead hosts off", "arm");
    with_a_reason(nullptr, "disarm", "Only watch; power nothing off", "disarm");
    grammar.verb(nullptr, "readmit",
                 "Clear knell's flag on every host that is well again, without waiting",
                 [&] { return grammar.give("readmit", {}); });
    grammar.verb(nullptr, "reload", "Have knelld read its configuration anew",
                 [&] { return grammar.give("config.reload", {}); });
    auto* hold = grammar.noun("hold", "Stop everything, or let it go on");
    with_a_reason(hold, "on", "Power nothing off or on, and tell Nova nothing", "hold.on");
    with_a_reason(hold, "off", "Let what waits go on, if it is still so", "hold.off");
}

} // namespace knell::cli
