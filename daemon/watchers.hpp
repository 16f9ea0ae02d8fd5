// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/effect.hpp"
#include "monitor/flood_guard.hpp"
#include "monitor/targets.hpp"

#include <boost/asio/io_context.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace knell {

namespace config {
struct Config;
}
namespace monitor {
class AgentChannel;
class EyesWatch;
class HeartbeatMonitor;
class IcmpMonitor;
class TcpMonitor;
} // namespace monitor

/// Everything that looks at hosts, and at our own eyes, told as one what to look at.
class Watchers {
public:
    Watchers(boost::asio::io_context& loop, monitor::Sink sink, monitor::FloodSink floods);
    ~Watchers();
    Watchers(const Watchers&) = delete;
    Watchers& operator=(const Watchers&) = delete;

    /// Opens every socket and begins to watch. Returns what stands in the way, or nothing.
    [[nodiscard]] std::optional<std::string> start(const config::Config& config);
    /// From now on what `after` says, or, where one of them cannot, what `before` said, and why.
    [[nodiscard]] std::optional<std::string> retarget(const config::Config& before,
                                                      const config::Config& after);

    void watch(const Watch& order);

    /// What an operator should know although they all run.
    [[nodiscard]] std::vector<std::string> warnings() const;

    [[nodiscard]] const monitor::IcmpMonitor& icmp() const noexcept { return *icmp_; }
    [[nodiscard]] const monitor::TcpMonitor& tcp() const noexcept { return *tcp_; }
    [[nodiscard]] const monitor::HeartbeatMonitor& heartbeats() const noexcept
    {
        return *heartbeats_;
    }

private:
    [[nodiscard]] std::optional<std::string> aim(const config::Config& config);

    boost::asio::io_context& loop_;
    monitor::Sink sink_;
    monitor::FloodSink floods_;
    std::unique_ptr<monitor::IcmpMonitor> icmp_;
    std::unique_ptr<monitor::TcpMonitor> tcp_;
    std::unique_ptr<monitor::HeartbeatMonitor> heartbeats_;
    std::unique_ptr<monitor::AgentChannel> channel_;
    std::unique_ptr<monitor::EyesWatch> eyes_;
};

} // namespace knell
