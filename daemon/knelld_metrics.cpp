// SPDX-License-Identifier: GPL-3.0-or-later
// What knelld shows of itself to those who watch it.
#include "daemon/clock.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/knelld.hpp"
#include "daemon/metrics/metrics_server.hpp"
#include "monitor/heartbeat_monitor.hpp"
#include "monitor/icmp_monitor.hpp"
#include "monitor/tcp_monitor.hpp"
#include "nova/nova_client.hpp"

namespace knell {

void Knelld::start_measuring()
{
    collector_ = std::make_unique<metrics::Collector>(
        metrics::Collector::Sources{[this](Instant at) { return facts(at); },
                                    [this](const HostId& host) { return fleet_->view(host); }});
    metered_ = std::make_unique<metrics::MeteredWorld>(*outside_, *collector_, now);
}

/// Hosts are watched whether or not somebody can watch knelld.
void Knelld::open_metrics()
{
    if (!config_.metrics) {
        return;
    }
    metrics::ServerOptions options;
    options.address = config_.metrics->address;
    options.port = config_.metrics->port;
    auto opened = metrics::MetricsServer::open(loop_, *collector_, std::move(options));
    if (auto* why = std::get_if<std::string>(&opened)) {
        no_metrics_ = "no metrics are served: " + *why;
        outside_->notify(
            {Notice::Weight::warning, "METRICS_CLOSED", std::nullopt, EpisodeId{0}, no_metrics_});
        return;
    }
    metrics_ = std::get<std::unique_ptr<metrics::MetricsServer>>(std::move(opened));
}

metrics::Facts Knelld::facts(Instant at) const
{
    const auto health = nova_->health();
    metrics::Facts facts;
    facts.now = at;
    facts.version = KNELL_VERSION;
    facts.revision = KNELL_REVISION;
    facts.fleet = fleet_->view();
    facts.watching = watchers_.has_value();
    if (watchers_) {
        facts.icmp = watchers_->icmp().counters();
        facts.tcp = watchers_->tcp().counters();
        facts.heartbeats = watchers_->heartbeats().counters();
        facts.paths = watchers_->icmp().paths();
        const auto tcp = watchers_->tcp().paths();
        facts.paths.insert(facts.paths.end(), tcp.begin(), tcp.end());
    }
    facts.nova_answers = health.warm;
    facts.nova_answered = health.last_ok;
    facts.journal_trouble = scribe_->trouble();
    facts.journal_transactions = journal_->transactions();
    facts.watchdog_fed = notify_.fed();
    return facts;
}

} // namespace knell
