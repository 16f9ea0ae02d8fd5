// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/metrics/snapshot.hpp"

#include "core/host_state.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>

namespace knell::metrics {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

double seconds(Duration duration)
{
    return std::chrono::duration<double>(duration).count();
}

double one_if(bool yes)
{
    return yes ? 1 : 0;
}

void add(MetricFamily& family, Labels labels, double value)
{
    ClientMetric metric;
    metric.label = std::move(labels);
    if (family.type == MetricType::Counter) {
        metric.counter.value = value;
    } else {
        metric.gauge.value = value;
    }
    family.metric.push_back(std::move(metric));
}

MetricFamily gauge(const char* name, const char* help)
{
    return {name, help, MetricType::Gauge, {}};
}

MetricFamily counter(const char* name, const char* help)
{
    return {name, help, MetricType::Counter, {}};
}

MetricFamily single(MetricFamily family, double value)
{
    add(family, {}, value);
    return family;
}

MetricFamily build_info(const Facts& facts)
{
    auto family = gauge("knell_build_info", "Which knelld this is; always 1.");
    add(family, {{"version", facts.version}, {"revision", facts.revision}}, 1);
    return family;
}

std::vector<std::string_view> every_state()
{
    std::vector<std::string_view> names;
    for (int number = 0;; ++number) {
        const auto name = name_of(static_cast<HostState>(number));
        if (name.empty()) { // past the last
            return names;
        }
        names.push_back(name);
    }
}

MetricFamily host_state(const FleetView& fleet)
{
    auto family = gauge("knell_host_state", "1 in the state that the host is in, 0 in the others.");
    for (const auto& host : fleet.hosts) {
        for (const auto state : every_state()) {
            add(family, {{"host", host.host.get()}, {"state", std::string{state}}},
                one_if(host.state == state));
        }
    }
    return family;
}

MetricFamily hosts(const FleetView& fleet)
{
    auto family = gauge("knell_hosts", "Hosts in each state.");
    for (const auto name : every_state()) {
        add(family, {{"state", std::string{name}}},
            double(std::count_if(fleet.hosts.begin(), fleet.hosts.end(),
                                 [&](const auto& host) { return host.state == name; })));
    }
    return family;
}

MetricFamily fence_ready(const FleetView& fleet)
{
    auto family = gauge("knell_fence_ready", "1: the host could be powered off now; 0: it could "
                                             "not; no series: nobody has looked yet.");
    for (const auto& host : fleet.hosts) {
        const bool ready = std::any_of(host.devices.begin(), host.devices.end(),
                                       [](const auto& device) { return device.state == "ready"; });
        if (ready || !host.not_ready.empty()) {
            add(family, {{"host", host.host.get()}}, one_if(host.not_ready.empty()));
        }
    }
    return family;
}

MetricFamily bmc_reachable(const FleetView& fleet)
{
    auto family = gauge("knell_bmc_reachable", "1: this fence device of the host was ready when it "
                                               "was last looked at; 0: it was not; no series: "
                                               "nobody has looked yet.");
    for (const auto& host : fleet.hosts) {
        for (const auto& device : host.devices) {
            if (device.looked_at) {
                add(family, {{"host", host.host.get()}, {"device", device.id.get()}},
                    one_if(device.state == "ready"));
            }
        }
    }
    return family;
}

MetricFamily heartbeat_last_seen(const Facts& facts)
{
    auto family = gauge("knell_heartbeat_last_seen_seconds",
                        "Seconds since the host's agent was last heard, on any network.");
    for (const auto& host : facts.fleet.hosts) {
        std::optional<Instant> last;
        for (const auto& monitor : host.monitors) {
            if (monitor.id.get().starts_with("heartbeat@") && monitor.last_beat) {
                last = std::max(last.value_or(*monitor.last_beat), *monitor.last_beat);
            }
        }
        if (last) {
            add(family, {{"host", host.host.get()}}, seconds(facts.now - *last));
        }
    }
    return family;
}

MetricFamily mode(const FleetView& fleet)
{
    auto family = gauge("knell_mode", "1 for the mode that knelld is in.");
    add(family, {{"mode", "observe"}}, one_if(fleet.mode == Mode::observe));
    add(family, {{"mode", "armed"}}, one_if(fleet.mode == Mode::armed));
    return family;
}

MetricFamily sentinels(const FleetView& fleet)
{
    auto family = gauge("knell_sentinels", "Sentinels that answer, and that do not.");
    const auto beating = std::count_if(fleet.sentinels.begin(), fleet.sentinels.end(),
                                       [](const auto& sentinel) { return sentinel.beating; });
    add(family, {{"state", "beating"}}, double(beating));
    add(family, {{"state", "silent"}}, double(fleet.sentinels.size()) - double(beating));
    return family;
}

MetricFamily probe_rtt(const Facts& facts)
{
    auto family =
        gauge("knell_probe_rtt_seconds", "Round trip of the last answer on each way to a host.");
    for (const auto& path : facts.paths) {
        if (path.round_trip) {
            add(family, {{"host", path.host.get()}, {"probe", path.monitor.get()}},
                seconds(*path.round_trip));
        }
    }
    return family;
}

MetricFamily probe_outcomes(const Facts& facts)
{
    auto family = counter("knell_probe_outcomes_total",
                          "What became of all probes, those of sentinels included.");
    const auto tell = [&](const char* kind, const monitor::ProbeCounters& counters) {
        const std::pair<const char*, std::uint64_t> outcomes[] = {
            {"answered", counters.answered}, {"lost", counters.lost},
            {"late", counters.late},         {"duplicate", counters.duplicate},
            {"foreign", counters.foreign},   {"skipped", counters.skipped}};
        for (const auto& [outcome, number] : outcomes) {
            add(family, {{"kind", kind}, {"outcome", outcome}}, double(number));
        }
    };
    tell("icmp", facts.icmp);
    tell("tcp", facts.tcp);
    return family;
}

MetricFamily heartbeats_rejected(const monitor::HeartbeatCounters& counters)
{
    auto family =
        counter("knell_heartbeat_rejected_total", "Packets that were not taken for a heartbeat.");
    const std::pair<const char*, std::uint64_t> reasons[] = {
        {"format", counters.format},     {"unknown_host", counters.unknown_host},
        {"source", counters.source},     {"hmac", counters.hmac},
        {"unproven", counters.unproven}, {"replay", counters.replay},
        {"filtered", counters.filtered}};
    for (const auto& [reason, number] : reasons) {
        add(family, {{"reason", reason}}, double(number));
    }
    return family;
}

MetricFamily domains_lost(const FleetView& fleet)
{
    return single(gauge("knell_domains_lost", "Failure domains that count as lost as a whole."),
                  double(std::count_if(fleet.domains.begin(), fleet.domains.end(),
                                       [](const auto& one) { return !one.lost.empty(); })));
}

} // namespace

