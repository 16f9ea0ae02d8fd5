// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/config/effective.hpp"

#include "daemon/config/config.hpp"
#include "daemon/config/duration_text.hpp"

#include <yaml-cpp/emitter.h>
#include <yaml-cpp/emittermanip.h>

namespace knell::config {
namespace {

using Emitter = YAML::Emitter;

template <class Value>
void put(Emitter& out, const char* key, const Value& value)
{
    out << YAML::Key << key << YAML::Value << value;
}

void put(Emitter& out, const char* key, Duration value)
{
    put(out, key, to_text(value));
}

template <class Values>
void put_list(Emitter& out, const char* key, const Values& values)
{
    out << YAML::Key << key << YAML::Value << YAML::Flow << YAML::BeginSeq;
    for (const auto& value : values) {
        out << value;
    }
    out << YAML::EndSeq;
}

const char* word(fencing::Privilege privilege)
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

void put_device(Emitter& out, const fencing::IpmiDevice& device)
{
    out << YAML::BeginMap;
    put(out, "name", device.id.get());
    put(out, "type", "ipmi");
    put(out, "address", device.address);
    put(out, "port", static_cast<unsigned>(device.port));
    put(out, "username", device.username);
    put(out, "password", "(set)");
    if (device.k_g) {
        put(out, "k_g", "(set)");
    }
    put_list(out, "cipher_suites", device.cipher_suites);
    put(out, "privilege", word(device.privilege));
    put_list(out, "workarounds", device.workarounds);
    put(out, "session_timeout", device.session_timeout);
    put(out, "retransmission_timeout", device.retransmission_timeout);
    out << YAML::EndMap;
}

void put_timing(Emitter& out, const FenceTiming& timing)
{
    out << YAML::Key << "fencing" << YAML::Value << YAML::Flow << YAML::BeginMap;
    put(out, "settle", timing.settle);
    put(out, "readings", timing.readings);
    put(out, "poll", timing.poll);
    put(out, "reply", timing.reply);
    put(out, "per_device", timing.per_device);
    put(out, "fresh", timing.fresh);
    put(out, "retry", timing.retry);
    put(out, "watch", timing.watch);
    out << YAML::EndMap;
}

void put_monitors(Emitter& out, const HostPolicy& policy)
{
    out << YAML::Key << "monitors" << YAML::Value << YAML::BeginMap;
    for (const MonitorPolicy& monitor : policy.monitors) {
        out << YAML::Key << monitor.id.get() << YAML::Value << YAML::Flow << YAML::BeginMap;
        put(out, "interval", monitor.interval);
        put(out, "fall", monitor.fall);
        put(out, "rise", monitor.rise);
        out << YAML::EndMap;
    }
    out << YAML::EndMap;
}

void put_host(Emitter& out, const Host& host, const HostPolicy& policy)
{
    out << YAML::BeginMap;
    put(out, "name", host.id.get());
    if (!host.group.empty()) {
        put(out, "group", host.group);
    }
    if (!host.failure_domain.empty()) {
        put(out, "failure_domain", host.failure_domain);
    }
    out << YAML::Key << "addresses" << YAML::Value << YAML::Flow << YAML::BeginMap;
    for (const auto& [network, address] : host.addresses) {
        put(out, network.get().c_str(), address);
    }
    out << YAML::EndMap;
    put_monitors(out, policy);
    put(out, "heartbeat_key", host.heartbeat_key ? "(set)" : "none");
    put(out, "identity",
        policy.identity_check == IdentityCheck::required ? "required" : "unchecked");
    put(out, "guid", policy.identity ? policy.identity->get() : "(learned from heartbeats)");
    put_timing(out, policy.fence);
    out << YAML::Key << "recovery" << YAML::Value << YAML::Flow << YAML::BeginMap;
    put(out, "automatic", policy.auto_readmit);
    put(out, "hold_down", policy.hold_down);
    put(out, "goodbye_grace", policy.goodbye_grace);
    out << YAML::EndMap;
    out << YAML::Key << "fence" << YAML::Value << YAML::BeginSeq;
    for (const fencing::IpmiDevice& device : host.devices) {
        put_device(out, device);
    }
    out << YAML::EndSeq << YAML::EndMap;
}

void put_sentinels(Emitter& out, const Config& config)
{
    out << YAML::Key << "sentinels" << YAML::Value << YAML::BeginMap;
    out << YAML::Key << "targets" << YAML::Value << YAML::BeginSeq;
    for (const SentinelPolicy& sentinel : config.policy.vantage.sentinels) {
        out << YAML::Flow << YAML::BeginMap;
        put(out, "name", sentinel.id.get());
        put(out, "network", sentinel.network.get());
        for (const monitor::IcmpTarget& target : config.icmp_targets) {
            if (std::holds_alternative<SentinelId>(target.subject) &&
                std::get<SentinelId>(target.subject) == sentinel.id) {
                put(out, "address", target.address);
            }
        }
        out << YAML::EndMap;
    }
    out << YAML::EndSeq;
    put(out, "need", config.policy.vantage.need);
    out << YAML::EndMap;
}

void put_nova(Emitter& out, const Config& config)
{
    out << YAML::Key << "nova" << YAML::Value << YAML::BeginMap;
    const std::vector<std::pair<const char*, const std::string*>> texts{
        {"cloud", &config.nova.cloud},
        {"clouds_file", &config.nova.clouds_file},
        {"region", &config.nova.region},
        {"interface", &config.nova.interface},
        {"endpoint_override", &config.nova.endpoint_override}};
    for (const auto& [key, text] : texts) {
        if (!text->empty()) {
            put(out, key, *text);
        }
    }
    put(out, "reply", config.policy.nova.reply);
    put(out, "retry", config.policy.nova.retry);
    put(out, "retry_most", config.policy.nova.retry_most);
    put(out, "request_lifetime", config.policy.nova.request_lifetime);
    out << YAML::EndMap;
}

void put_site(Emitter& out, const Config& config)
{
    put_list(out, "files", config.files);
    put(out, "mode", config.policy.gate.mode == Mode::armed ? "armed" : "observe");
    put(out, "state", config.state);
    out << YAML::Key << "control" << YAML::Value << YAML::BeginMap;
    put(out, "socket", config.control.socket);
    put_list(out, "readers", config.control.readers);
    put_list(out, "operators", config.control.operators);
    out << YAML::EndMap;
    put_sentinels(out, config);
    put(out, "stall", config.policy.vantage.stall);
    std::vector<std::string> listen;
    for (const ListenAddress& address : config.heartbeat_listen) {
        listen.push_back((address.v6() ? "[" + address.address + "]" : address.address) + ":" +
                         std::to_string(address.port));
    }
    put_list(out, "listen", listen);
    put(out, "helper", config.fence_helper);
    out << YAML::Key << "budget" << YAML::Value << YAML::Flow << YAML::BeginMap;
    put(out, "fences", config.policy.gate.budget);
    put(out, "per", config.policy.gate.budget_window);
    out << YAML::EndMap;
    put_nova(out, config);
}

} // namespace

std::string to_text(const Config& config)
{
    Emitter out;
    out << YAML::BeginMap;
    put_site(out, config);
    out << YAML::Key << "hosts" << YAML::Value << YAML::BeginSeq;
    for (std::size_t i = 0; i < config.hosts.size(); ++i) {
        put_host(out, config.hosts[i], config.policy.hosts[i]);
    }
    out << YAML::EndSeq << YAML::EndMap;
    return std::string{out.c_str()} + "\n";
}

} // namespace knell::config
