// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/config.hpp"
#include "daemon/control/operations.hpp"
#include "daemon/engine.hpp"
#include "daemon/fence_devices.hpp"
#include "daemon/log.hpp"
#include "daemon/notify.hpp"
#include "daemon/outside.hpp"
#include "daemon/ticker.hpp"
#include "nova/cloud_settings.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <memory>
#include <optional>
#include <string>

namespace knell {

namespace control {
class ControlServer;
}
namespace http {
class Transport;
}
namespace journal {
class Journal;
}
namespace monitor {
class HeartbeatMonitor;
class IcmpMonitor;
} // namespace monitor
namespace nova {
class NovaClient;
}

/// The daemon, put together: introduces the rooms to one another and decides nothing.
class Knelld final : public control::Operations {
public:
    Knelld(boost::asio::io_context& loop, config::Config config, nova::CloudSettings cloud);
    ~Knelld() override;

    /// Opens the journal and every socket, takes up what was left open, begins to watch.
    /// Returns what stands in the way and how to mend it, or nothing.
    [[nodiscard]] std::optional<std::string> start();
    /// What the process should exit with, once the loop has stopped.
    [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

private:
    [[nodiscard]] FleetView fleet() override;
    [[nodiscard]] std::optional<HostView> host(const HostId& host) override;
    [[nodiscard]] control::Explanation explain(const HostId& host) override;
    [[nodiscard]] control::DaemonStatus status() override;
    void order(OperatorOrder order, OnAnswer on_answer) override;

    [[nodiscard]] std::optional<std::string> recollect();
    [[nodiscard]] std::optional<std::string> open_control();
    [[nodiscard]] std::optional<std::string> start_watching();
    void deliver(const Event& event);
    void on_wake(Instant at);
    void await_signals();
    void end(int code);

    boost::asio::io_context& loop_;
    config::Config config_;
    Log log_;
    Notify notify_;
    Instant started_;
    int exit_code_ = 0;
    bool nova_well_ =
        true; ///< as last told; the first failure is worth a word, the first success is not

    std::unique_ptr<journal::Journal> journal_;
    FenceDevices devices_;
    std::unique_ptr<http::Transport> transport_;
    std::unique_ptr<nova::NovaClient> nova_;
    std::optional<Outside> outside_;
    std::optional<Fleet> fleet_;
    std::optional<Engine> engine_;
    std::optional<Ticker> ticker_;
    std::unique_ptr<monitor::IcmpMonitor> icmp_;
    std::unique_ptr<monitor::HeartbeatMonitor> heartbeats_;
    std::unique_ptr<control::ControlServer> control_;
    boost::asio::signal_set signals_;
};

} // namespace knell
