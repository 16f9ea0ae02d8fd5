// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/knelld.hpp"

#include "daemon/clock.hpp"
#include "daemon/control/control_server.hpp"
#include "daemon/control/listener.hpp"
#include "daemon/journal/journal.hpp"
#include "fencing/ipmi_agent.hpp"
#include "http/transport.hpp"
#include "monitor/heartbeat_monitor.hpp"
#include "monitor/icmp_monitor.hpp"
#include "nova/nova_client.hpp"

#include <csignal>

namespace knell {

namespace {

constexpr unsigned explained_rows = 100;

nova::NovaOptions options_of(const config::Config& config)
{
    nova::NovaOptions options;
    options.endpoint_override = config.nova.endpoint_override;
    options.region = config.nova.region;
    options.interface = config.nova.interface;
    options.reply = config.policy.nova.reply;
    options.retry = config.policy.nova.retry;
    options.retry_most = config.policy.nova.retry_most;
    return options;
}

std::vector<std::string> listen_texts(const std::vector<config::ListenAddress>& addresses)
{
    std::vector<std::string> texts;
    for (const auto& listen : addresses) {
        const auto port = ":" + std::to_string(listen.port);
        texts.push_back((listen.v6() ? "[" + listen.address + "]" : listen.address) + port);
    }
    return texts;
}

} // namespace

Knelld::Knelld(boost::asio::io_context& loop, config::Config config, nova::CloudSettings cloud)
    : loop_{loop}, config_{std::move(config)}, notify_{loop}, started_{now()},
      transport_{std::make_unique<http::Transport>(loop)}, nova_{std::make_unique<nova::NovaClient>(
                                                               loop, *transport_, std::move(cloud),
                                                               options_of(config_))},
      signals_{loop, SIGTERM, SIGINT, SIGUSR1}
{
    for (auto& host : config_.hosts) {
        for (auto& device : host.devices) {
            devices_.add(device.id, host.id,
                         std::make_unique<fencing::IpmiAgent>(loop, device, config_.fence_helper));
        }
    }
}

Knelld::~Knelld() = default;

std::optional<std::string> Knelld::start()
{
    if (auto why = recollect()) {
        return why;
    }
    signals_.add(SIGHUP);
    await_signals();
    nova_->start();
    if (auto why = open_control()) {
        return why;
    }
    if (auto why = start_watching()) {
        return why;
    }
    log_.info("KNELL_STARTED",
              "watching " + std::to_string(config_.hosts.size()) + " hosts, " +
                  (fleet_->view().mode == Mode::armed ? "armed" : "observing only"));
    engine_->begin(now());
    ticker_->look();
    notify_.ready("watching " + std::to_string(config_.hosts.size()) + " hosts");
    return std::nullopt;
}

/// The journal, and the decisions that start from what it remembers.
std::optional<std::string> Knelld::recollect()
{
    auto opened = journal::Journal::open(loop_, config_.state);
    if (auto* why = std::get_if<std::string>(&opened)) {
        return *why;
    }
    journal_ = std::get<std::unique_ptr<journal::Journal>>(std::move(opened));
    auto past = journal_->read_all();
    if (auto* why = std::get_if<std::string>(&past)) {
        return *why;
    }
    fleet_.emplace(config_.policy, fold(std::get<std::vector<JournalEntry>>(past)));
    outside_.emplace(Outside::Rooms{*journal_, devices_, *nova_, log_});
    engine_.emplace(*fleet_, *outside_);
    ticker_.emplace(
        loop_, [this] { return engine_->deadline(); }, [this](Instant at) { on_wake(at); });
    outside_->connect([this](const Event& event) { deliver(event); });
    outside_->on_failure([this](const std::string& why) {
        log_.alarm("JOURNAL_FAILED", why + "; knelld ends, nothing is done without its journal");
        end(1);
    });
    return std::nullopt;
}

std::optional<std::string> Knelld::start_watching()
{
    const auto sink = [this](const Event& event) { deliver(event); };
    icmp_ = std::make_unique<monitor::IcmpMonitor>(loop_, config_.icmp_targets, sink);
    if (auto why = icmp_->start()) {
        return why;
    }
    heartbeats_ = std::make_unique<monitor::HeartbeatMonitor>(
        loop_, listen_texts(config_.heartbeat_listen), config_.heartbeat_peers, sink);
    return heartbeats_->start();
}

std::optional<std::string> Knelld::open_control()
{
    control::ControlOptions options;
    options.socket = config_.control.socket;
    options.readers = config_.control.readers;
    options.operators = config_.control.operators;
    options.version = KNELL_VERSION;
    options.inherited = control::socket_from_systemd();
    auto opened = control::ControlServer::open(loop_, *this, std::move(options));
    if (auto* why = std::get_if<std::string>(&opened)) {
        return *why;
    }
    control_ = std::get<std::unique_ptr<control::ControlServer>>(std::move(opened));
    outside_->on_notice([this](auto at, const Notice& notice) { control_->publish(notice, at); });
    return std::nullopt;
}

void Knelld::deliver(const Event& event)
{
    engine_->deliver(now(), event);
    ticker_->look();
}

void Knelld::on_wake(Instant at)
{
    engine_->wake(at);
    const auto health = nova_->health();
    const bool asked = health.last_ok || !health.last_error.empty();
    if (asked && health.warm != nova_well_) {
        nova_well_ = health.warm;
        outside_->notify({health.warm ? Notice::Weight::info : Notice::Weight::warning,
                          health.warm ? "NOVA_ANSWERS" : "NOVA_LOST", std::nullopt, EpisodeId{0},
                          health.warm ? "at " + health.endpoint + " again" : health.last_error});
    }
}

void Knelld::await_signals()
{
    signals_.async_wait([this](boost::system::error_code error, int signal) {
        if (error) {
            return;
        }
        if (signal == SIGTERM || signal == SIGINT) {
            return end(0);
        }
        if (signal == SIGHUP) {
            log_.info("KNELL_NOT_RELOADED", "the configuration is read at the start only; restart "
                                            "knelld, which loses nothing");
            return await_signals();
        }
        OperatorOrder readmit{OrderId{0}, OperatorOrder::What::readmit, std::nullopt, "SIGUSR1", {},
                              false};
        order(std::move(readmit), [](bool, const std::string&) {});
        await_signals();
    });
}

void Knelld::end(int code)
{
    exit_code_ = code;
    notify_.stopping();
    log_.info("KNELL_STOPPING", "open episodes are in the journal; the next knelld takes them up");
    loop_.stop();
}

FleetView Knelld::fleet()
{
    return fleet_->view();
}

std::optional<HostView> Knelld::host(const HostId& host)
{
    return fleet_->view(host);
}

control::Explanation Knelld::explain(const HostId& host)
{
    auto history = journal_->history(host, explained_rows);
    if (auto* trouble = std::get_if<std::string>(&history)) {
        return {{}, *trouble};
    }
    return {std::get<std::vector<journal::Row>>(std::move(history)), {}};
}

control::DaemonStatus Knelld::status()
{
    const auto health = nova_->health();
    control::DaemonStatus status;
    status.nova_well = health.warm;
    status.nova = health.warm ? "answers at " + health.endpoint + ", microversion up to " +
                                    health.microversion
                  : health.last_error.empty() ? "not asked yet"
                                              : health.last_error;
    status.started = started_;
    status.warnings = icmp_->warnings();
    const auto& access = control_->warnings();
    status.warnings.insert(status.warnings.end(), access.begin(), access.end());
    return status;
}

void Knelld::order(OperatorOrder order, OnAnswer on_answer)
{
    order.id = outside_->expect_answer(std::move(on_answer));
    deliver(order);
}

} // namespace knell
