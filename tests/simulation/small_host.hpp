// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/policy.hpp"
#include "core/power.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace knell::test {

/// How a fence device behaves.
enum class Bmc {
    honest,
    mute,        ///< never answers, does nothing
    dumb,        ///< its helper gives up at reply_by: `silent`
    refuses_off, ///< as an already-off chassis may; does nothing
    deaf,        ///< says that it did, and did not
    says_off,    ///< whatever is true
    strangers,   ///< its identity is another machine's
    locked,      ///< it does not know our password
    full         ///< no session slot is free
};

/// How Nova behaves towards one host's requests.
enum class Nova {
    honest,
    dead,      ///< nothing is done, nothing is read
    mute,      ///< nothing is done, no answer at all
    lossy,     ///< done, but the answer is lost
    read_back, ///< done, the answer is lost, and reading back tells
    late,      ///< read back as not done; done a while later
    forbids,
    forgot ///< has no such service any more
};

enum class Owner { nobody, knell, somebody };

/// One host as it truly is.
struct SmallHost {
    HostPolicy policy;

    bool power = true;
    bool booted = true;            ///< power and enough time
    bool wired = true;             ///< we can reach it
    std::set<NetworkId> cut_off{}; ///< networks over which we cannot reach it
    bool ghost = false;            ///< another machine answers pings for its addresses
    bool agent = true;
    bool other_key = false; ///< its agent's, than knelld has: what it says is nothing to knelld
    bool nova_compute = true;
    unsigned boot = 1;
    Instant booted_at{};
    std::optional<Instant> mute_since{}; ///< its agent, as far as the truth goes
    Instant alive_since{};               ///< on every monitor, as far as the truth goes

    Bmc bmc = Bmc::honest;           ///< each of its devices, but for
    std::map<DeviceId, Bmc> other{}; ///< these
    Nova nova = Nova::honest;
    bool flag = false; ///< Nova's forced_down
    Owner owner = Owner::nobody;
    Instant flagged_at{};
    bool evacuations = false; ///< unfinished: Nova refuses to clear
    bool disabled = false;    ///< its nova-compute, by hand
    std::string disabled_reason{};
    bool listed = true;                       ///< Nova knows its nova-compute
    std::optional<unsigned> servers_down = 1; ///< of its one server; nothing: Nova shows no server
    DeviceFacts facts{};
    bool watched_closely = false;
    unsigned helper = 0; ///< a new number for each process that talks to its devices

    [[nodiscard]] bool kernel_answers() const { return ghost || (power && booted && wired); }
    [[nodiscard]] bool agent_beats() const { return power && booted && wired && agent; }
    /// By the monitors that it has.
    [[nodiscard]] bool heard() const
    {
        return std::any_of(
            policy.monitors.begin(), policy.monitors.end(), [&](const auto& monitor) {
                return cut_off.count(monitor.network) == 0 &&
                       (monitor.kind == MonitorKind::icmp ? kernel_answers() : agent_beats());
            });
    }
    [[nodiscard]] Bmc manner(const DeviceId& device) const
    {
        const auto found = other.find(device);
        return found == other.end() ? bmc : found->second;
    }
    [[nodiscard]] std::string boot_id() const
    {
        return policy.host.get() + "-boot-" + std::to_string(boot);
    }
};

} // namespace knell::test
