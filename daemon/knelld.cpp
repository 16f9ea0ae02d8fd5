// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/knelld.hpp"

#include "daemon/clock.hpp"
#include "daemon/control/control_server.hpp"
#include "daemon/control/listener.hpp"
#include "daemon/flood_notice.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/metrics/metrics_server.hpp"
#include "fencing/ipmi_agent.hpp"
#include "http/transport.hpp"
#include "nova/nova_client.hpp"

#include <boost/asio/post.hpp>

#include <csignal>
#include <cstdio>
#include <utility>

namespace knell {

namespace {

constexpr unsigned explained_rows = 500;
/// Of a host, searched for one episode: as far back as the loop can wait for.
constexpr unsigned searched_rows = 5000;
/// Proofs are read again, and answers awaited, with more patience than that.
constexpr Duration worth_a_restart = 1s;

nova::NovaPace pace_of(const config::Config& config)
{
    const NovaTiming& timing = config.policy.nova;
    return {timing.reply, timing.retry, timing.retry_most};
}

nova::NovaOptions options_of(const config::Config& config)
{
    nova::NovaOptions options;
    options.endpoint_override = config.nova.endpoint_override;
    options.region = config.nova.region;
    options.interface = config.nova.interface;
    static_cast<nova::NovaPace&>(options) = pace_of(config);
    return options;
}

} // namespace

Knelld::Knelld(boost::asio::io_context& loop, std::string file, config::Config config,
               nova::CloudSettings cloud)
    : loop_{loop}, file_{std::move(file)}, config_{std::move(config)}, notify_{loop},
      started_{now()}, transport_{std::make_unique<http::Transport>(loop)},
      nova_{std::make_unique<nova::NovaClient>(loop, *transport_, std::move(cloud),
                                               options_of(config_))},
      signals_{loop, SIGTERM, SIGINT, SIGUSR1}
{
    devices_.on_begin([this] { return !has_slept(); });
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
    open_metrics();
    log_.info("KNELL_STARTED",
              "watching " + std::to_string(config_.hosts.size()) + " hosts, " +
                  (fleet_->view().mode == Mode::armed ? "armed" : "observing only"));
    engine_->begin(now());
    ticker_->look();
    notify_.ready(summary());
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
    scribe_.emplace(loop_, *journal_, [this](const Record& record) {
        deliver(Recorded{record.entry.host, record.attempt});
    });
    outside_.emplace(Outside::Rooms{*scribe_, devices_, *nova_, log_});
    start_measuring();
    engine_.emplace(*fleet_, *metered_);
    ticker_.emplace(
        loop_, [this] { return engine_->deadline(); },
        [this](Instant at) {
            if (!has_slept()) {
                engine_->wake(at);
            }
        });
    outside_->connect([this](const Event& event) { deliver(event); });
    scribe_->on_trouble({[this](const std::string& why) {
                             log_.alarm("JOURNAL_FAILED",
                                        why + "; knelld ends, nothing is done without its journal");
                             end(1);
                         },
                         [this](const std::string& why) { on_stalled_journal(why); }});
    return std::nullopt;
}

std::optional<std::string> Knelld::start_watching()
{
    watchers_.emplace(
        loop_, [this](const Event& event) { deliver(event); },
        [this](const monitor::FloodNews& news) { outside_->notify(notice_of(news)); });
    outside_->on_watch([this](const Watch& order) { watchers_->watch(order); });
    // It may turn from within a call of ours, and turn again in the same breath: a 200 whose body
    // cannot be read.
    nova_->on_turn([this](const auto&) { boost::asio::post(loop_, [this] { tell_of_nova(); }); });
    nova_->on_list_turn([this](const std::string& trouble) { on_service_list_turn(trouble); });
    watch_nova();
    return watchers_->start(config_);
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
    outside_->on_notice([this](auto at, const Notice& notice) {
        control_->publish(notice, at);
        collector_->on_notice(now(), notice);
        // What is told of one host does not change it, and hundreds may fail at once.
        if (!notice.host) {
            notify_.status(summary());
        }
    });
    return std::nullopt;
}

void Knelld::on_stalled_journal(const std::string& why)
{
    const bool again = why.empty();
    outside_->notify({again ? Notice::Weight::info : Notice::Weight::alarm,
                      again ? "JOURNAL_WRITES" : "JOURNAL_STALLED", std::nullopt, EpisodeId{0},
                      again ? "the journal can be written again; what waited for it goes on"
                            : why + "; knell watches and decides, and does nothing until its "
                                    "records can be written: make room"});
}

void Knelld::deliver(const Event& event)
{
    if (has_slept()) {
        return;
    }
    collector_->on_event(now(), event);
    engine_->deliver(now(), event);
    ticker_->look();
}

/// Before whatever woke us. While the machine slept the clock by which everything here ages stood
/// still, so nothing of before may count: this knelld ends, and another takes up what is durable.
bool Knelld::has_slept()
{
    const auto lasted = sleep_.slept();
    if (lasted >= worth_a_restart && !ended_) {
        char text[128];
        std::snprintf(text, sizeof text,
                      "this machine was suspended for %.1f s; knelld starts anew, and believes "
                      "nothing that was read before",
                      std::chrono::duration<double>(lasted).count());
        log_.alarm("KNELL_SUSPENDED", text);
        end(1);
    }
    return ended_;
}

void Knelld::tell_of_nova()
{
    const auto health = nova_->health();
    if (std::exchange(nova_answers_, health.warm) != health.warm) {
        deliver(NovaTurned{health.warm,
                           health.warm ? "at " + health.endpoint + " again" : health.last_error});
    }
}

void Knelld::on_service_list_turn(const std::string& trouble)
{
    const bool whole = trouble.empty();
    outside_->notify({whole ? Notice::Weight::info : Notice::Weight::warning,
                      whole ? "NOVA_LIST_BACK" : "NOVA_LIST_LOST", std::nullopt, EpisodeId{0},
                      whole ? "what others do to Nova's record is seen again"
                            : trouble + "; what others do to Nova's record is not seen"});
}

void Knelld::watch_nova()
{
    nova_->set_pace(pace_of(config_));
    nova_->watch_services(config_.policy.nova.watch,
                          [this](const ServicesSeen& seen) { deliver(seen); });
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
            reload("SIGHUP", [](bool, const std::string&) {});
            return await_signals();
        }
        OperatorOrder readmit{OrderId{0}, OperatorOrder::What::readmit, std::nullopt, "SIGUSR1", {},
                              false};
        order(std::move(readmit), [](bool, const std::string&) {});
        await_signals();
    });
}

