// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/watchers.hpp"

#include "daemon/config/config.hpp"
#include "monitor/agent_channel.hpp"
#include "monitor/eyes_watch.hpp"
#include "monitor/heartbeat_monitor.hpp"
#include "monitor/icmp_monitor.hpp"
#include "monitor/tcp_monitor.hpp"

#include <algorithm>
#include <map>

namespace knell {

namespace {

std::vector<std::string> listen_texts(const std::vector<config::ListenAddress>& addresses)
{
    std::vector<std::string> texts;
    for (const auto& listen : addresses) {
        const auto port = ":" + std::to_string(listen.port);
        texts.push_back((listen.v6() ? "[" + listen.address + "]" : listen.address) + port);
    }
    return texts;
}

/// Every address of hosts and sentinels, by the network it is asked over.
std::vector<monitor::EyesTarget> eyes_of(const config::Config& config)
{
    std::map<NetworkId, std::vector<std::string>> networks;
    for (const auto& host : config.hosts) {
        for (const auto& [network, address] : host.addresses) {
            networks[network].push_back(address);
        }
    }
    for (const auto& sentinel : config.policy.vantage.sentinels) {
        const auto target = std::find_if(config.icmp_targets.begin(), config.icmp_targets.end(),
                                         [&](const auto& one) {
                                             const auto* id = std::get_if<SentinelId>(&one.subject);
                                             return id != nullptr && *id == sentinel.id;
                                         });
        if (target != config.icmp_targets.end()) {
            networks[sentinel.network].push_back(target->address);
        }
    }
    std::vector<monitor::EyesTarget> targets;
    targets.reserve(networks.size());
    for (auto& [network, addresses] : networks) {
        targets.push_back({network, std::move(addresses)});
    }
    return targets;
}

} // namespace

Watchers::Watchers(boost::asio::io_context& loop, monitor::Sink sink, monitor::FloodSink floods)
    : loop_{loop}, sink_{std::move(sink)}, floods_{std::move(floods)}
{
}

Watchers::~Watchers() = default;

std::optional<std::string> Watchers::start(const config::Config& config)
{
    // Our own eyes first: what they cannot see must not be taken for silence.
    eyes_ = std::make_unique<monitor::EyesWatch>(loop_, eyes_of(config), sink_);
    icmp_ = std::make_unique<monitor::IcmpMonitor>(loop_, config.icmp_targets, sink_, floods_);
    tcp_ = std::make_unique<monitor::TcpMonitor>(loop_, config.tcp_targets, sink_);
    heartbeats_ = std::make_unique<monitor::HeartbeatMonitor>(
        loop_, listen_texts(config.heartbeat_listen), config.heartbeat_peers, sink_, floods_);
    channel_ = std::make_unique<monitor::AgentChannel>(loop_, config.channel_targets, sink_);
    std::optional<std::string> why;
    (void)((why = eyes_->start()) || (why = icmp_->start()) || (why = tcp_->start()) ||
           (why = heartbeats_->start()) || (why = channel_->start()));
    return why;
}

std::optional<std::string> Watchers::retarget(const config::Config& before,
                                              const config::Config& after)
{
    auto why = aim(after);
    if (why) {
        (void)aim(before);
    }
    return why;
}

std::optional<std::string> Watchers::aim(const config::Config& config)
{
    // Heartbeats last: they forget whom they had heard, also when another is in the way and all of
    // it is taken back.
    std::optional<std::string> why;
    (void)((why = eyes_->retarget(eyes_of(config))) ||
           (why = icmp_->retarget(config.icmp_targets)) ||
           (why = tcp_->retarget(config.tcp_targets)) ||
           (why = channel_->retarget(config.channel_targets)) ||
           (why = heartbeats_->retarget(config.heartbeat_peers)));
    return why;
}

void Watchers::watch(const Watch& order)
{
    icmp_->watch(order.host, order.closely);
    tcp_->watch(order.host, order.closely);
}

std::vector<std::string> Watchers::warnings() const
{
    std::vector<std::string> all;
    for (const auto& some :
         {icmp_->warnings(), tcp_->warnings(), channel_->troubles(), eyes_->doubts()}) {
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

} // namespace knell
