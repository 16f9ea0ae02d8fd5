// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/event.hpp"
#include "core/secret.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

namespace knell::monitor {

/// Where monitors report what they saw; called on the loop's thread.
using Sink = std::function<void(const Event&)>;

struct HostProbe {
    HostId host;
    MonitorId monitor;

    friend bool operator==(const HostProbe&, const HostProbe&) = default;
};

/// Something to ping: a host over one network, or a sentinel.
struct IcmpTarget {
    std::variant<HostProbe, SentinelId> subject;
    std::string address; ///< numeric IPv4 or IPv6
    Duration interval = 200ms;
    Duration patience = 200ms;      ///< a reply later than this is a silence
    Duration dense_interval = 50ms; ///< instead of a longer `interval` while watched closely
};

/// A port of a host to which a connection is begun, and ended before anything is said over it.
struct TcpTarget {
    HostProbe subject;
    std::string address; ///< numeric IPv4 or IPv6
    std::uint16_t port = 0;
    Duration interval = 200ms;
    Duration patience = 200ms;      ///< at most `interval`
    Duration dense_interval = 50ms; ///< instead of a longer `interval` while watched closely
};

/// A host whose agent owes us beats.
struct HeartbeatPeer {
    struct Path {
        MonitorId monitor;
        std::string address; ///< beats of this path come from here, and only from here
        Duration interval = 200ms;
    };
    HostId host;
    Secret key; ///< 32 bytes, this host's own
    std::vector<Path> paths;
};

} // namespace knell::monitor
