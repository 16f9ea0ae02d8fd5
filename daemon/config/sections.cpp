// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/sections.hpp"

#include "daemon/config/duration_text.hpp"
#include "daemon/config/keys.hpp"
#include "daemon/config/nearest.hpp"
#include "daemon/config/problems.hpp"
#include "daemon/config/verdict_section.hpp"
#include "monitor/heartbeat_key.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace knell::config {
namespace {

constexpr std::size_t longest_socket_path = 107; // sun_path of sockaddr_un, less its end

const Value& at(const Value& root, std::string_view key)
{
    static const Value nothing;
    const Entry* entry = root.find(key);
    return entry == nullptr ? nothing : entry->value;
}

void read_control(const Value& value, ControlAccess& into, const Context& context)
{
    const MapReader map{value, "control", keys_of(Section::control), context.problems};
    map.read_path("socket", into.socket);
    if (into.socket.size() > longest_socket_path) {
        context.problems.error(map.place({"socket"}), "`socket` is longer than 107 bytes",
                               "the kernel takes no longer path for a socket");
    }
    map.read_texts("readers", into.readers);
    map.read_texts("operators", into.operators);
    for (const char* key : {"readers", "operators"}) {
        const Entry* entry = map.find(key);
        if (entry == nullptr || entry->value.kind != Value::Kind::list) {
            continue;
        }
        for (const Value& group : entry->value.items) {
            if (group.kind == Value::Kind::scalar &&
                !context.surroundings.group_exists(group.text)) {
                context.problems.warning(
                    group.place, "there is no group " + described(group) + " on this machine",
                    "create it with groupadd, or nobody gets in by it");
            }
        }
    }
}

void read_networks(const MapReader& map, Site& site)
{
    map.read_texts("networks", site.networks);
    if (!map.any({"networks"})) {
        map.problems().error(map.place({}), "`networks` is missing",
                             "name the networks that hosts are watched over: networks: [mgmt]");
    }
}

void read_sentinel(const Value& item, Site& site, const MonitorSettings& monitors, Config& config,
                   const Context& context)
{
    const MapReader map{item, "sentinel", keys_of(Section::sentinel), context.problems};
    std::string name;
    std::string network;
    std::string text;
    map.read_text("name", name);
    map.read_text("network", network);
    map.read_text("address", text);
    if (item.kind == Value::Kind::map) {
        for (const char* key : {"name", "network", "address"}) {
            if (!map.any({key})) {
                context.problems.error(item.place,
                                       "this sentinel has no `" + std::string{key} + "`",
                                       "e.g. {name: gateway, network: mgmt, address: 10.0.0.1}");
            }
        }
    }
    const auto& known = site.networks;
    if (!network.empty() && std::find(known.begin(), known.end(), network) == known.end()) {
        context.problems.error(map.place({"network"}),
                               "network `" + network + "` is not among `networks`",
                               suggestion(network, known));
    }
    if (name.empty() || text.empty()) {
        return;
    }
    const auto parsed = parse_address(text);
    if (const auto* fault = std::get_if<NotAnAddress>(&parsed)) {
        context.problems.error(map.place({"address"}), "`" + text + "` " + fault->message,
                               fault->remedy);
        return;
    }
    site.sentinels.push_back(
        {name, std::get<Address>(parsed).text, map.place({"name"}), map.place({"address"})});
    config.policy.vantage.sentinels.push_back(
        {SentinelId{name}, NetworkId{network}, monitors.icmp.interval});
    config.icmp_targets.push_back({SentinelId{name}, std::get<Address>(parsed).text,
                                   monitors.icmp.interval, monitors.icmp.timeout,
                                   monitors.icmp.dense});
}

void read_sentinels(const Value& value, Site& site, Config& config, const Context& context)
{
    const MapReader map{value, "sentinels", keys_of(Section::sentinels), context.problems};
    Problems ignored; // the monitors' own faults are told where hosts are read
    const MonitorSettings monitors = read_monitors(site.monitors, "monitors", ignored);
    unsigned listed = 0;
    if (const Entry* targets = map.find("targets")) {
        if (targets->value.kind != Value::Kind::list) {
            context.problems.error(targets->value.place,
                                   "`targets` must be a list, not " + described(targets->value),
                                   "- {name: gateway, network: mgmt, address: 10.0.0.1}");
        }
        for (const Value& item : targets->value.items) {
            ++listed;
            read_sentinel(item, site, monitors, config, context);
        }
    }
    unsigned& need = config.policy.vantage.need;
    map.read_count("need", need, 1, 1000);
    if (map.any({"need"}) && need > listed) {
        context.problems.error(map.place({"need"}),
                               "`need` can never be met: " + std::to_string(need) +
                                   " must answer, " + std::to_string(listed) + " are listed",
                               "list more sentinels, or need fewer");
    }
}

void read_heartbeat(const Value& value, Site& site, Config& config, const Context& context)
{
    const MapReader map{value, "heartbeat", keys_of(Section::heartbeat), context.problems};
    site.listen_place = map.place({"listen"});
    std::vector<std::string> listen{"0.0.0.0:7412", "[::]:7412"};
    map.read_texts("listen", listen);
    for (const std::string& text : listen) {
        const auto parsed = parse_listen(text);
        if (const auto* fault = std::get_if<NotAnAddress>(&parsed)) {
            context.problems.error(map.item_place("listen", text),
                                   "`" + text + "` " + fault->message, fault->remedy);
        } else {
            config.heartbeat_listen.push_back(std::get<ListenAddress>(parsed));
        }
    }
    if (const Entry* entry = map.find("site_key")) {
        site.site_key = read_key(*entry, context);
        site.site_key_given = true;
    }
}

void read_fencing(const Value& value, Site& site, Config& config, const Context& context)
{
    const MapReader map{value, "fencing", keys_of(Section::fencing), context.problems};
    map.read_path("helper", config.fence_helper);
    if (!context.surroundings.executable(config.fence_helper)) {
        context.problems.warning(map.place({"helper"}),
                                 "nothing can be fenced: " + config.fence_helper +
                                     " is no program that can be run",
                                 "install it, or correct `helper`");
    }
    if (const Entry* budget = map.find("budget")) {
        read_budget(budget->value, config.policy.gate, context.problems);
    }
    if (const Entry* storm = map.find("storm")) {
        read_storm(storm->value, config.policy.gate, context.problems);
    }
    // Hosts and groups lay their own times upon these; the rest is the site's alone.
    site.fencing = value;
    std::erase_if(site.fencing.entries, [](const Entry& entry) {
        const auto& times = keys_of(Section::fence_timing);
        return std::find(times.begin(), times.end(), entry.key) == times.end();
    });
    (void)read_fence_timing(site.fencing, "fencing", context.problems);
}

void read_nova(const Value& value, Config& config, const Context& context)
{
    const MapReader map{value, "nova", keys_of(Section::nova), context.problems};
    map.read_text("cloud", config.nova.cloud);
    map.read_path("clouds_file", config.nova.clouds_file);
    const std::string& file = config.nova.clouds_file;
    if (!file.empty() && ::access(file.c_str(), R_OK) != 0) {
        context.problems.error(map.place({"clouds_file"}),
                               file + " cannot be read: " + std::strerror(errno),
                               "let the user that knelld runs as read it");
    }
    map.read_text("region", config.nova.region);
    map.read_choice<std::string>(
        "interface", config.nova.interface,
        {{"public", "public"}, {"internal", "internal"}, {"admin", "admin"}});
    std::string& url = config.nova.endpoint_override;
    map.read_text("endpoint_override", url);
    if (!url.empty() && !url.starts_with("http://") && !url.starts_with("https://")) {
        context.problems.error(map.place({"endpoint_override"}),
                               "`endpoint_override` is no http or https address",
                               "e.g. https://nova.example.org:8774/v2.1");
    } else if (url.find('@') != std::string::npos) {
        context.problems.error(map.place({"endpoint_override"}),
                               "`endpoint_override` must not hold a user or password",
                               "credentials belong into clouds.yaml");
    }
    NovaTiming& timing = config.policy.nova;
    map.read_duration("reply", timing.reply, 100ms, 5min);
    map.read_duration("retry", timing.retry, 50ms, 5min);
    map.read_duration("retry_most", timing.retry_most, 50ms, 1h);
    map.read_duration("request_lifetime", timing.request_lifetime, 1s, 1h);
    map.read_duration("watch", timing.watch, 1s, 1h);
    using NovaLost = GatePolicy::NovaLost;
    map.read_choice<NovaLost>("unreachable", config.policy.gate.nova_lost,
                              {{"hold", NovaLost::hold}, {"fence", NovaLost::fence}});
    if (timing.retry > timing.retry_most) {
        context.problems.error(map.place({"retry_most", "retry"}),
                               "`retry` is " + to_text(timing.retry) +
                                   ", longer than `retry_most`, " + to_text(timing.retry_most),
                               "the rest between tries grows from `retry` to `retry_most`");
    }
}

void read_metrics(const MapReader& site, Config& config)
{
    const auto given = site.given("metrics", "{listen: \"127.0.0.1:9712\"}");
    if (given == MapReader::Given::none) {
        config.metrics.reset();
    }
    if (given != MapReader::Given::something) {
        return;
    }
    const MapReader map{site.find("metrics")->value, "metrics", keys_of(Section::metrics),
                        site.problems()};
    std::string text;
    map.read_text("listen", text);
    if (text.empty()) {
        return;
    }
    const auto parsed = parse_listen(text);
    if (const auto* fault = std::get_if<NotAnAddress>(&parsed)) {
        map.problems().error(map.place({"listen"}), "`" + text + "` " + fault->message,
                             "e.g. \"127.0.0.1:9712\" or \"[::1]:9712\"");
        return;
    }
    config.metrics = std::get<ListenAddress>(parsed);
    if (!config.metrics->loopback()) {
        map.problems().warning(map.place({"listen"}),
                               "whoever reaches " + text +
                                   " can read the state of every host, without a password",
                               "listen on 127.0.0.1, or let a firewall admit Prometheus alone");
    }
}

} // namespace

