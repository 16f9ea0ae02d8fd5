// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/policy.hpp"
#include "core/secret.hpp"
#include "daemon/config/address.hpp"
#include "fencing/ipmi_device.hpp"
#include "monitor/agent_channel.hpp"
#include "monitor/targets.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace knell::config {

/// What the inventory says of one host besides its HostPolicy.
struct Host {
    HostId id;
    std::string group;                          ///< empty: none
    std::map<NetworkId, std::string> addresses; ///< numeric, canonical
    std::vector<fencing::IpmiDevice> devices;   ///< in the order of HostPolicy::devices
    std::optional<Secret> heartbeat_key;        ///< 32 bytes: listed, or derived from the site key
};

struct ControlAccess {
    std::string socket = "/run/knell/control";
    std::vector<std::string> readers;   ///< groups that may look
    std::vector<std::string> operators; ///< groups that may give orders

    friend bool operator==(const ControlAccess&, const ControlAccess&) = default;
};

/// How to find Nova; empty means that clouds.yaml or the environment decides.
struct NovaAccess {
    std::string cloud;
    std::string clouds_file;
    std::string region;
    std::string interface; ///< public, internal or admin
    std::string endpoint_override;

    friend bool operator==(const NovaAccess&, const NovaAccess&) = default;
};

/// knell.yaml and its drop-ins, checked as a whole and ready to be handed to the rooms. Secrets
/// have been read.
struct Config {
    Policy policy; ///< its hosts in the order of `hosts`
    std::vector<Host> hosts;
    std::vector<monitor::IcmpTarget> icmp_targets; ///< hosts and sentinels
    std::vector<monitor::TcpTarget> tcp_targets;
    std::vector<monitor::ChannelTarget> channel_targets; ///< one at most for each host
    std::vector<monitor::HeartbeatPeer> heartbeat_peers;
    std::vector<ListenAddress> heartbeat_listen; ///< empty where nobody beats
    ControlAccess control;
    /// Where Prometheus may ask; empty: nowhere.
    std::optional<ListenAddress> metrics = ListenAddress{"127.0.0.1", 9712};
    NovaAccess nova;
    std::string state = "/var/lib/knell";
    std::string fence_helper = "/usr/libexec/knell/knell-fence-ipmi";
    std::vector<std::string> files; ///< in the order in which they were read
};

} // namespace knell::config
