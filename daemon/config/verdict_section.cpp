// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/verdict_section.hpp"

#include "core/verdict_rule.hpp"
#include "daemon/config/keys.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/merge.hpp"
#include "daemon/config/nearest.hpp"
#include "daemon/config/problems.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace knell::config {
namespace {

using Kind = VerdictRule::Kind;
using Cell = VerdictRule::Cell;
using Row = VerdictRule::Row;

constexpr std::size_t most_rows = 32;
/// All combinations of so many are looked through.
constexpr std::size_t most_networks = 6;

bool known(const std::vector<std::string>& words, const std::string& word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

/// One `verdict`, with the places that its faults are told at.
class Reading {
public:
    Reading(const Value& value, const VerdictScope& scope, Problems& problems)
        : map_{value, "verdict", keys_of(Section::verdict), problems}, scope_{scope}, problems_{
                                                                                          problems}
    {
    }

    VerdictRule read()
    {
        if (const Entry* rule = map_.find("rule")) {
            read_rule(rule->value);
        }
        read_vetoes();
        if (faults_ == 0) {
            check_combinations();
        }
        return rule_;
    }

private:
    void fail(const Place& at, std::string message, std::string remedy)
    {
        ++faults_;
        problems_.error(at, std::move(message), std::move(remedy));
    }

    [[nodiscard]] bool of_host() const { return !scope_.host.empty(); }

    void read_rule(const Value& value)
    {
        if (value.kind == Value::Kind::list) {
            read_matrix(value);
        } else if (value.kind == Value::Kind::map) {
            read_at_least(value);
        } else if (value.text != "all_silent") {
            fail(value.place, "`rule` cannot be " + described(value),
                 "all_silent, {at_least: 2}, or a list of rows: "
                 "[{mgmt: silent, storage: silent, then: dead}]");
        }
    }

    void read_at_least(const Value& value)
    {
        const MapReader map{value, "rule", keys_of(Section::rule), problems_};
        if (!map.any({"at_least"}) && map.sound()) {
            fail(value.place, "this `rule` says nothing", "e.g. {at_least: 2}");
        }
        rule_.kind = Kind::at_least;
        map.read_count("at_least", rule_.count, 1, 1000);
        const Place at = map.place({"at_least"});
        const std::size_t most = scope_.site.size();
        const std::size_t networks = of_host() ? scope_.networks.size() : most;
        if (rule_.count > networks) {
            // What no host could meet is told once, and in the same words for each.
            const bool nobody = rule_.count > most;
            fail(at,
                 (nobody ? "no host could ever" : "host " + scope_.host + " could never") +
                     std::string{" be dead: "} + std::to_string(rule_.count) +
                     " networks must be silent, and " + (nobody ? "there are " : "it has ") +
                     std::to_string(nobody ? most : networks),
                 "ask for fewer, or give such hosts a rule of their own: rule: all_silent");
        } else if (rule_.count == 1 && networks > 1) {
            problems_.warning(at, "one cut network makes a host dead that answers on the others",
                              "ask for 2 or more, unless a host without any one of its networks is "
                              "of no use");
        }
    }

    void read_matrix(const Value& value)
    {
        rule_.kind = Kind::matrix;
        if (value.items.empty() || value.items.size() > most_rows) {
            fail(value.place,
                 value.items.empty() ? "a matrix without rows: nobody could ever be dead"
                                     : "more than " + std::to_string(most_rows) + " rows",
                 "e.g. [{mgmt: silent, storage: silent, then: dead}]");
            return;
        }
        std::set<NetworkId> named;
        for (const Value& item : value.items) {
            row_places_.push_back(item.place);
            rule_.rows.push_back(read_row(item));
            for (const auto& [network, cell] : rule_.rows.back().cells) {
                named.insert(network);
            }
        }
        rule_place_ = value.place;
        if (named.size() > most_networks) {
            fail(value.place,
                 "a matrix over more than " + std::to_string(most_networks) + " networks",
                 "leave some out: what is not named may be anything");
        }
    }

    Row read_row(const Value& item)
    {
        Row row;
        if (item.kind != Value::Kind::map) {
            fail(item.place, "a row must be a map, not " + described(item),
                 "{mgmt: silent, storage: up, then: alive}");
            return row;
        }
        const unsigned faults_before = faults_;
        bool silence = false;
        bool outcome = false;
        for (const Entry& entry : item.entries) {
            if (entry.key == "then") {
                outcome = true;
                row.dead = word(entry, {"dead", "alive"}) == 0;
            } else if (is_network(entry)) {
                const std::size_t cell = word(entry, {"silent", "up", "any"});
                silence = silence || cell == 0;
                row.cells[NetworkId{entry.key}] = cell == 0   ? Cell::silent
                                                  : cell == 1 ? Cell::up
                                                              : Cell::any;
            }
        }
        if (!outcome) {
            fail(item.place, "this row has no `then`", "end it with then: dead, or then: alive");
        } else if (row.dead && !silence && faults_ == faults_before) {
            fail(item.place, "this row calls a host dead that is silent nowhere",
                 "say which networks must be silent");
        }
        return row;
    }

    bool is_network(const Entry& entry)
    {
        const bool anywhere = known(scope_.site, entry.key);
        if (anywhere && (!of_host() || known(scope_.networks, entry.key))) {
            return true;
        }
        const auto& theirs = anywhere ? scope_.networks : scope_.site;
        fail(entry.place,
             (anywhere ? "host " + scope_.host + " has no" : "there is no") + " network `" +
                 entry.key + "`",
             suggestion(entry.key, theirs));
        return false;
    }

    /// Which of the words the value is; one past the last where it is none.
    std::size_t word(const Entry& entry, const std::vector<std::string>& words)
    {
        const Value& value = entry.value;
        const auto found = std::find(words.begin(), words.end(), value.text);
        if (value.kind != Value::Kind::scalar || found == words.end()) {
            fail(value.place, "`" + entry.key + "` cannot be " + described(value),
                 suggestion(value.text, words));
            return words.size();
        }
        return static_cast<std::size_t>(found - words.begin());
    }

    void read_vetoes()
    {
        std::vector<std::string> names;
        map_.read_texts("veto", names);
        for (const std::string& name : names) {
            if (exists_somewhere(name) && of_host()) {
                add_veto(name);
            }
        }
    }

    /// `storage`, or `icmp@storage`: what no host could have is told once for all.
    bool exists_somewhere(const std::string& name)
    {
        static const std::vector<std::string> kinds{"icmp", "heartbeat", "tcp"};
        const Place at = map_.item_place("veto", name);
        const std::size_t sign = name.find('@');
        const std::string kind = sign == std::string::npos ? "" : name.substr(0, sign);
        const std::string network = sign == std::string::npos ? name : name.substr(sign + 1);
        const std::string what = sign == std::string::npos ? "network `" : "monitor `";
        if (sign != std::string::npos && !known(kinds, kind)) {
            fail(at, "there is no " + what + name + "`", suggestion(kind, kinds));
            return false;
        }
        if (!known(scope_.site, network)) {
            fail(at, "there is no " + what + name + "`", suggestion(network, scope_.site));
            return false;
        }
        return true;
    }

    void add_veto(const std::string& name)
    {
        const std::size_t before = rule_.vetoes.size();
        std::vector<std::string> names = scope_.networks;
        for (const MonitorId& monitor : scope_.monitors) {
            const std::string& id = monitor.get();
            names.push_back(id);
            const bool meant = id == name || id.substr(id.find('@') + 1) == name;
            const auto& so_far = rule_.vetoes;
            if (meant && std::find(so_far.begin(), so_far.end(), monitor) == so_far.end()) {
                rule_.vetoes.push_back(monitor);
            }
        }
        if (rule_.vetoes.size() == before && !known(names, name)) {
            const bool network = name.find('@') == std::string::npos;
            fail(map_.item_place("veto", name),
                 "host " + scope_.host + " has no " + (network ? "network `" : "monitor `") + name +
                     "`",
                 suggestion(name, names));
        }
    }

    /// A network none of whose monitors could keep beating without a veto.
    [[nodiscard]] bool always_silent(const NetworkId& network) const
    {
        bool any = false;
        for (const MonitorId& monitor : scope_.monitors) {
            const std::string& id = monitor.get();
            if (id.substr(id.find('@') + 1) == network.get()) {
                any = true;
                const auto& vetoes = rule_.vetoes;
                if (std::find(vetoes.begin(), vetoes.end(), monitor) == vetoes.end()) {
                    return false;
                }
            }
        }
        return any;
    }

    void check_combinations()
    {
        if (rule_.kind != Kind::matrix) {
            return;
        }
        warn_of_covered_rows();
        std::set<NetworkId> named;
        for (const Row& row : rule_.rows) {
            for (const auto& [network, cell] : row.cells) {
                named.insert(network);
            }
        }
        const std::vector<NetworkId> networks{named.begin(), named.end()};
        bool dies = false;
        bool dies_when_silent = false;
        for (std::size_t up = 0; up < (std::size_t{1} << networks.size()) && !dies; ++up) {
            NetworkSights sights;
            bool possible = true;
            for (std::size_t i = 0; i < networks.size(); ++i) {
                const bool beats = ((up >> i) & 1U) != 0;
                possible = possible && !(beats && always_silent(networks[i]));
                sights[networks[i]] = beats ? NetworkSight::up : NetworkSight::silent;
            }
            dies = possible && convicting(rule_, sights).has_value();
            dies_when_silent = dies_when_silent || (dies && up == 0);
        }
        if (!dies) {
            fail(rule_place_, "nobody could ever be dead by this matrix",
                 rule_.vetoes.empty() ? "let one row end in then: dead before another says alive"
                                      : "what `veto` names must be silent in a row that ends in "
                                        "then: dead");
        } else if (!dies_when_silent) {
            problems_.warning(rule_place_,
                              "a host that is silent on every network counts as alive: its power "
                              "could fail unnoticed",
                              "add a row with `silent` for each of them, then: dead");
        }
    }

    /// The first row that fits decides.
    void warn_of_covered_rows()
    {
        const auto covers = [](const Row& above, const Row& below) {
            return std::all_of(above.cells.begin(), above.cells.end(), [&below](const auto& cell) {
                const auto other = below.cells.find(cell.first);
                return cell.second == Cell::any ||
                       (other != below.cells.end() && other->second == cell.second);
            });
        };
        for (std::size_t i = 0; i < rule_.rows.size(); ++i) {
            for (std::size_t above = 0; above < i; ++above) {
                if (covers(rule_.rows[above], rule_.rows[i])) {
                    problems_.warning(row_places_[i],
                                      "this row never decides: the first that fits does",
                                      "move it up, or remove it",
                                      {{"this one fits before it", row_places_[above]}});
                    break;
                }
            }
        }
    }

    MapReader map_;
    const VerdictScope& scope_;
    Problems& problems_;
    VerdictRule rule_;
    Place rule_place_;
    std::vector<Place> row_places_;
    unsigned faults_ = 0;
};

} // namespace

VerdictRule read_verdict(const Value& value, const VerdictScope& scope, Problems& problems)
{
    return Reading{value, scope, problems}.read();
}

Value overlaid_verdict(const Value& base, const Value& over)
{
    Value below = base;
    const Entry* rule = over.find("rule");
    if (rule != nullptr && rule->value.kind != Value::Kind::null) {
        std::erase_if(below.entries, [](const Entry& entry) { return entry.key == "rule"; });
    }
    return overlaid(below, over);
}

} // namespace knell::config
