// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "daemon/config/config.hpp"
#include "daemon/control/operations.hpp"
#include "daemon/engine.hpp"
#include "daemon/fence_devices.hpp"
#include "daemon/log.hpp"
#include "daemon/metrics/metered_world.hpp"
#include "daemon/notify.hpp"
#include "daemon/outside.hpp"
#include "daemon/scribe.hpp"
#include "daemon/ticker.hpp"
#include "daemon/watchers.hpp"
#include "monitor/inbox.hpp"
#include "nova/cloud_settings.hpp"
#include "nova/nova_client.hpp"

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
namespace metrics {
class MetricsServer;
}
namespace journal {
class Journal;
}
namespace nova {
class NovaClient;
}

/// The daemon, put together: introduces the rooms to one another and decides nothing.
class Knelld final : public control::Operations {
public:
    /// `file` is what `config` was read from, and is read again by reload().
    Knelld(boost::asio::io_context& loop, std::string file, config::Config config,
           nova::CloudSettings cloud);
    ~Knelld() override;

    /// Opens the journal and every socket, takes up what was left open, begins to watch.
    /// Returns what stands in the way and how to mend it, or nothing.
    [[nodiscard]] std::optional<std::string> start();
    /// What the process should exit with, once the loop has stopped.
    [[nodiscard]] int exit_code() const noexcept { return exit_code_; }

private:
    [[nodiscard]] FleetView fleet() override;
    [[nodiscard]] std::optional<HostView> host(const HostId& host) override;
    [[nodiscard]] control::Explanation explain(const HostId& host,
                                               std::optional<EpisodeId> episode) override;
    [[nodiscard]] control::DaemonStatus status() override;
    void order(OperatorOrder order, OnAnswer on_answer) override;
    void reload(const std::string& by, OnAnswer on_answer) override;

    [[nodiscard]] std::optional<std::string> recollect();
    [[nodiscard]] std::optional<std::string> open_control();
    [[nodiscard]] std::optional<std::string> start_watching();
    void start_measuring();
    void open_metrics();
    [[nodiscard]] metrics::Facts facts(Instant at) const;
    /// What was done, or why nothing was.
    std::pair<bool, std::string> take_up_anew(const std::string& by);
    void change_devices(const config::Config& after);
    void deliver(const Event& event);
    void on_service_list_turn(const std::string& trouble);
    /// As often and as patiently as `config_` says.
    void watch_nova();
    [[nodiscard]] bool has_slept();
    void tell_of_nova();
    void on_stalled_journal(const std::string& why);
    void await_signals();
    /// One line for `systemctl status`.
    [[nodiscard]] std::string summary() const;
    void end(int code);

    boost::asio::io_context& loop_;
    std::string file_;
    config::Config config_;
    Log log_;
    Notify notify_;
    Instant started_;
    int exit_code_ = 0;
    bool ended_ = false;

    std::unique_ptr<journal::Journal> journal_;
    std::optional<Scribe> scribe_;
    FenceDevices devices_;
    std::unique_ptr<http::Transport> transport_;
    std::unique_ptr<nova::NovaClient> nova_;
    std::optional<Outside> outside_;
    std::unique_ptr<metrics::Collector> collector_;
    std::unique_ptr<metrics::MeteredWorld> metered_;
    std::optional<Fleet> fleet_;
    std::optional<Engine> engine_;
    std::optional<Ticker> ticker_;
    monitor::SleepWatch sleep_;
    bool nova_answers_ = true; ///< as the decisions were told last
    std::optional<Watchers> watchers_;
    std::unique_ptr<control::ControlServer> control_;
    std::unique_ptr<metrics::MetricsServer> metrics_;
    std::string no_metrics_; ///< why they are not served; empty: they are, or nobody wants them
    boost::asio::signal_set signals_;
};

} // namespace knell
