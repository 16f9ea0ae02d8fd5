// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/keys.hpp"

#include <map>
#include <set>

namespace knell::config {
namespace {

using Keys = std::vector<std::string>;

const std::map<Section, Keys>& table()
{
    static const Keys timing{"settle", "readings", "poll",  "reply",  "per_device",
                             "fresh",  "retry",    "watch", "inspect"};
    static const Keys site_fencing = [] {
        Keys keys{"helper", "budget", "storm"};
        keys.insert(keys.end(), timing.begin(), timing.end());
        return keys;
    }();
    static const std::map<Section, Keys> keys{
        {Section::site,
         {"mode", "profile", "state", "control", "metrics", "networks", "sentinels", "stall",
          "unseen_alarm", "monitors", "heartbeat", "verdict", "failure_domains", "fencing",
          "planned", "recovery", "nova", "groups", "hosts"}},
        {Section::control, {"socket", "readers", "operators"}},
        {Section::sentinels, {"targets", "need"}},
        {Section::sentinel, {"name", "network", "address"}},
        {Section::monitors,
         {"profile", "icmp", "heartbeat", "tcp", "channel", "userspace", "userspace_warning"}},
        {Section::icmp, {"interval", "dense", "timeout", "fall", "rise"}},
        {Section::heartbeat_monitor, {"interval", "fall", "rise"}},
        {Section::tcp, {"port", "interval", "dense", "timeout", "fall", "rise"}},
        {Section::channel, {"port"}},
        {Section::userspace, {"warning", "dead"}},
        {Section::heartbeat, {"listen", "site_key"}},
        {Section::verdict, {"rule", "veto"}},
        {Section::rule, {"at_least"}},
        {Section::row, {"then"}},
        {Section::failure_domain, {"together", "then", "budget"}},
        {Section::fencing, site_fencing},
        {Section::fence_timing, timing},
        {Section::budget, {"fences", "per", "down"}},
        {Section::storm, {"hosts", "share", "within"}},
        {Section::planned, {"nova_disabled"}},
        {Section::recovery, {"automatic", "hold_down", "goodbye_grace", "power_on", "flapping"}},
        {Section::flapping, {"readmissions", "within"}},
        {Section::nova,
         {"cloud", "clouds_file", "region", "interface", "endpoint_override", "reply", "retry",
          "retry_most", "request_lifetime", "watch", "unreachable"}},
        {Section::metrics, {"listen"}},
        {Section::group,
         {"failure_domains", "failure_domain", "never_fence", "monitors", "verdict", "fencing",
          "recovery", "fence"}},
        {Section::host,
         {"name", "group", "addresses", "failure_domains", "failure_domain", "never_fence",
          "monitors", "verdict", "fencing", "recovery", "fence", "heartbeat_key"}},
        {Section::fence_device,
         {"type", "name", "address", "port", "username", "password", "k_g", "cipher_suites",
          "privilege", "workarounds", "identity", "guid", "session_timeout",
          "retransmission_timeout"}}};
    return keys;
}

} // namespace

const std::vector<std::string>& keys_of(Section section)
{
    return table().at(section);
}

std::vector<std::string> all_keys()
{
    std::set<std::string> words;
    for (const auto& [section, keys] : table()) {
        words.insert(keys.begin(), keys.end());
    }
    return {words.begin(), words.end()};
}

} // namespace knell::config
