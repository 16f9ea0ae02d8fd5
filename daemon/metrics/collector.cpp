// SPDX-License-Identifier: GPL-3.0-or-later
#include "daemon/metrics/collector.hpp"

#include "core/overloaded.hpp"
#include "daemon/metrics/guard.hpp"

#include <algorithm>
#include <iterator>
#include <prometheus/text_serializer.h>
#include <sstream>
#include <utility>

namespace knell::metrics {

namespace {

using Bounds = prometheus::Histogram::BucketBoundaries;

const Bounds of_detection{0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 120};
const Bounds of_fencing{0.5, 1, 2, 3, 4, 5, 7.5, 10, 15, 20, 30, 60, 120, 300};
const Bounds of_requests{0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};
const Bounds of_writing{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5};
const Bounds of_lag{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1};

/// Requests that are never answered must not pile up.
constexpr std::size_t most_asked = 4096;

double seconds(Duration duration)
{
    return std::chrono::duration<double>(duration).count();
}

prometheus::Family<prometheus::Histogram>& histograms(prometheus::Registry& registry,
                                                      const char* name, const char* help)
{
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
}

prometheus::Histogram& histogram(prometheus::Registry& registry, const char* name, const char* help,
                                 const Bounds& bounds)
{
    return histograms(registry, name, help).Add({}, bounds);
}

prometheus::Family<prometheus::Counter>& counters(prometheus::Registry& registry, const char* name,
                                                  const char* help)
{
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
}

const char* verb_of(Request request)
{
    switch (request) {
    case Request::journal:
        return "journal";
    case Request::force_down:
        return "force_down";
    case Request::clear:
        return "clear";
    case Request::read:
        return "read";
    case Request::servers:
        break;
    }
    return "servers";
}

const char* code_of(const NovaAnswer& answer)
{
    if (answer.outcome != NovaOutcome::refused) {
        return answer.outcome == NovaOutcome::done ? "done" : "unknown";
    }
    switch (answer.refusal) {
    case NovaRefusal::evacuations_unfinished:
        return "evacuations_unfinished";
    case NovaRefusal::not_found:
        return "not_found";
    case NovaRefusal::forbidden:
        return "forbidden";
    case NovaRefusal::bad_request:
        return "bad_request";
    case NovaRefusal::too_many:
        return "too_many";
    case NovaRefusal::none:
        break;
    }
    return "refused";
}

/// The last beat of those monitors that have fallen.
std::optional<Instant> last_beat_of(const HostView& host)
{
    std::optional<Instant> last;
    for (const auto& monitor : host.monitors) {
        if (monitor.state == "down" && monitor.last_beat) {
            last = std::max(last.value_or(*monitor.last_beat), *monitor.last_beat);
        }
    }
    return last;
}

std::vector<std::string> reasons_of(const Facts& facts)
{
    std::vector<std::string> reasons;
    if (!facts.watching) {
        reasons.emplace_back("knelld does not watch yet");
    }
    if (!facts.nova_answers) {
        reasons.emplace_back("Nova does not answer as it should; knellctl status says how");
    }
    if (!facts.journal_trouble.empty()) {
        reasons.emplace_back("the journal cannot be written; knellctl status says why");
    }
    if (!facts.fleet.hold.empty()) {
        reasons.emplace_back("on hold: nothing is fenced, and Nova is told nothing");
    }
    if (!facts.fleet.clear) {
        reasons.emplace_back("knelld's own view is in doubt; knellctl status says why");
    }
    return reasons;
}

} // namespace

Collector::Collector(Sources sources)
    : sources_{std::move(sources)},
      detection_{histogram(registry_, "knell_detection_seconds",
                           "From the last beat of the monitors that fell to HOST_FAILED.",
                           of_detection)},
      suspicion_{histogram(registry_, "knell_suspicion_seconds",
                           "From HOST_SUSPECTED to HOST_FAILED.", of_detection)},
      fence_{histogram(registry_, "knell_fence_duration_seconds",
                       "From HOST_FENCING or FENCE_CONTRADICTED to HOST_FENCED, "
                       "HOST_FENCE_FAILED or FENCE_CANCELLED.",
                       of_fencing)},
      forced_down_{histogram(registry_, "knell_forced_down_seconds",
                             "From HOST_FAILED to HOST_FORCED_DOWN.", of_fencing)},
      servers_down_{histogram(registry_, "knell_servers_down_seconds",
                              "From HOST_FORCED_DOWN to SERVERS_DOWN.", of_requests)},
      journal_write_{histogram(registry_, "knell_journal_write_seconds",
                               "From a decision to its record being on the disk.", of_writing)},
      lag_{histogram(registry_, "knell_eventloop_lag_seconds",
                     "How late the loop wakes a timer, looked at ten times a second.", of_lag)},
      nova_seconds_{histograms(registry_, "knell_nova_request_seconds",
                               "From a request to Nova to its answer, read back where it writes.")},
      nova_requests_{counters(registry_, "knell_nova_requests_total",
                              "Requests to Nova about a host, by what became of them.")},
      nova_drift_{counters(registry_, "knell_nova_drift_total",
                           "Times that others set a flag of Nova's, or cleared ours.")},
      fences_{counters(registry_, "knell_fence_operations_total",
                       "Fence operations, by what became of them.")},
      blocked_{counters(registry_, "knell_guard_blocked_total",
                        "Failed hosts that a guard kept from being fenced.")},
      journal_errors_{counters(registry_, "knell_journal_errors_total",
                               "Times that the journal could not be written.")
                          .Add({})},
      stalls_{counters(registry_, "knell_stalls_total",
                       "Times that knelld itself was stopped or starved.")
                  .Add({})}
{
    for (const auto request :
         {Request::force_down, Request::clear, Request::read, Request::servers}) {
        nova_seconds_.Add({{"verb", verb_of(request)}}, of_requests);
        nova_requests_.Add({{"verb", verb_of(request)}, {"code", "done"}});
        nova_requests_.Add({{"verb", verb_of(request)}, {"code", "unknown"}});
    }
    for (const char* direction : {"set", "cleared"}) {
        nova_drift_.Add({{"direction", direction}});
    }
    for (const char* result : {"fenced", "failed", "cancelled", "contradicted"}) {
        fences_.Add({{"result", result}});
    }
    for (const auto guard : guards()) {
        blocked_.Add({{"guard", std::string{guard}}});
    }
}

void Collector::count(Counters& family, const char* label, std::string_view value)
{
    family.Add({{label, std::string{value}}}).Increment();
}

void Collector::on_notice(Instant now, const Notice& notice)
{
    if (notice.id == "KNELL_STALLED") {
        stalls_.Increment();
    } else if (notice.id == "JOURNAL_STALLED") {
        journal_errors_.Increment();
    } else if (notice.id == "FLAG_SET_BY_OTHERS") {
        count(nova_drift_, "direction", "set");
    } else if (notice.id == "FLAG_CLEARED_BY_OTHERS") {
        count(nova_drift_, "direction", "cleared");
    }
    if (!notice.host || notice.episode == EpisodeId{0}) {
        return;
    }
    auto& incident = incidents_[*notice.host];
    if (incident.episode != notice.episode) {
        incident = Incident{notice.episode, {}, {}, {}, {}, false, {}};
    }
    follow(now, notice, incident);
}

void Collector::follow(Instant now, const Notice& notice, Incident& incident)
{
    const auto id = notice.id;
    if (id == "HOST_SUSPECTED") {
        incident.suspected = now;
    } else if (id == "HOST_FAILED") {
        on_failed(now, *notice.host, incident);
    } else if (id == "HOST_HELD") {
        const std::string guard{guard_of(notice.text)};
        if (std::exchange(incident.guard, guard) != guard) {
            count(blocked_, "guard", guard);
        }
    } else if (id == "HOST_FENCING") {
        incident.fencing = now;
        incident.fenced = false;
    } else if (id == "FENCE_CANCELLED") {
        end_fence(now, incident, "cancelled");
    } else if (id == "HOST_FENCE_FAILED") {
        end_fence(now, incident, "failed");
    } else if (id == "HOST_FENCED" && !std::exchange(incident.fenced, true)) {
        end_fence(now, incident, "fenced");
    } else if (id == "FENCE_CONTRADICTED") {
        end_fence(now, incident, "contradicted");
        incident.fencing = now; // it is proven anew
        incident.fenced = false;
    } else if (id == "HOST_FORCED_DOWN") {
        incident.forced_down = now;
        if (incident.failed) {
            forced_down_.Observe(seconds(now - *incident.failed));
        }
    } else if (id == "SERVERS_DOWN" && incident.forced_down) {
        servers_down_.Observe(seconds(now - *incident.forced_down));
    }
}

void Collector::on_failed(Instant now, const HostId& host, Incident& incident)
{
    incident.failed = now;
    if (incident.suspected) {
        suspicion_.Observe(seconds(now - *incident.suspected));
    }
    const auto view = sources_.host(host);
    if (const auto last = view ? last_beat_of(*view) : std::nullopt) {
        detection_.Observe(seconds(now - *last));
    }
}

void Collector::end_fence(Instant now, Incident& incident, const std::string& result)
{
    count(fences_, "result", result);
    if (const auto began = std::exchange(incident.fencing, std::nullopt)) {
        fence_.Observe(seconds(now - *began));
    }
}

void Collector::on_request(Instant now, Request what, AttemptId attempt)
{
    if (asked_.size() >= most_asked) {
        asked_.erase(asked_.begin()); // attempts are numbered: the oldest
    }
    asked_.insert_or_assign(attempt, Asked{what, now});
}

void Collector::on_event(Instant now, const Event& event)
{
    std::visit(
        Overloaded{
            [&](const Recorded& recorded) { answered(now, recorded.attempt, "done"); },
            [&](const NovaAnswer& answer) { answered(now, answer.attempt, code_of(answer)); },
            [&](const ServersSeen& seen) {
                answered(now, seen.attempt, seen.known ? "done" : "unknown");
            },
            [](const auto&) {},
        },
        event);
}

void Collector::answered(Instant now, AttemptId attempt, const std::string& code)
{
    const auto asked = asked_.extract(attempt);
    if (!asked) {
        return;
    }
    const auto took = seconds(now - asked.mapped().at);
    if (asked.mapped().what == Request::journal) {
        return journal_write_.Observe(took);
    }
    const std::string verb = verb_of(asked.mapped().what);
    nova_seconds_.Add({{"verb", verb}}, of_requests).Observe(took);
    nova_requests_.Add({{"verb", verb}, {"code", code}}).Increment();
}

void Collector::on_lag(Duration lag)
{
    lag_.Observe(seconds(lag));
}

void Collector::refresh(Instant now)
{
    if (taken_at_ && now - *taken_at_ < freshness) {
        return;
    }
    taken_at_ = now;
    const auto facts = sources_.facts(now);
    not_ready_ = reasons_of(facts);
    auto families = registry_.Collect();
    auto taken = snapshot_.families(facts);
    families.insert(families.end(), std::make_move_iterator(taken.begin()),
                    std::make_move_iterator(taken.end()));
    std::sort(families.begin(), families.end(),
              [](const auto& one, const auto& other) { return one.name < other.name; });
    std::ostringstream text;
    prometheus::TextSerializer{}.Serialize(text, families);
    text_ = std::make_shared<const std::string>(std::move(text).str());

    std::map<HostId, Incident> open;
    for (const auto& host : facts.fleet.hosts) {
        if (auto known = incidents_.extract(host.host); known && host.episode != EpisodeId{0}) {
            open.insert(std::move(known));
        }
    }
    incidents_ = std::move(open);
}

std::shared_ptr<const std::string> Collector::exposition(Instant now)
{
    refresh(now);
    return text_;
}

const std::vector<std::string>& Collector::not_ready(Instant now)
{
    refresh(now);
    return not_ready_;
}

} // namespace knell::metrics
