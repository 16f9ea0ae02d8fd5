// SPDX-License-Identifier: GPL-3.0-or-later
// One host.
#include "cli/advice.hpp"
#include "cli/reading.hpp"
#include "cli/render.hpp"
#include "cli/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <ostream>
#include <utility>

namespace knell::cli {

namespace {

namespace json = boost::json;

constexpr std::size_t width = 80;

std::string flag_sentence(const json::value& host)
{
    if (yes(host, {"forced_down_by_us"})) {
        return "set by knell";
    }
    return yes(host, {"service", "forced_down"}) ? "set, and NOT by knell, which never clears it"
                                                 : "not set by knell";
}

std::string nova_sentence(const json::value& host)
{
    const auto* service = at(host, {"service"});
    if (service == nullptr || service->is_null()) {
        return "not known, or it does not list this host";
    }
    const auto reason = text(*service, {"disabled_reason"}, "");
    return std::string{yes(*service, {"up"}) ? "up" : "down"} +
           (yes(*service, {"disabled"}) ? ", disabled" + (reason.empty() ? "" : ": " + reason)
                                        : ", enabled");
}

std::string readiness_sentence(const json::value& host)
{
    if (at(host, {"not_ready"}) == nullptr) {
        return "?";
    }
    if (const auto why = text(host, {"not_ready"}, ""); !why.empty()) {
        return "NO: " + why;
    }
    const auto devices = elements(host, {"devices"});
    const bool ready = std::any_of(devices.begin(), devices.end(), [](const auto& device) {
        return text(device, {"state"}) == "ready";
    });
    return ready ? "yes, as far as known" : "not known: its devices have not been looked at";
}

void print_facts(std::ostream& out, const json::value& host)
{
    Table table{{}};
    table.add({"state", text(host, {"state"}) + " for " + ago(host, "since")});
    table.add({"host", text(host, {"host"})});
    table.add({"why", text(host, {"why"})});
    table.add({"episode", text(host, {"episode"}, "none open")});
    if (const auto* planned = at(host, {"planned"}); planned != nullptr && !planned->is_null()) {
        table.add({"planned work", planned_sentence(*planned)});
    }
    table.add({"forced_down", flag_sentence(host)});
    table.add({"Nova's word", nova_sentence(host)});
    table.add({"nova-compute",
               yes(host, {"nova_compute"}) ? "runs, as the agent last said" : "not known to run"});
    if (const auto precious = text(host, {"precious"}, ""); !precious.empty()) {
        table.add({"precious", "never fenced automatically: " + precious});
    }
    if (const auto domains = texts(host, {"domains"}); !domains.empty()) {
        table.add({"domains", joined(domains)});
    }
    if (number(host, {"readmissions"}).value_or(0) > 0) {
        table.add({"readmissions", text(host, {"readmissions"}) + " lately"});
    }
    table.add({"can be fenced", readiness_sentence(host)});
    table.add({"boot", text(host, {"boot"}, "not known")});
    table.add({"identity", text(host, {"identity"}, "not known")});
    table.print(out);
}

void print_monitors(std::ostream& out, const json::value& host)
{
    Table table{{"MONITOR", "STATE", "LAST BEAT", "SILENCES"}, "  "};
    const auto monitors = elements(host, {"monitors"});
    for (const auto& monitor : monitors) {
        const auto last = ago(monitor, "last_beat");
        table.add({text(monitor, {"id"}), text(monitor, {"state"}),
                   last == "never" ? last : last + " ago", text(monitor, {"silences"})});
    }
    if (!monitors.empty()) {
        out << '\n';
        table.print(out);
    }
}

std::vector<std::string> line_of(const json::value& line, const char* mark, const char* outcome)
{
    auto row = texts(line, {"cells"});
    row.insert(row.begin(), mark);
    row.push_back(outcome + text(line, {"outcome"}));
    return row;
}

/// The truth table, a network a column. What is now stands below it: it may fit no line, where
/// a network is neither silent nor up.
void print_rule(std::ostream& out, const json::value& host)
{
    const auto networks = texts(host, {"rule", "networks"});
    if (networks.empty()) {
        return;
    }
    out << "\nDead or alive: " << text(host, {"rule", "text"}) << '\n';
    auto head = networks;
    head.insert(head.begin(), "");
    head.emplace_back("");
    Table table{head, "  "};
    for (const auto& line : elements(host, {"rule", "lines"})) {
        table.add(line_of(line, yes(line, {"fits"}) ? ">" : "", ""));
    }
    if (const auto* now = at(host, {"rule", "now"})) {
        table.add(line_of(*now, "now", "so it is "));
    }
    table.print(out);
}

std::string answer_to(const json::value& device, Path path)
{
    const auto* found = at(device, path);
    return found != nullptr && found->is_bool() ? (found->get_bool() ? "yes" : "no") : "not told";
}

void print_devices(std::ostream& out, const json::value& host)
{
    Table table{{"DEVICE", "STATE", "LOOKED AT", "TOOK", "MAY POWER OFF", "CIPHER 0",
                 "ON POWER RETURN", "SYSTEM GUID", ""},
                "  "};
    const auto devices = elements(host, {"devices"});
    for (const auto& device : devices) {
        const auto looked = ago(device, "looked_at");
        const auto took = number(device, {"latency"});
        table.add({text(device, {"id"}), text(device, {"state"}),
                   looked == "never" ? looked : looked + " ago", took ? short_time(*took) : "-",
                   answer_to(device, {"may_power_off"}), answer_to(device, {"cipher_zero"}),
                   text(device, {"on_restore"}, "not told"),
                   text(device, {"system_guid"}, "not told"), text(device, {"why"}, "")});
    }
    if (!devices.empty()) {
        out << '\n';
        table.print(out);
    }
}

} // namespace

void print_host(std::ostream& out, const json::object& object)
{
    const auto* host = object.if_contains("host");
    if (host == nullptr) {
        out << "?\n";
        return;
    }
    print_facts(out, *host);
    print_monitors(out, *host);
    print_rule(out, *host);
    print_devices(out, *host);
    if (!advice_for(text(*host, {"state"}), text(*host, {"host"})).empty()) {
        out << '\n';
        print_advice(out, *host, "");
    }
}

void print_rehearsal(std::ostream& out, const json::object& object)
{
    const json::value rehearsal = object;
    const auto gates = elements(rehearsal, {"gates"});
    std::vector<std::string> closed;
    Table table{{"GATE", "", "WHY"}, "  "};
    for (const auto& gate : gates) {
        const bool open = yes(gate, {"open"});
        const auto why = text(gate, {"text"}, "");
        auto name = text(gate, {"gate"});
        if (!open) {
            closed.push_back(name);
        }
        std::string verdict = open ? "open" : "CLOSED";
        for (const auto& line : wrapped(why == "open" ? "" : why, width)) {
            table.add({std::exchange(name, ""), std::exchange(verdict, ""), line});
        }
    }
    out << "If " << text(rehearsal, {"host"}) << " were to be fenced now, without an order:\n";
    table.print(out);
    out << (gates.empty()    ? "It is not known what would happen.\n"
            : closed.empty() ? "Every gate is open: it would be fenced.\n"
                             : "It would not be fenced; closed: " + joined(closed) + ".\n");
    if (const auto note = text(rehearsal, {"note"}, ""); !note.empty()) {
        out << note << '\n';
    }
    out << "Nothing was done.\n";
}

} // namespace knell::cli
