// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/config.hpp"
#include "daemon/config/duration_text.hpp"
#include "daemon/config/setting.hpp"

#include <map>
#include <utility>

namespace knell::config {
namespace {

using Settings = std::vector<Setting>;
using WatchId = std::pair<HostId, MonitorId>;

/// The targets of each host's monitors, found by name.
struct Targets {
    std::map<WatchId, const monitor::IcmpTarget*> icmp;
    std::map<WatchId, const monitor::TcpTarget*> tcp;
    std::map<HostId, const monitor::ChannelTarget*> channels;
    std::map<SentinelId, const monitor::IcmpTarget*> sentinels;
};

Targets targets_of(const Config& config)
{
    Targets out;
    for (const monitor::IcmpTarget& target : config.icmp_targets) {
        if (const auto* probe = std::get_if<monitor::HostProbe>(&target.subject)) {
            out.icmp.emplace(WatchId{probe->host, probe->monitor}, &target);
        } else {
            out.sentinels.emplace(std::get<SentinelId>(target.subject), &target);
        }
    }
    for (const monitor::TcpTarget& target : config.tcp_targets) {
        out.tcp.emplace(WatchId{target.subject.host, target.subject.monitor}, &target);
    }
    for (const monitor::ChannelTarget& target : config.channel_targets) {
        out.channels.emplace(target.host, &target);
    }
    return out;
}

Setting count(std::string name, std::uint64_t number)
{
    return text_setting(std::move(name), std::to_string(number));
}

/// Moved, where a list in braces would copy every tree below it.
template <class... Parts>
Settings settings(Parts&&... parts)
{
    Settings out;
    out.reserve(sizeof...(parts));
    (out.push_back(std::forward<Parts>(parts)), ...);
    return out;
}

/// 0 has a word of its own.
Setting count_or(const char* word, std::string name, std::uint64_t number)
{
    return number == 0 ? text_setting(std::move(name), std::string{word})
                       : count(std::move(name), number);
}

Setting flag(std::string name, bool value)
{
    return text_setting(std::move(name), std::string{value ? "true" : "false"});
}

Setting text_or(const char* word, std::string name, const std::string& text)
{
    return text_setting(std::move(name), text.empty() ? std::string{word} : text);
}

template <class Ids>
std::vector<std::string> texts_of(const Ids& ids)
{
    std::vector<std::string> out;
    out.reserve(ids.size());
    for (const auto& id : ids) {
        out.push_back(id.get());
    }
    return out;
}

std::string word(fencing::Privilege privilege)
{
    switch (privilege) {
    case fencing::Privilege::user:
        return "user";
    case fencing::Privilege::operator_level:
        return "operator";
    case fencing::Privilege::administrator:
        break;
    }
    return "administrator";
}

std::string word(VerdictRule::Cell cell)
{
    switch (cell) {
    case VerdictRule::Cell::any:
        return "any";
    case VerdictRule::Cell::silent:
        return "silent";
    case VerdictRule::Cell::up:
        break;
    }
    return "up";
}

Setting of_device(const fencing::IpmiDevice& device)
{
    std::vector<std::string> suites;
    for (const unsigned suite : device.cipher_suites) {
        suites.push_back(std::to_string(suite));
    }
    return map_setting(
        device.id.get(),
        settings(text_setting("type", "ipmi"), text_setting("address", device.address),
                 count("port", device.port), text_setting("username", device.username),
                 secret_setting("password", &device.password),
                 secret_setting("k_g", device.k_g ? &*device.k_g : nullptr),
                 list_setting("cipher_suites", suites),
                 text_setting("privilege", word(device.privilege)),
                 list_setting("workarounds", device.workarounds),
                 text_setting("session_timeout", device.session_timeout),
                 text_setting("retransmission_timeout", device.retransmission_timeout)));
}

Settings of_timing(const FenceTiming& timing)
{
    return settings(
        text_setting("settle", timing.settle), count("readings", timing.readings),
        text_setting("poll", timing.poll), text_setting("reply", timing.reply),
        text_setting("per_device", timing.per_device), text_setting("fresh", timing.fresh),
        text_setting("retry", timing.retry), text_setting("watch", timing.watch),
        text_setting("inspect", timing.inspect == 0s ? "never" : to_text(timing.inspect)));
}

Setting of_monitor(const HostPolicy& policy, const MonitorPolicy& monitor, const Targets& targets)
{
    Settings parts{text_setting("interval", monitor.interval)};
    const auto probe = [&parts](const auto& target) {
        parts.push_back(text_setting("dense", target.dense_interval));
        parts.push_back(text_setting("timeout", target.patience));
    };
    const WatchId id{policy.host, monitor.id};
    if (const auto found = targets.icmp.find(id); found != targets.icmp.end()) {
        probe(*found->second);
    }
    if (const auto found = targets.tcp.find(id); found != targets.tcp.end()) {
        parts.push_back(count("port", found->second->port));
        probe(*found->second);
    }
    parts.push_back(count("fall", monitor.fall));
    parts.push_back(count("rise", monitor.rise));
    return line_setting(monitor.id.get(), std::move(parts));
}

Setting of_rule(const VerdictRule& rule)
{
    switch (rule.kind) {
    case VerdictRule::Kind::all_silent:
        break;
    case VerdictRule::Kind::at_least:
        return line_setting("rule", settings(count("at_least", rule.count)));
    case VerdictRule::Kind::matrix: {
        Setting rows = list_setting("rule", {});
        for (const VerdictRule::Row& row : rule.rows) {
            Settings cells;
            for (const auto& [network, cell] : row.cells) {
                cells.push_back(text_setting(network.get(), word(cell)));
            }
            cells.push_back(text_setting("then", row.dead ? "dead" : "alive"));
            rows.parts.push_back(line_setting({}, std::move(cells)));
        }
        return rows;
    }
    }
    return text_setting("rule", "all_silent");
}

Setting of_recovery(const HostPolicy& policy)
{
    return line_setting(
        "recovery",
        settings(
            flag("automatic", policy.auto_readmit), text_setting("hold_down", policy.hold_down),
            text_setting("goodbye_grace", policy.goodbye_grace), flag("power_on", policy.power_on),
            line_setting("flapping", settings(count("readmissions", policy.flap_limit),
                                              text_setting("within", policy.flap_window)))));
}

Setting of_host(const Host& host, const HostPolicy& policy, const Targets& targets)
{
    Settings addresses;
    for (const auto& [network, address] : host.addresses) {
        addresses.push_back(text_setting(network.get(), address));
    }
    Settings monitors;
    for (const MonitorPolicy& monitor : policy.monitors) {
        monitors.push_back(of_monitor(policy, monitor, targets));
    }
    const auto channel = targets.channels.find(host.id);
    monitors.push_back(
        channel == targets.channels.end()
            ? text_setting("channel", std::string{"none"})
            : line_setting("channel", settings(text_setting("address", channel->second->address),
                                               count("port", channel->second->port))));
    Settings devices;
    for (const fencing::IpmiDevice& device : host.devices) {
        devices.push_back(of_device(device));
    }
    const UserspacePolicy& userspace = policy.userspace;
    const bool fences = userspace.action == UserspacePolicy::Action::fence;
    const bool required = policy.identity_check == IdentityCheck::required;
    return map_setting(
        host.id.get(),
        settings(
            text_or("none", "group", host.group),
            list_setting("failure_domains", texts_of(policy.domains)),
            text_or("none", "never_fence", policy.precious),
            line_setting("addresses", std::move(addresses)),
            map_setting("monitors", std::move(monitors)),
            line_setting(
                "userspace",
                settings(text_setting("warning", userspace.warning),
                         text_setting("dead", fences ? to_text(userspace.patience) : "never"))),
            map_setting("verdict", settings(of_rule(policy.rule),
                                            list_setting("veto", texts_of(policy.rule.vetoes)))),
            secret_setting("heartbeat_key", host.heartbeat_key ? &*host.heartbeat_key : nullptr),
            text_setting("identity", required ? "required" : "unchecked"),
            text_setting("guid",
                         policy.identity ? policy.identity->get() : "(learned from heartbeats)"),
            line_setting("fencing", of_timing(policy.fence)), of_recovery(policy),
            members_setting("fence", std::move(devices))));
}

Setting of_sentinels(const Config& config, const Targets& targets)
{
    Settings list;
    for (const SentinelPolicy& sentinel : config.policy.vantage.sentinels) {
        Settings parts{text_setting("network", sentinel.network.get())};
        if (const auto found = targets.sentinels.find(sentinel.id);
            found != targets.sentinels.end()) {
            parts.push_back(text_setting("address", found->second->address));
            parts.push_back(text_setting("timeout", found->second->patience));
        }
        parts.push_back(text_setting("interval", sentinel.interval));
        list.push_back(line_setting(sentinel.id.get(), std::move(parts)));
    }
    return map_setting("sentinels", settings(members_setting("targets", std::move(list)),
                                             count("need", config.policy.vantage.need)));
}

Setting of_domains(const GatePolicy& gate)
{
    Settings domains;
    for (const DomainPolicy& domain : gate.domains) {
        const bool hold = domain.action == DomainPolicy::Action::hold;
        domains.push_back(
            line_setting(domain.id.get(), settings(count("together", domain.together),
                                                   text_setting("then", hold ? "hold" : "fence"),
                                                   count("budget", domain.budget))));
    }
    return map_setting("failure_domains", std::move(domains));
}

Setting of_fencing(const Config& config)
{
    const GatePolicy& gate = config.policy.gate;
    const std::string share =
        gate.storm_share == 0 ? "none" : std::to_string(gate.storm_share) + "%";
    return map_setting(
        "fencing",
        settings(text_setting("helper", config.fence_helper),
                 line_setting("budget", settings(count("fences", gate.budget),
                                                 text_setting("per", gate.budget_window),
                                                 count_or("none", "down", gate.down_most))),
                 line_setting("storm", settings(count_or("none", "hosts", gate.storm_hosts),
                                                text_setting("share", share),
                                                text_setting("within", gate.storm_within)))));
}

Setting of_nova(const Config& config)
{
    const NovaAccess& access = config.nova;
    const NovaTiming& timing = config.policy.nova;
    const char* const elsewhere = "(from clouds.yaml)";
    return map_setting(
        "nova", settings(text_or(elsewhere, "cloud", access.cloud),
                         text_or("(default)", "clouds_file", access.clouds_file),
                         text_or(elsewhere, "region", access.region),
                         text_or(elsewhere, "interface", access.interface),
                         text_or(elsewhere, "endpoint_override", access.endpoint_override),
                         text_setting("reply", timing.reply), text_setting("retry", timing.retry),
                         text_setting("retry_most", timing.retry_most),
                         text_setting("request_lifetime", timing.request_lifetime),
                         text_setting("watch", timing.watch),
                         text_setting("unreachable",
                                      config.policy.gate.nova_lost == GatePolicy::NovaLost::hold
                                          ? "hold"
                                          : "fence")));
}

} // namespace

Setting settings_of(const Config& config)
{
    const Targets targets = targets_of(config);
    const Policy& policy = config.policy;
    std::vector<std::string> listen;
    for (const ListenAddress& address : config.heartbeat_listen) {
        listen.push_back(address.text());
    }
    Settings hosts;
    for (std::size_t i = 0; i < config.hosts.size(); ++i) {
        hosts.push_back(of_host(config.hosts[i], policy.hosts[i], targets));
    }
    const std::string metrics = config.metrics ? config.metrics->text() : "none";
    return map_setting(
        {},
        settings(
            text_setting("mode", policy.gate.mode == Mode::armed ? "armed" : "observe"),
            text_setting("state", config.state),
            map_setting("control", settings(text_setting("socket", config.control.socket),
                                            list_setting("readers", config.control.readers),
                                            list_setting("operators", config.control.operators))),
            line_setting("metrics", settings(text_setting("listen", metrics))),
            of_sentinels(config, targets), text_setting("stall", policy.vantage.stall),
            text_setting("unseen_alarm", policy.unseen_alarm),
            line_setting("heartbeat", settings(list_setting("listen", listen))),
            of_domains(policy.gate), of_fencing(config),
            line_setting("planned", settings(text_setting(
                                        "nova_disabled",
                                        policy.gate.respect_disabled ? "respect" : "ignore"))),
            of_nova(config), members_setting("hosts", std::move(hosts))));
}

} // namespace knell::config