/// A path that was taken up anew counts from zero, and one that is gone leaves its sum.
void Snapshot::add_up(const Facts& facts)
{
    std::map<std::pair<HostId, MonitorId>, Probes> now;
    for (const auto& path : facts.paths) {
        const Probes told{double(path.sent), double(path.lost)};
        const auto before = seen_.find({path.host, path.monitor});
        const bool goes_on = before != seen_.end() && told.sent >= before->second.sent &&
                             told.lost >= before->second.lost;
        auto& sum = sums_[path.monitor];
        sum.sent += told.sent - (goes_on ? before->second.sent : 0);
        sum.lost += told.lost - (goes_on ? before->second.lost : 0);
        now.emplace(std::pair{path.host, path.monitor}, told);
    }
    seen_ = std::move(now);
}

void Snapshot::remember_devices(const Facts& facts)
{
    std::map<HostId, Instant> now;
    for (const auto& host : facts.fleet.hosts) {
        if (const auto before = ready_.find(host.host); before != ready_.end()) {
            now.insert(*before);
        }
        for (const auto& device : host.devices) {
            if (device.state == "ready" && device.looked_at) {
                auto& last = now.try_emplace(host.host, *device.looked_at).first->second;
                last = std::max(last, *device.looked_at);
            }
        }
    }
    ready_ = std::move(now);
}