std::string Knelld::summary() const
{
    const auto view = fleet_->view();
    std::string text = "watching " + std::to_string(view.hosts.size()) + " hosts, " +
                       (view.mode == Mode::armed ? "armed" : "observing only");
    if (!view.hold.empty()) {
        text += "; on hold, " + view.hold;
    }
    if (!view.storm.empty()) {
        text += "; nobody is fenced: " + view.storm;
    }
    if (!view.clear) {
        text += "; our own view is in doubt: " + view.vantage;
    }
    return text;
}

void Knelld::end(int code)
{
    ended_ = true;
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

control::Explanation Knelld::explain(const HostId& host, std::optional<EpisodeId> episode)
{
    auto history = journal_->history(host, episode ? searched_rows : explained_rows);
    if (auto* trouble = std::get_if<std::string>(&history)) {
        return {{}, *trouble};
    }
    auto rows = std::get<std::vector<journal::Row>>(std::move(history));
    if (episode) {
        std::erase_if(rows, [&](const auto& row) { return row.entry.episode != *episode; });
    }
    return {std::move(rows), {}};
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
    status.warnings = watchers_->warnings();
    if (health.warm && !health.services_error.empty()) {
        status.warnings.push_back("what others do to Nova's record is not seen: " +
                                  health.services_error);
    }
    if (!no_metrics_.empty()) {
        status.warnings.push_back(no_metrics_);
    }
    if (!scribe_->trouble().empty()) {
        status.warnings.push_back("the journal cannot be written: " + scribe_->trouble());
    }
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