std::optional<Secret> read_key(const Entry& entry, const Context& context)
{
    const auto text = read_secret(entry, {1, 4096}, context);
    if (!text) {
        return std::nullopt;
    }
    auto key = monitor::parse_key(text->reveal());
    if (!key) {
        context.problems.error(entry.value.entries.front().value.place,
                               "`" + entry.key + "` must be 64 hexadecimal digits, alone on a line",
                               "make one with: openssl rand -hex 32");
    }
    return key;
}

void read_recovery(const Value& value, const std::string& where, HostPolicy& into,
                   Problems& problems)
{
    const MapReader map{value, where, keys_of(Section::recovery), problems};
    map.read_flag("automatic", into.auto_readmit);
    map.read_duration("hold_down", into.hold_down, 0s, 24h);
    map.read_duration("goodbye_grace", into.goodbye_grace, 0s, 7 * 24h);
    map.read_flag("power_on", into.power_on);
    if (const Entry* entry = map.find("flapping")) {
        const MapReader flapping{entry->value, "flapping", keys_of(Section::flapping), problems};
        flapping.read_count("readmissions", into.flap_limit, 1, 1000);
        flapping.read_duration("within", into.flap_window, 1min, 30 * 24h);
    }
}

Site read_site(const Value& root, Config& config, const Context& context)
{
    Site site;
    const MapReader map{root, "knell.yaml", keys_of(Section::site), context.problems};
    if (root.kind != Value::Kind::map && root.kind != Value::Kind::null) {
        return site;
    }
    map.read_choice<Mode>("mode", config.policy.gate.mode,
                          {{"observe", Mode::observe}, {"armed", Mode::armed}});
    map.read_path("state", config.state);
    Profile profile = Profile::standard;
    map.read_choice("profile", profile, profiles());
    config.policy.vantage.stall = stall_of(profile);
    map.read_duration("stall", config.policy.vantage.stall, 20ms, 1min);
    map.read_duration("unseen_alarm", config.policy.unseen_alarm, 1s, 24h);
    read_metrics(map, config);
    site.root = root.place;
    site.monitors = with_profile(at(root, "monitors"), at(root, "profile"), context.problems);
    site.verdict = at(root, "verdict");
    site.recovery = at(root, "recovery");
    site.groups = at(root, "groups");
    site.hosts = at(root, "hosts");
    read_control(at(root, "control"), config.control, context);
    read_networks(map, site);
    (void)read_monitors(site.monitors, "monitors", context.problems);
    (void)read_verdict(site.verdict, {site.networks, {}}, context.problems);
    site.domains = read_domain_policies(at(root, "failure_domains"), context.problems);
    read_planned(at(root, "planned"), config.policy.gate, context.problems);
    read_sentinels(at(root, "sentinels"), site, config, context);
    read_heartbeat(at(root, "heartbeat"), site, config, context);
    read_fencing(at(root, "fencing"), site, config, context);
    read_nova(at(root, "nova"), config, context);
    return site;
}

} // namespace knell::config