std::vector<MetricFamily> Snapshot::families(const Facts& facts)
{
    add_up(facts);
    remember_devices(facts);
    const auto& fleet = facts.fleet;
    std::vector<MetricFamily> all;
    all.push_back(build_info(facts));
    all.push_back(host_state(fleet));
    all.push_back(hosts(fleet));
    all.push_back(fence_ready(fleet));
    all.push_back(bmc_reachable(fleet));
    auto last_ok = gauge("knell_bmc_last_ok_seconds",
                         "Seconds since a fence device of the host was last seen to be ready.");
    for (const auto& [host, at] : ready_) {
        add(last_ok, {{"host", host.get()}}, seconds(facts.now - at));
    }
    all.push_back(std::move(last_ok));
    all.push_back(heartbeat_last_seen(facts));
    all.push_back(mode(fleet));
    all.push_back(single(gauge("knell_hold", "1 while an operator holds everything."),
                         one_if(!fleet.hold.empty())));
    all.push_back(single(gauge("knell_storm", "1 while so many hosts fail that none is fenced."),
                         one_if(!fleet.storm.empty())));
    all.push_back(domains_lost(fleet));
    all.push_back(single(gauge("knell_vantage_clear", "0 while knelld's own view is in doubt."),
                         one_if(fleet.clear)));
    all.push_back(sentinels(fleet));
    all.push_back(single(gauge("knell_fence_budget", "Automatic fences in one budget window."),
                         fleet.budget));
    all.push_back(single(gauge("knell_fence_budget_used", "Of those, how many are spent."),
                         fleet.budget_used));
    all.push_back(probe_rtt(facts));
    auto sent = counter("knell_probe_sent_total", "Probes of hosts that were sent.");
    auto lost = counter("knell_probe_lost_total", "Probes of hosts that were judged silent.");
    for (const auto& [monitor, sum] : sums_) {
        add(sent, {{"probe", monitor.get()}}, sum.sent);
        add(lost, {{"probe", monitor.get()}}, sum.lost);
    }
    all.push_back(std::move(sent));
    all.push_back(std::move(lost));
    all.push_back(probe_outcomes(facts));
    all.push_back(
        single(counter("knell_heartbeat_accepted_total", "Heartbeats taken as signs of life."),
               double(facts.heartbeats.accepted)));
    all.push_back(heartbeats_rejected(facts.heartbeats));
    all.push_back(single(gauge("knell_nova_up", "1: Nova last answered as it should."),
                         one_if(facts.nova_answers)));
    auto nova_last = gauge("knell_nova_last_ok_seconds",
                           "Seconds since Nova last answered as it should; no series: never.");
    if (facts.nova_answered) {
        add(nova_last, {}, seconds(facts.now - *facts.nova_answered));
    }
    all.push_back(std::move(nova_last));
    all.push_back(single(gauge("knell_journal_writable", "0 while records wait for the disk."),
                         one_if(facts.journal_trouble.empty())));
    all.push_back(
        single(counter("knell_journal_transactions_total", "Transactions of the journal."),
               double(facts.journal_transactions)));
    auto watchdog =
        gauge("knell_watchdog_age_seconds",
              "Seconds since systemd's watchdog was last fed; no series: there is none.");
    if (facts.watchdog_fed) {
        add(watchdog, {}, seconds(facts.now - *facts.watchdog_fed));
    }
    all.push_back(std::move(watchdog));
    return all;
}

} // namespace knell::metrics
