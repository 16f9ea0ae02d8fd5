// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/secret.hpp"
#include "core/strong.hpp"
#include "core/time.hpp"
#include "monitor/address.hpp"
#include "monitor/heartbeat_packet.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace knell::agent {

/// How to tell whether something on this host lives. Nothing given: it is reported as not living.
struct UnitCheck {
    std::string unit; ///< the control group of this unit of systemd has processes
};
struct PidfileCheck {
    std::string path; ///< the process it names exists
};
struct ProcessCheck {
    std::string name; ///< some process has this name (/proc/PID/comm)
};
struct SocketCheck {
    std::string path; ///< this Unix socket takes connections
};
using Check = std::variant<std::monostate, UnitCheck, PidfileCheck, ProcessCheck, SocketCheck>;

/// When SIGTERM means that the host goes down, rather than that the agent is restarted.
enum class GoodbyeRule {
    on_shutdown, ///< systemd says it is stopping the system, or /run/nologin exists
    always,
    never
};

struct Controller {
    monitor::Endpoint to;
    std::optional<monitor::Address> from; ///< our source address; else the route chooses
};

struct AgentConfig {
    HostId host{""};
    std::vector<Controller> controllers;
    Duration interval = 200ms;
    Secret key;
    monitor::Bytes16 boot{};
    std::optional<monitor::Bytes16> system_uuid;
    Check nova_compute = UnitCheck{"nova-compute.service"};
    Check libvirt = SocketCheck{"/run/libvirt/libvirt-sock-ro"};
    GoodbyeRule goodbye = GoodbyeRule::on_shutdown;
    std::vector<monitor::Endpoint> channel; ///< where controllers may connect; empty: nowhere
};

/// Everything that is wrong, one sentence each: "file:line:column: what. How to mend it."
using ConfigFaults = std::vector<std::string>;

/// Reads the file and everything it names: key, boot id, system UUID. Never shows a secret.
/// `credentials` is systemd's $CREDENTIALS_DIRECTORY. Empty: this was started by hand, and `store`
/// is where knell-agent.service takes its credentials from.
[[nodiscard]] std::variant<AgentConfig, ConfigFaults>
load_config(const std::string& path, const std::string& credentials,
            const std::string& store = "/etc/knell/secrets");

} // namespace knell::agent
