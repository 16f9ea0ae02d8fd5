// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/gate_section.hpp"

#include "daemon/config/keys.hpp"
#include "daemon/config/map_reader.hpp"
#include "daemon/config/nearest.hpp"
#include "daemon/config/problems.hpp"

#include <algorithm>
#include <charconv>

namespace knell::config {
namespace {

constexpr unsigned most_fences = 10'000;
constexpr unsigned most_hosts = 20'000;

/// A budget that is spent before anything happens is no budget.
void read_fences(const MapReader& map, std::string_view key, unsigned& into,
                 const std::string& remedy)
{
    const Entry* entry = map.find(key);
    if (entry != nullptr && entry->value.kind == Value::Kind::scalar && entry->value.text == "0") {
        map.problems().error(entry->value.place, "a budget of 0 fences would fence nobody", remedy);
        return;
    }
    map.read_count(key, into, 1, most_fences);
}

/// "50%", or none.
void read_share(const MapReader& map, unsigned& into)
{
    const Entry* entry = map.find("share");
    if (entry == nullptr) {
        return;
    }
    std::string_view text = entry->value.text;
    if (entry->value.kind == Value::Kind::scalar && text == "none") {
        into = 0;
        return;
    }
    const bool percent = text.ends_with('%');
    text.remove_suffix(percent ? 1 : 0);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (!percent || text.empty() || error != std::errc{} || end != text.data() + text.size() ||
        number < 1 || number > 100) {
        map.problems().error(entry->value.place,
                             "`share` is " + described(entry->value) + ", which is no share",
                             "from 1% to 100%, or none");
        return;
    }
    into = number;
}

DomainOrigin read_domain(const Entry& entry, Problems& problems)
{
    using Action = DomainPolicy::Action;
    const MapReader map{entry.value, "failure domain " + entry.key,
                        keys_of(Section::failure_domain), problems};
    DomainOrigin out{DomainPolicy{DomainId{entry.key}}, entry.place, map.place({"together"}),
                     map.any({"together"})};
    map.read_count("together", out.policy.together, 2, most_hosts);
    map.read_choice<Action>("then", out.policy.action,
                            {{"hold", Action::hold}, {"fence", Action::fence}});
    read_fences(map, "budget", out.policy.budget, "write never_fence: REASON at its hosts");
    return out;
}

void warn_of_idle(const DomainOrigin& origin, const std::vector<std::string>& used,
                  Problems& problems)
{
    const std::string& name = origin.policy.id.get();
    const auto near = nearest(name, used);
    problems.warning(origin.name_place, "no host is in failure domain `" + name + "`",
                     near ? "did you mean `" + *near + "`?"
                          : "remove it, or write failure_domains: [" + name + "] at its hosts");
}

} // namespace

void read_budget(const Value& value, GatePolicy& gate, Problems& problems)
{
    const MapReader map{value, "budget", keys_of(Section::budget), problems};
    read_fences(map, "fences", gate.budget, "write `mode: observe` to watch only");
    map.read_duration("per", gate.budget_window, 1s, 7 * 24h);
    map.read_count_or("none", "down", gate.down_most, 1, most_hosts);
}

void read_storm(const Value& value, GatePolicy& gate, Problems& problems)
{
    if (value.kind == Value::Kind::scalar && value.text == "none") {
        gate.storm_hosts = 0;
        gate.storm_share = 0;
    } else {
        const MapReader map{value, "storm", keys_of(Section::storm), problems};
        map.read_count_or("none", "hosts", gate.storm_hosts, 2, most_hosts);
        read_share(map, gate.storm_share);
        map.read_duration("within", gate.storm_within, 1s, 7 * 24h);
    }
    if (gate.storm_hosts == 0 && gate.storm_share == 0) {
        problems.warning(value.place,
                         "nothing stops a wave of failures but the budget, should a switch of all "
                         "hosts fail",
                         "e.g. storm: {hosts: 3, share: 50%}");
    }
}

void read_planned(const Value& value, GatePolicy& gate, Problems& problems)
{
    const MapReader map{value, "planned", keys_of(Section::planned), problems};
    map.read_choice<bool>("nova_disabled", gate.respect_disabled,
                          {{"respect", true}, {"ignore", false}});
}

std::vector<DomainOrigin> read_domain_policies(const Value& value, Problems& problems)
{
    if (value.kind != Value::Kind::map && value.kind != Value::Kind::null) {
        problems.error(value.place, "`failure_domains` must be a map, not " + described(value),
                       "rack1: {together: 2, then: hold, budget: 1}");
    }
    std::vector<DomainOrigin> out;
    for (const Entry& entry : value.entries) {
        out.push_back(read_domain(entry, problems));
    }
    return out;
}

std::vector<DomainPolicy> domain_policies(const std::vector<DomainOrigin>& written,
                                          const DomainSizes& sizes, Problems& problems)
{
    std::vector<std::string> unwritten;
    std::vector<DomainPolicy> out;
    for (const auto& [name, hosts] : sizes) {
        const auto found =
            std::find_if(written.begin(), written.end(), [&name = name](const DomainOrigin& each) {
                return each.policy.id.get() == name;
            });
        if (found == written.end()) {
            unwritten.push_back(name);
            out.push_back(DomainPolicy{DomainId{name}});
            continue;
        }
        out.push_back(found->policy);
        if (found->together_given && found->policy.together > hosts) {
            problems.warning(found->together_place,
                             "failure domain `" + name + "` never fails: `together` is " +
                                 std::to_string(found->policy.together) + ", and " +
                                 std::to_string(hosts) +
                                 (hosts == 1 ? " host is in it" : " hosts are in it"),
                             "make it smaller, or leave it to the defaults");
        }
    }
    for (const DomainOrigin& origin : written) {
        if (!sizes.contains(origin.policy.id.get())) {
            warn_of_idle(origin, unwritten, problems);
        }
    }
    return out;
}

} // namespace knell::config
